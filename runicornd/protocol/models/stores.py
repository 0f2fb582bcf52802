"""Stores: Runicorn storage roots that are mirrored into an index."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runicornd.protocol.models.artifacts import Cursor, PageSize
from runicornd.protocol.models.base import ErrorData, Params, Result, Text
from runicornd.protocol.models.hosts import AuthParams

Interval = Annotated[float, msgspec.Meta(ge=10, le=7 * 86400)]


class StoreAddParams(Params):
    """Begin to mirror a storage root.

    Args:
        target: Where it is; ``local`` is this machine.
        name: What to call the store; None takes the target's name.
        root: The root's path there; None takes what Runicorn itself would take.
        interval_s: Seconds between two syncs; None takes the configured interval.
        is_automatic: False syncs only when asked.
        auth: How to log in, kept in memory only.
    """

    target: Text
    name: Text | None = None
    root: Text | None = None
    interval_s: Interval | None = None
    is_automatic: bool = True
    auth: AuthParams | None = None


class StoreParams(Params):
    """Name a store; None is the one in use."""

    store: Text | None = None


class StoreNameParams(Params):
    """Name a store."""

    store: Text


class StoreChangeParams(Params):
    """Change how often a store is synced; None syncs it only when asked."""

    store: Text
    interval_s: Interval | None = None


class StoreRemoveParams(Params):
    """Forget a store; ``keep_files`` leaves its downloads on this machine."""

    store: Text
    keep_files: bool = True


class StoreLeft(Result):
    """What a forgotten store has left on this machine: its downloads, counted in versions, and where."""

    store: str = ""
    path: str = ""
    downloads: int = 0
    downloads_bytes: int = 0


class StoreProblemsParams(Params):
    """A page of what of a store cannot be read whole."""

    store: Text | None = None
    limit: PageSize = 100
    cursor: Cursor | None = None


class StoreProblem(Result):
    """An entry that cannot be read whole.

    ``label``: ``TYPE/NAME:vN``, a run's id, or the path of a file that belongs to neither; ``path``: its
    folder or file, relative to the root.
    """

    kind: Literal["version", "run", "file"]
    label: str
    path: str
    reason: str


class StoreProblemsResult(Result):
    """A page of entries; ``total`` is of all pages."""

    store: str
    problems: list[StoreProblem]
    total: int
    next: str | None = None


class SyncParams(Params):
    """Sync a store; ``wait`` answers when it is done, else when it has begun."""

    store: Text | None = None
    wait: bool = True
    auth: AuthParams | None = None


class SyncProgress(Result):
    """A sync that runs. ``phase``: connecting, scanning, receiving, indexing; ``rate``: bytes a second."""

    phase: str
    files_done: int = 0
    files_total: int | None = None
    bytes_done: int = 0
    bytes_total: int | None = None
    current: str = ""
    rate: float = 0.0
    since: float = 0.0


class SyncReport(Result):
    """What the last sync did, and how long it took; ``problems`` counts unreadable entries."""

    at: float
    seconds: float
    changed: int
    removed: int
    received_bytes: int
    problems: int


class Store(Result):
    """A store.

    ``state``: ``idle``; ``syncing``; ``waiting`` (its link is away, or waits for a person; ``detail`` says
    for what); ``failed`` (``error`` says why; the mirror is the one before); ``disconnected`` (by the
    user: nothing is synced, downloaded or changed until ``stores.connect``).
    ``root`` is the path as it was resolved at the store's machine, None before the first sync.
    ``in_use`` marks the store that commands mean when they name none.
    """

    name: str
    target: str
    is_local: bool
    root: str | None
    interval_s: float | None
    state: Literal["idle", "syncing", "waiting", "failed", "disconnected"]
    in_use: bool
    since: float
    artifacts: int = 0
    versions: int = 0
    runs: int = 0
    unreadable: int = 0
    metadata_bytes: int = 0
    downloads_bytes: int = 0
    last_sync: SyncReport | None = None
    next_sync: float | None = None
    progress: SyncProgress | None = None
    detail: str = ""
    prompt: str | None = None
    error: ErrorData | None = None


class StoresResult(Result):
    """All stores by name, and the one in use."""

    stores: list[Store]
    in_use: str | None = None


class StoreRemoved(Result):
    """The data of the event ``store.removed``."""

    name: str


class CacheStore(Result):
    """What one store takes of this machine's disk, in bytes; ``removed`` says when it was forgotten."""

    store: str
    path: str
    index_bytes: int
    metadata_bytes: int
    downloads_bytes: int
    downloads: int
    removed: float | None = None


class CacheInfo(Result):
    """The cache. ``limit_bytes`` is what ``cache.cleanup`` brings the downloads down to.

    ``removed`` is what stores have left that were forgotten; ``total_bytes`` counts it.
    """

    path: str
    limit_bytes: int
    total_bytes: int
    stores: list[CacheStore]
    removed: list[CacheStore] = []


class CacheCleanupParams(Params):
    """Remove the downloads that were used longest ago until the rest fits; None is the configured limit.

    ``removed`` counts and removes also what forgotten stores have left, which may be the only copy.
    """

    limit_bytes: Annotated[int, msgspec.Meta(ge=0)] | None = None
    removed: bool = False


class CacheClearParams(Params):
    """Remove a store's cached files (None: of all stores).

    ``downloads`` removes downloads too; without it only the index and the metadata are made afresh by the
    next sync. ``removed`` removes instead what forgotten stores have left, all of them or those called so.
    """

    store: Text | None = None
    downloads: bool = False
    removed: bool = False


class CacheFreed(Result):
    """What was removed; ``kept`` counts downloads that are in use or the only copy."""

    freed_bytes: int
    removed: int
    kept: int
