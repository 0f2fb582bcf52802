"""Sessions and the logs of their viewers."""

from __future__ import annotations

from typing import Annotated

import msgspec

from runicornd.protocol.models.base import ErrorData, Params, Port, Result, Text
from runicornd.protocol.models.hosts import AuthParams


class SessionStartParams(Params):
    """Start a viewer, or return the session that already is what is asked for.

    Args:
        env: Name or path of an environment; None takes the last one used, the only usable one, or
            asks.
        root: Storage root on the host; None takes the environment's own.
        viewer: None takes the daemon's default kind.
        local_port: None takes the port used last time, or a free one of the configured range.
    """

    target: Text
    env: Text | None = None
    root: Text | None = None
    viewer: Text | None = None
    local_port: Port | None = None
    auth: AuthParams | None = None


class SubjectParams(Params):
    """A session id, or a target that has one session only."""

    session: Text


class LogsParams(Params):
    """The last ``lines`` lines of the viewer's log. Follow it by the topic ``log:<session id>``."""

    session: Text
    lines: Annotated[int, msgspec.Meta(ge=1, le=10000)] = 100


class LogsResult(Result):
    """Lines without their ends. ``session`` is the id."""

    session: str
    lines: list[str]


class SessionEnv(Result):
    """The environment that runs the viewer."""

    name: str
    python: str
    runicorn_version: str | None


class Remote(Result):
    """The viewer's process. ``exposed``: on TCP, where other accounts of the server can reach it."""

    pid: int
    endpoint: str
    exposed: bool


class Session(Result):
    """A session.

    ``state``: starting, ready, reconnecting, restarting, blocked, failed, stopping, stopped.
    ``step`` is what it is doing while it starts: connecting, environments, choosing, launching,
    answering. ``detail`` says in words what it does or waits for; ``prompt`` is the question that it
    waits for.
    """

    id: str
    target: str
    viewer: str
    state: str
    url: str | None
    local_port: int | None
    env: SessionEnv | None
    root: str | None
    remote: Remote | None
    since: float
    step: str | None = None
    detail: str = ""
    prompt: str | None = None
    error: ErrorData | None = None


class SessionsResult(Result):
    """All sessions, by id."""

    sessions: list[Session]


class LogLines(Result):
    """New lines of a viewer's log."""

    session: str
    lines: list[str]
