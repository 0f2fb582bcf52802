"""Artifacts, their versions, runs, and how they come from one another.

``ref`` is how a person names a version: ``NAME``, ``NAME:v3``, ``NAME:latest``, ``NAME:alias``, each also
with the type before it (``TYPE/NAME:v3``). Without version or alias it is the latest that is not deleted.

Sizes are in bytes; -1 stands for one that the store does not say.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runicornd.protocol.models.base import Params, Result, Text

PageSize = Annotated[int, msgspec.Meta(ge=1, le=500)]
Cursor = Annotated[str, msgspec.Meta(max_length=8192)]
Search = Annotated[str, msgspec.Meta(max_length=500)]


class ArtifactsParams(Params):
    """A page of artifacts.

    Args:
        store: None is the one in use.
        type: Only this type.
        search: Words that names, types, descriptions, tags, aliases or metadata begin with; all must
            be found.
        sort: What to sort by; ``order`` None is the natural one: names upwards, others downwards.
        deleted: Also artifacts whose versions are all soft-deleted.
        cursor: ``next`` of the page before.
    """

    store: Text | None = None
    type: Text | None = None
    search: Search = ""
    sort: Literal["updated", "created", "name", "size", "versions"] = "updated"
    order: Literal["up", "down"] | None = None
    deleted: bool = False
    limit: PageSize = 50
    cursor: Cursor | None = None


class ArtifactSummary(Result):
    """One artifact, as its latest version that is not deleted shows it. Sizes are in bytes.

    ``problem`` says why something of it could not be read; what could be is shown.
    """

    type: str
    name: str
    version: int
    versions: int
    size_bytes: int
    files: int
    created: float
    updated: float
    description: str = ""
    tags: list[str] = []
    aliases: list[str] = []
    is_deleted: bool = False
    problem: str | None = None


class TypeCount(Result):
    """How many artifacts of a type there are."""

    type: str
    artifacts: int


class ArtifactsResult(Result):
    """A page. ``total`` counts all that match; ``types`` counts all there are, for a filter."""

    store: str
    artifacts: list[ArtifactSummary]
    total: int
    types: list[TypeCount]
    next: str | None = None
    synced: float | None = None


class ArtifactParams(Params):
    """Name a version; ``store`` None is the one in use."""

    ref: Text
    store: Text | None = None


class ArtifactFile(Result):
    """A file of a version. ``digest`` is ``sha256:HEX``, or empty when the layout knows none."""

    path: str
    size: int
    digest: str
    modified: float | None = None
    is_local: bool = False


class Reference(Result):
    """Something outside, such as ``s3://…``: listed, never followed."""

    uri: str
    size: int | None = None
    checksum: str | None = None


class VersionSummary(Result):
    """One version in an artifact's history."""

    version: int
    created: float
    size_bytes: int
    files: int
    status: str
    aliases: list[str] = []
    run: str | None = None
    is_deleted: bool = False
    is_downloaded: bool = False
    problem: str | None = None


class Artifact(Result):
    """A version in full.

    ``metadata`` is what the user logged, as JSON. ``files`` has the first 1,000 of ``files_total``;
    ``artifacts.files`` pages through all. ``layout`` is ``artifacts`` (Runicorn 0.4 and 0.5) or ``assets``
    (0.6 and later, where nothing can be changed). ``where`` names the store's machine for confirmations.
    ``path`` is the folder at the store, relative to its root.
    """

    store: str
    where: str
    is_local: bool
    type: str
    name: str
    version: int
    layout: Literal["artifacts", "assets"]
    status: str
    is_deleted: bool
    deleted: float | None
    created: float
    updated: float
    size_bytes: int
    description: str
    tags: list[str]
    aliases: list[str]
    metadata: dict[str, object]
    path: str
    files: list[ArtifactFile]
    files_total: int
    references: list[Reference]
    versions: list[VersionSummary]
    made_by: str | None = None
    used_by: list[str] = []
    user: str | None = None
    downloaded_to: str | None = None
    problem: str | None = None
    synced: float | None = None


class FilesParams(Params):
    """A page of a version's files, by path."""

    ref: Text
    store: Text | None = None
    limit: PageSize = 200
    cursor: Cursor | None = None


class FilesResult(Result):
    """A page of files."""

    files: list[ArtifactFile]
    total: int
    next: str | None = None


class LineageParams(Params):
    """Where a version comes from (``up``) and what was made with it (``down``), so many steps far."""

    ref: Text
    store: Text | None = None
    direction: Literal["up", "down", "both"] = "both"
    depth: Annotated[int, msgspec.Meta(ge=1, le=50)] = 3


class LineageNode(Result):
    """``id`` is ``TYPE/NAME:vN`` or ``run:ID``. ``is_known`` is false for what the store does not have."""

    id: str
    kind: Literal["artifact", "run"]
    label: str
    type: str = ""
    created: float | None = None
    size_bytes: int | None = None
    status: str = ""
    is_deleted: bool = False
    is_known: bool = True


class LineageEdge(Result):
    """From the earlier to the later: ``used`` (artifact to run) or ``made`` (run to artifact)."""

    source: str
    target: str
    kind: Literal["used", "made"]


class Lineage(Result):
    """A graph around ``root``; ``is_cut`` when it was too large to be shown whole."""

    root: str
    nodes: list[LineageNode]
    edges: list[LineageEdge]
    is_cut: bool = False


class DeleteParams(Params):
    """Delete a version at its store: softly, or with its files for good.

    ``confirm`` must be the artifact's name when it is for good.
    """

    ref: Text
    store: Text | None = None
    permanently: bool = False
    confirm: Text | None = None


class AliasParams(Params):
    """Set an alias to a version (it leaves the one that has it), or remove it."""

    ref: Text
    alias: Text
    store: Text | None = None
    remove: bool = False


class TagParams(Params):
    """Add and remove tags of a version."""

    ref: Text
    store: Text | None = None
    add: list[Text] = []
    remove: list[Text] = []


class Changed(Result):
    """What a change did, and where: ``message`` is such as "Soft deleted resnet50:v1 on gpu-server".

    ``changed`` is false when it was so already; ``hint`` says what else there is to know.
    """

    store: str
    where: str
    ref: str
    message: str
    changed: bool
    freed_bytes: int = 0
    hint: str = ""


class RunsParams(Params):
    """A page of runs, newest first; ``search`` as for artifacts."""

    store: Text | None = None
    search: Search = ""
    status: Text | None = None
    limit: PageSize = 50
    cursor: Cursor | None = None


class RunSummary(Result):
    """One run. ``path`` is such as ``vision/resnet``; ``made`` and ``used`` count versions."""

    id: str
    path: str
    status: str
    created: float | None
    ended: float | None = None
    made: int = 0
    used: int = 0
    alias: str = ""
    problem: str | None = None


class RunsResult(Result):
    """A page of runs."""

    store: str
    runs: list[RunSummary]
    total: int
    next: str | None = None


class RunParams(Params):
    """Name a run by its id, or the beginning of it."""

    run: Text
    store: Text | None = None


class Run(Result):
    """A run in full; ``made`` and ``used`` are refs with type and version."""

    store: str
    id: str
    path: str
    status: str
    created: float | None
    ended: float | None
    meta: dict[str, object]
    summary: dict[str, object]
    made: list[str]
    used: list[str]
    problem: str | None = None
