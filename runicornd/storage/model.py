"""What a store is made of: artifacts, their versions and files, runs, and where it all stands.

Times are seconds since the epoch, sizes are bytes. Paths are relative to the storage root, with ``/``
between their parts, and travel as the agent sends them (``docs/agent-protocol.md``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runicornd.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runicornd.errors import JsonValue, RunicorndError


UNKNOWN_SIZE = -1
"""The size of a file of which the layout says none; its content still has a digest or a source."""


class Layout(StrEnum):
    """How a storage root keeps its artifacts."""

    ARTIFACTS = "artifacts"
    """Runicorn 0.4 and 0.5: ``artifacts/TYPE/NAME/vN``."""

    ASSETS = "assets"
    """Runicorn 0.6 and later: ``runs/**/assets.json`` with ``archive/``."""


@dataclass(frozen=True, slots=True, order=True)
class VersionKey:
    """Names a version: ``TYPE/NAME:vN``."""

    type: str
    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.type}/{self.name}:v{self.version}"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of a version.

    Args:
        path: Within the artifact.
        source: Where its content is, relative to the root.
        size: May be ``UNKNOWN_SIZE``.
        digest: SHA-256 in hexadecimal, or empty when the layout knows none.
    """

    path: str
    size: int
    digest: str
    source: str
    modified: float | None = None


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """Something outside the store, never followed."""

    uri: str
    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version as its metadata says, all of it checked.

    Args:
        path: Its folder in the artifacts layout; in the assets layout the manifest, blob or run file
            that stands for it.
        size_bytes: May be ``UNKNOWN_SIZE``.
        status: Runicorn's word: ready, failed, …
        run: The run that made it.
        parents: Versions that it names as its origin, as written.
        problem: Why something of it could not be read; the rest is as far as it could be.
    """

    key: VersionKey
    layout: Layout
    path: str
    created: float
    updated: float
    status: str = "ready"
    deleted: float | None = None
    size_bytes: int = 0
    description: str = ""
    user: str | None = None
    run: str | None = None
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    files: Sequence[FileEntry] = ()
    references: tuple[ReferenceEntry, ...] = ()
    parents: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run.

    Args:
        id: The name of its folder.
        path: Project and name, such as ``vision/resnet``.
        made, used: Versions, as ``TYPE/NAME:vN`` where the type is known, else ``NAME:vN``.
    """

    id: str
    path: str
    folder: str
    status: str = ""
    created: float | None = None
    ended: float | None = None
    alias: str = ""
    meta: Mapping[str, JsonValue] = field(default_factory=dict)
    summary: Mapping[str, JsonValue] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """A sync that runs; ``rate`` is in bytes a second."""

    phase: str
    since: float
    files_done: int = 0
    files_total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    current: str = ""
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync did."""

    at: float
    seconds: float
    changed: int
    removed: int
    received_bytes: int
    problems: int


@dataclass(frozen=True, slots=True)
class StoreIntent:
    """What the user wants of a store; it is saved.

    Args:
        folder: The name of its folder in the cache, ``HOST_USER`` or more.
        root: As the user gave it; None leaves it to Runicorn's own rule.
        interval_s: Seconds between two syncs, None for none by itself.
        is_connected: Whether its machine may be talked to.
    """

    name: str
    target: str
    folder: str
    root: str | None = None
    interval_s: float | None = 600.0
    is_connected: bool = True
    added: float = 0.0


class StorePhase(StrEnum):
    """Where a store stands."""

    IDLE = "idle"
    SYNCING = "syncing"
    WAITING = "waiting"
    FAILED = "failed"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the index has, and what the files take."""

    artifacts: int = 0
    versions: int = 0
    runs: int = 0
    unreadable: int = 0
    metadata_bytes: int = 0
    downloads_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreView:
    """A store as it is shown."""

    intent: StoreIntent
    phase: StorePhase
    since: float
    in_use: bool
    is_local: bool
    root: str | None = None
    counts: Counts = Counts()
    last_sync: SyncReport | None = None
    next_sync: float | None = None
    progress: SyncProgress | None = None
    detail: str = ""
    prompt_id: str | None = None
    error: RunicorndError | None = None


@dataclass(frozen=True, slots=True)
class StoreChanged(Event):
    """A store's state, counts or progress changed."""

    view: StoreView


@dataclass(frozen=True, slots=True)
class StoreRemoved(Event):
    """A store was forgotten."""

    name: str
