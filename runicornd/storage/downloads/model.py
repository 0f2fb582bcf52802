"""What a download is: the request, what is saved of it, and the view of where it stands.

Sizes are bytes, rates bytes a second, times seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from runicornd.events import Event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from runicornd.errors import RunicorndError
    from runicornd.ssh.auth import Login
    from runicornd.storage.model import FileEntry, ReferenceEntry, VersionKey


class DownloadPhase(StrEnum):
    """Where a download stands."""

    WAITING = "waiting"
    RUNNING = "running"
    VERIFYING = "verifying"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


AT_REST = frozenset({DownloadPhase.DONE, DownloadPhase.FAILED, DownloadPhase.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """What the user asked for.

    Args:
        ref: The version, as ``NAME``, ``NAME:v3``, ``NAME:ALIAS`` or with ``TYPE/`` before it.
        store: The store's name; None is the one in use.
        files: Patterns of paths; none means all.
        to: An absolute folder of this machine; None is the store's own folder of downloads.
    """

    ref: str
    store: str | None = None
    files: tuple[str, ...] = ()
    to: str | None = None


@dataclass(frozen=True, slots=True)
class FileProgress:
    """A file that is being fetched."""

    path: str
    done: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How far a download is. ``skipped`` counts files that were here already."""

    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadIntent:
    """What is wanted, as it is saved.

    Args:
        target: The store's target, to be resolved again after a restart.
        root: The storage root, resolved by the far end.
        to: The folder that the files come into.
        is_kept: The folder belongs to the cache, which may clean it up; otherwise the user chose it.
        references: What is outside the store and is not fetched.
    """

    id: str
    store: str
    target: str
    ref: str
    root: str
    to: str
    is_kept: bool
    patterns: tuple[str, ...]
    files_total: int
    bytes_total: int
    references: tuple[str, ...]
    created: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadState:
    """Where a download stands. ``detail`` says in words what it waits for, or what is remarkable."""

    phase: DownloadPhase
    since: float
    totals: Totals
    rate: float = 0.0
    left_s: float | None = None
    active: tuple[FileProgress, ...] = ()
    detail: str = ""
    prompt_id: str | None = None
    error: RunicorndError | None = None


@dataclass(frozen=True, slots=True)
class DownloadView:
    """A download as it is shown."""

    intent: DownloadIntent
    state: DownloadState


@dataclass(frozen=True, slots=True)
class DownloadChanged(Event):
    """A download is new, or anything of it changed; progress comes at most ten times a second."""

    view: DownloadView


@dataclass(frozen=True, slots=True)
class DownloadRemoved(Event):
    """A download that ended is no longer listed; its files stay."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A version to download, as the index knows it.

    Args:
        key: The version.
        is_shared_name: Artifacts of several types have its name.
        pages: Its files, some at a time.
        references: What of it is outside the store.
    """

    key: VersionKey
    pages: AsyncIterator[Sequence[FileEntry]]
    references: Sequence[ReferenceEntry] = ()
    is_shared_name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A store to download from.

    Args:
        downloads: The store's own folder of downloads.
        root: The storage root as the far end has resolved it.
    """

    name: str
    target: str
    downloads: Path
    root: str
    login: Login | None = field(default=None, repr=False)


class Sources(Protocol):
    """What downloads need of the stores."""

    async def source(self, store: str | None) -> Source:
        """Return the store of that name, or the one in use.

        Raises:
            UnknownStore: There is none.
            WrongState: It has never been synced, so that its root is not known.
        """
        ...

    async def select(self, store: str, ref: str) -> Selection:
        """Find a version in the store's index.

        Raises:
            UnknownStore, UnknownArtifact, AmbiguousName, InvalidParams: There is no such version.
        """
        ...
