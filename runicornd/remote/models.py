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
class ViewerExit:
    """How a viewer ended, with the last lines of its log."""

    instance: str
    code: int | None
    signal: int | None
    log_tail: tuple[str, ...]
