"""What a session is: the saved intent, the derived state, and the view of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from runicornd.events import Event
from runicornd.remote.models import ViewerRecord  # noqa: TC001 - msgspec reads Intent's types at run time

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError
    from runicornd.remote.models import Environment, StorageRoot
    from runicornd.ssh.auth import Login


class Phase(StrEnum):
    """The states of a session."""

    STARTING = "starting"
    READY = "ready"
    RECONNECTING = "reconnecting"
    RESTARTING = "restarting"
    BLOCKED = "blocked"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


class Step(StrEnum):
    """What a starting session does."""

    CONNECTING = "connecting"
    ENVIRONMENTS = "environments"
    CHOOSING = "choosing"
    LAUNCHING = "launching"
    ANSWERING = "answering"


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What the user asked for; None leaves the choice to us. ``login`` is never saved."""

    target: str
    viewer: str = "runicorn"
    env: str | None = None
    root: str | None = None
    local_port: int | None = None
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class ChosenEnvironment:
    """The environment that runs the viewer, as it was when it was chosen."""

    name: str
    python: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, and the few facts that must survive a restart. This is what is saved.

    Args:
        local_port: The port of the URL, once it is known.
        port_is_explicit: The user asked for exactly this port.
        environment: The environment that was chosen.
        root: The storage root that was chosen.
        record: The remote viewer that was started last, to be found again.
    """

    id: str
    target: str
    viewer: str
    created: float
    wanted: bool = True
    requested_env: str | None = None
    requested_root: str | None = None
    local_port: int | None = None
    port_is_explicit: bool = False
    environment: ChosenEnvironment | None = None
    root: str | None = None
    record: ViewerRecord | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where a session stands. ``since`` is in seconds since the epoch.

    Args:
        step: Only while starting.
        detail: In words, what it does or waits for.
        error: Why it failed, is blocked, or is not ready at the moment.
    """

    phase: Phase
    since: float
    step: Step | None = None
    detail: str = ""
    error: RunicorndError | None = None


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session as others see it. ``prompt`` is the id of the question that it waits for."""

    intent: Intent
    state: State
    url: str | None = None
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedEnvironment:
    """An environment and whether the viewer kind can run in it.

    If it cannot: the ``reason`` in a few words, ``fix``, a command line that mends it, and the ``error``
    for whoever insists on it.
    """

    environment: Environment
    version: str | None
    usable: bool
    reason: str = ""
    fix: str = ""
    error: RunicorndError | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentReport:
    """What ``connect`` can choose from. ``chosen`` is the python it would take by itself."""

    target: str
    environments: tuple[JudgedEnvironment, ...]
    storage_root: StorageRoot
    chosen: str | None = None


@dataclass(frozen=True, slots=True)
class SessionChanged(Event):
    """A session is new, or anything of it changed."""

    view: SessionView


@dataclass(frozen=True, slots=True)
class SessionRemoved(Event):
    """A session is gone for good."""

    session_id: str


@dataclass(frozen=True, slots=True)
class LogWritten(Event):
    """New lines of a viewer's log, while somebody follows it."""

    session_id: str
    lines: tuple[str, ...] = field(default=())
