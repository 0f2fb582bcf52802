"""What the agent tells us, as checked values. The wire is in ``docs/agent-protocol.md``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Greeting:
    """The agent's first line: who and where it is."""

    python: str
    platform: str
    user: str
    uid: int
    home: str
    boot_id: str
    pid: int


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python environment on a host. ``packages`` has the versions of those that were asked for."""

    name: str
    kind: str
    prefix: str
    python: str
    python_version: str | None
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StorageRoot:
    """Where Runicorn keeps its data for this account; ``source`` says what decided it."""

    path: str
    source: str
    exists: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class ViewerIdentity:
    """What makes a remote process ours; all of it must match before it is adopted or signalled.

    ``start_time`` is field 22 of ``/proc/PID/stat`` in clock ticks since boot, as text (other systems:
    whatever ``ps -o lstart=`` prints).
    """

    instance: str
    pid: int
    start_time: str
    boot_id: str


@dataclass(frozen=True, slots=True)
class ViewerRecord:
    """A viewer that runs on a host. ``endpoint`` is a socket path, or ``127.0.0.1:PORT`` on ``tcp``."""

    identity: ViewerIdentity
    session: str
    keeper_pid: int
    endpoint: str
    transport: str
    log: str
    root: str
    started: float


@dataclass(frozen=True, slots=True)
class StoreChange:
    """A change of one version in a storage root.

    Args:
        root: The root, absolute, as the agent resolved it.
        layout: ``artifacts`` or ``assets``.
        change: ``do`` and what belongs to it, as ``docs/agent-protocol.md`` says.
        key: Names this wish: who asks again with it gets the same answer.
    """

    root: str
    layout: str
    type: str
    name: str
    version: int
    change: Mapping[str, object]
    key: str


@dataclass(frozen=True, slots=True)
class ChangeMade:
    """What came of a change.

    Args:
        changed: False when it was so already.
        freed_bytes: What the disk got back.
        was_at: The other version that an alias was or is at.
        left: Why some files of a deleted version could not be removed.
    """

    changed: bool
    freed_bytes: int = 0
    was_at: int | None = None
    left: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder on a host. ``is_root``: it looks like a storage root of Runicorn."""

    name: str
    path: str
    is_root: bool


@dataclass(frozen=True, slots=True)
class FolderList:
    """The folders in one. ``parent`` is None at the top; ``is_cut``: there are more of them."""

    path: str
    parent: str | None
    folders: tuple[Folder, ...]
    is_root: bool
    is_cut: bool


@dataclass(frozen=True, slots=True)
class ViewerExit:
    """How a viewer ended, with the last lines of its log."""

    instance: str
    code: int | None
    signal: int | None
    log_tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on a host: what this account can do with it, and the room on its disk in bytes.

    ``inodes`` is 0 where the file system does not count them.
    """

    name: str
    path: str
    is_folder: bool
    readable: bool
    writable: bool
    mode: int
    uid: int
    free: int
    size: int
    free_inodes: int
    inodes: int
    read_only: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What the doctor wants to know of an account. ``umask`` is -1 where it cannot be told."""

    shell: str
    system: str
    umask: int
    places: tuple[Place, ...]
