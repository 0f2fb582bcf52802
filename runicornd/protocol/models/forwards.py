"""Forwards: tunnels that a user asks for by hand."""

from __future__ import annotations

from runicornd.protocol.models.base import ErrorData, Params, Result, Text
from runicornd.protocol.models.hosts import AuthParams


class ForwardOpenParams(Params):
    """Open a forward, or find the one that already leads there.

    ``spec`` is ``[LOCAL:]PORT``, ``[LOCAL:]HOST:PORT`` or ``[LOCAL:]/SOCKET``, as the target sees them.
    """

    target: Text
    spec: Text
    auth: AuthParams | None = None


class ForwardNameParams(Params):
    """Name a forward."""

    forward: Text


class Forward(Result):
    """A forward.

    ``state``: connecting, ready, reconnecting, blocked. ``remote`` is ``HOST:PORT`` or the path of a
    socket; ``connections`` are those that are open now; ``prompt`` is the question that it waits for.
    """

    id: str
    target: str
    remote: str
    local_port: int | None
    address: str | None
    state: str
    since: float
    created: float
    connections: int = 0
    prompt: str | None = None
    error: ErrorData | None = None


class ForwardsResult(Result):
    """All forwards, by id."""

    forwards: list[Forward]


class ForwardRemoved(Result):
    """A forward was closed."""

    id: str
