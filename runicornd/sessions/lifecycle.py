"""The life of a session, without I/O: what may follow what.

::

    starting ──► ready ◄──► reconnecting
       │  ▲       │ ▲             │
       │  │       ▼ │             ▼
       │  └── restarting ◄──── blocked        any ──► stopping ──► stopped ──► starting
       ▼          │                           any ──► failed ──► starting
     failed ◄─────┘
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from runicornd.sessions.model import Phase, State, Step

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError

_AT_REST = frozenset({Phase.FAILED, Phase.STOPPED})
_AT_WORK = frozenset(Phase) - _AT_REST - {Phase.STOPPING}


class _Change:
    """Base of all changes: the phase it leads to, and the phases that it may follow."""

    leads_to: ClassVar[Phase]
    follows: ClassVar[frozenset[Phase]] = _AT_WORK


@dataclass(frozen=True, slots=True)
class Started(_Change):
    """The user wants it: for the first time, or again."""

    leads_to = Phase.STARTING
    follows = _AT_REST


@dataclass(frozen=True, slots=True)
class Stepped(_Change):
    """It has come to this step of getting ready; ``detail`` says in words what it does or waits for."""

    leads_to = Phase.STARTING
    follows = _AT_WORK - {Phase.READY}

    step: Step
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answered(_Change):
    """The viewer answers through the tunnel; ``detail`` says what is wrong all the same."""

    leads_to = Phase.READY

    detail: str = ""


@dataclass(frozen=True, slots=True)
class LinkLost(_Change):
    """The link is down and comes back by itself; ``error`` says why it is down."""

    leads_to = Phase.RECONNECTING

    error: RunicorndError


@dataclass(frozen=True, slots=True)
class ViewerLost(_Change):
    """The viewer exited or hangs, and is started again; None when the user asked for that."""

    leads_to = Phase.RESTARTING

    error: RunicorndError | None


@dataclass(frozen=True, slots=True)
class Stuck(_Change):
    """Only a person can help; it goes on when that has happened."""

    leads_to = Phase.BLOCKED

    error: RunicorndError


@dataclass(frozen=True, slots=True)
class GaveUp(_Change):
    """It cannot be done; only the user can start it again."""

    leads_to = Phase.FAILED

    error: RunicorndError


@dataclass(frozen=True, slots=True)
class StopAsked(_Change):
    """The user wants it to end."""

    leads_to = Phase.STOPPING
    follows = _AT_WORK | _AT_REST


@dataclass(frozen=True, slots=True)
class Ended(_Change):
    """The tunnel is closed and the viewer ended, or ``detail`` says what is left of it."""

    leads_to = Phase.STOPPED
    follows = frozenset({Phase.STOPPING})

    detail: str = ""


Change = Started | Stepped | Answered | LinkLost | ViewerLost | Stuck | GaveUp | StopAsked | Ended


class IllegalChangeError(Exception):
    """A change that cannot follow this state: a mistake in the program."""


def transition(state: State, change: Change, now: float) -> State:
    """Return the state after the change, at ``now`` in seconds since the epoch.

    ``since`` moves only with the phase, so that it says how long the session has been ready.

    Raises:
        IllegalChangeError: The change cannot follow this state.
    """
    if state.phase not in change.follows:
        raise IllegalChangeError(f"{change} cannot follow {state.phase}")
    if isinstance(change, Stepped):
        return _stepped(state, change, now)
    return State(
        phase=change.leads_to,
        since=state.since if change.leads_to is state.phase else now,
        step=Step.CONNECTING if isinstance(change, Started) else None,
        detail=change.detail if isinstance(change, Answered | Ended) else "",
        error=change.error if isinstance(change, LinkLost | ViewerLost | Stuck | GaveUp) else None,
    )


def _stepped(state: State, change: Stepped, now: float) -> State:
    """Steps are those of a first start; one that comes back only changes its words."""
    if state.phase in {Phase.RECONNECTING, Phase.RESTARTING}:
        return replace(state, detail=change.detail)
    since = state.since if state.phase is Phase.STARTING else now
    return State(phase=Phase.STARTING, since=since, step=change.step, detail=change.detail)
