"""What a forward is: where it begins, where it leads, and how it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams
from runicornd.events import Event

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError

MAX_PORT = 65535
MAX_SOCKET_PATH_BYTES = 107  # of sockaddr_un, unix(7), without the end
_SPEC = re.compile(
    r"(?:(?P<local>\d{1,5}):)?"
    r"(?:(?P<socket>/.+)"
    r"|(?:(?:\[(?P<literal>[0-9a-fA-F:.%]+)\]|(?P<host>[^:\[\]/\s]+)):)?(?P<port>\d{1,5}))",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a forward leads, as the target sees it: a TCP port, or a Unix socket when ``path`` is set."""

    host: str = "localhost"
    port: int = 0
    path: str | None = None

    def __str__(self) -> str:
        if self.path is not None:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ForwardIntent:
    """What the user wants; it is saved.

    Args:
        local_port: None before the first port was taken.
        port_is_explicit: Whether the user named the port; it is then never another one.
    """

    id: str
    target: str
    endpoint: Endpoint
    local_port: int | None = None
    port_is_explicit: bool = False
    created: float = 0.0


class ForwardPhase(StrEnum):
    """Where a forward stands."""

    CONNECTING = "connecting"
    READY = "ready"
    RECONNECTING = "reconnecting"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class ForwardView:
    """A forward as it is shown; ``connections`` are those that are open now."""

    intent: ForwardIntent
    phase: ForwardPhase
    since: float
    connections: int = 0
    prompt_id: str | None = None
    error: RunicorndError | None = None


@dataclass(frozen=True, slots=True)
class ForwardChanged(Event):
    """A forward's state changed."""

    view: ForwardView


@dataclass(frozen=True, slots=True)
class ForwardRemoved(Event):
    """A forward was closed."""

    forward_id: str


def read_spec(spec: str) -> tuple[int | None, Endpoint]:
    """Return the local port, if one is named, and where it shall lead.

    The form is that of ``ssh -L`` (ssh(1)) without the bind address, which always is this machine alone:
    ``[LOCAL:]PORT``, ``[LOCAL:]HOST:PORT`` or ``[LOCAL:]/SOCKET``.

    Raises:
        InvalidParams: It has another form, or a port is out of range.
    """
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise _unreadable(spec, "it is not of the form [LOCAL:]PORT, [LOCAL:]HOST:PORT or [LOCAL:]/SOCKET")
    local = None if match["local"] is None else _port(spec, match["local"])
    if (path := match["socket"]) is None:
        host = match["literal"] or match["host"] or "localhost"
        return local, Endpoint(host, _port(spec, match["port"]))
    if len(path.encode()) > MAX_SOCKET_PATH_BYTES or "\0" in path:
        raise _unreadable(spec, f"the path of a socket has at most {MAX_SOCKET_PATH_BYTES} bytes")
    return local, Endpoint(path=path)


def _port(spec: str, text: str) -> int:
    if not 1 <= int(text) <= MAX_PORT:
        raise _unreadable(spec, f"a port is a number from 1 to {MAX_PORT}")
    return int(text)


def _unreadable(spec: str, why: str) -> InvalidParams:
    return InvalidParams(
        f"cannot forward {spec!r}: {why}", hint="such as 6006, 16006:localhost:6006 or 8888:/run/app.sock"
    )
