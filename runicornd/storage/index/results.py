"""What the index is asked, and what it answers.

Times are seconds since the epoch, sizes are bytes. A version is written ``TYPE/NAME:vN``, a run by its id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from runicornd.storage.lineage import Direction, LineageEdge, LineageGraph, LineageNode
from runicornd.storage.model import SyncReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from runicornd.storage.model import Run, Version, VersionKey

Order = Literal["up", "down"]


class ArtifactSort(StrEnum):
    """What a list of artifacts is sorted by; its names come upwards by nature, all else downwards."""

    UPDATED = "updated"
    CREATED = "created"
    NAME = "name"
    SIZE = "size"
    VERSIONS = "versions"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactQuery:
    """A page of artifacts.

    Args:
        search: Words that names, types, descriptions, tags, aliases or metadata begin with; all must be
            found.
        order: None is the natural one of the sort.
        deleted: Also artifacts whose versions are all soft-deleted.
        cursor: ``next`` of the page before, of a query that is otherwise the same.
    """

    type: str | None = None
    search: str = ""
    sort: ArtifactSort = ArtifactSort.UPDATED
    order: Order | None = None
    deleted: bool = False
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSummary:
    """One artifact, as its latest version that is not deleted shows it.

    Args:
        version: That version's number.
        versions: How many there are, deleted ones too.
        size_bytes: Of that version.
        is_deleted: Whether all versions are.
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
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    is_deleted: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many artifacts of a type there are."""

    type: str
    artifacts: int


@dataclass(frozen=True, slots=True)
class ArtifactPage:
    """A page. ``total`` counts all that match, ``types`` all there are."""

    artifacts: tuple[ArtifactSummary, ...]
    total: int
    types: tuple[TypeCount, ...]
    next: str | None = None
    synced: float | None = None


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """A file of a version; ``digest`` is SHA-256 in hexadecimal or empty, ``source`` relative to the root."""

    path: str
    size: int
    digest: str
    source: str
    modified: float | None = None
    is_local: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSummary:
    """One version in an artifact's history."""

    version: int
    created: float
    size_bytes: int
    files: int
    status: str
    aliases: tuple[str, ...] = ()
    run: str | None = None
    is_deleted: bool = False
    is_downloaded: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDetail:
    """A version in full.

    Args:
        version: What its metadata says; ``version.files`` is empty here.
        files: The first 1,000 of ``files_total``, by path.
        versions: The artifact's history, latest first, deleted ones too.
        made_by: The run that made it.
        used_by: Ids of runs, newest first, the first 1,000.
        downloaded_to: Where its files are on this machine.
        synced: When the last sync ended.
    """

    version: Version
    files: tuple[ArtifactFile, ...]
    files_total: int
    versions: tuple[VersionSummary, ...]
    made_by: str | None = None
    used_by: tuple[str, ...] = ()
    downloaded_to: Path | None = None
    synced: float | None = None


@dataclass(frozen=True, slots=True)
class FilePage:
    """A page of a version's files."""

    files: tuple[ArtifactFile, ...]
    total: int
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """A page of runs, newest first; ``search`` as for artifacts."""

    search: str = ""
    status: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run; ``made`` and ``used`` count versions."""

    id: str
    path: str
    status: str
    created: float | None
    ended: float | None = None
    made: int = 0
    used: int = 0
    alias: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RunPage:
    """A page of runs."""

    runs: tuple[RunSummary, ...]
    total: int
    next: str | None = None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run in full; ``made`` and ``used`` are written with type and version where those are known."""

    run: Run
    made: tuple[str, ...]
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirror has: what a sync starts from.

    Args:
        files: Path to size and modification time in nanoseconds, both as they were at the source. A file
            that was skipped there is in it as well.
        token: What the last sync's end handed out.
        root: The root as the last sync resolved it.
    """

    files: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    token: str | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a commit did: files changed and removed, and how many entries are unreadable now."""

    changed: int
    removed: int
    problems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadMark:
    """A version whose files are on this machine.

    Args:
        folder: Where they are.
        last_used: When they were last fetched or asked for.
    """

    key: VersionKey
    folder: Path
    size_bytes: int
    last_used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncOutcome:
    """What a commit is told of its sync, for the report that is kept.

    Args:
        started: When it began.
        received_bytes: What crossed the wire.
    """

    started: float
    received_bytes: int = 0


__all__ = [
    "Applied",
    "ArtifactFile",
    "ArtifactPage",
    "ArtifactQuery",
    "ArtifactSort",
    "ArtifactSummary",
    "Direction",
    "DownloadMark",
    "FilePage",
    "Known",
    "LineageEdge",
    "LineageGraph",
    "LineageNode",
    "Order",
    "RunDetail",
    "RunPage",
    "RunQuery",
    "RunSummary",
    "SyncOutcome",
    "SyncReport",
    "TypeCount",
    "VersionDetail",
    "VersionSummary",
]
