"""What comes over a store stream, as checked values. The wire is in ``docs/agent-protocol.md``.

Paths are relative to the storage root, with ``/`` between their parts, as the agent sends them: any text
but the null character. Whoever uses one validates it first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runicornd.errors import RunicorndError


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """What a sync asks for.

    Args:
        root: The storage root; None leaves it to Runicorn's own rule at the far end.
        known: What the mirror has: size and modification time (ns) by path, as they were sent.
        token: Of the last sync that was committed; None when there is none.
        max_file_bytes: Larger files come without their content, with a problem.
        max_manifest_bytes: The same for manifests, which grow with the files that they list.
    """

    root: str | None = None
    known: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    token: str | None = None
    max_file_bytes: int = 1024 * 1024
    max_manifest_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scanning:
    """A sign of life while the far end looks around: how many files it has found so far."""

    files: int


@dataclass(frozen=True, slots=True)
class SyncBegun:
    """The root as it was resolved, and how much will come: files that are new or have changed."""

    root: str
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class MetadataFile:
    """A file that is new or has changed.

    ``data`` is None exactly when there is a ``problem``. A problem may also stand for a folder that cannot
    be read: what is known below it stays as it is. Keep size and time as they are for the next ``known``:
    a problem that may pass has 0 for both, which makes the far end try again.
    """

    path: str
    size: int
    mtime_ns: int
    data: bytes | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class MetadataGone:
    """A path of ``known`` that is no more."""

    path: str


@dataclass(frozen=True, slots=True)
class SyncEnded:
    """The last frame; without it the stream was cut, and nothing of it may be kept.

    Args:
        is_complete: Everything was looked at, or has a problem that was told.
        token: To be handed in next time; None when the next sync has to compare.
    """

    is_complete: bool
    token: str | None = None


SyncFrame = Scanning | SyncBegun | MetadataFile | MetadataGone | SyncEnded


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch.

    Args:
        path: Relative to the root.
        size: Bytes that it should have; no more are sent.
        offset: Where to begin, at most ``size``.
    """

    path: str
    size: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FileBegun:
    """A file's content follows; ``size`` is what it has now, ``index`` its place among the wanted."""

    index: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FileData:
    """The next bytes of the file that has begun; large pieces are views of what came."""

    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class FileEnded:
    """All bytes from the offset to the wanted size have come."""

    index: int


@dataclass(frozen=True, slots=True)
class FileFailed:
    """The file cannot be had; what came of it since it began is worth nothing.

    ``error`` is ``FileMissing``, ``SourceChanged``, ``PermissionDenied`` or ``AgentFailed``.
    """

    index: int
    error: RunicorndError


FetchFrame = FileBegun | FileData | FileEnded | FileFailed
