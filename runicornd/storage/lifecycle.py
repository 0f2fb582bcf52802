"""The life of a store, without I/O: what may follow what.

::

    idle ◄──► syncing ──► waiting | failed ──► syncing       any ◄──► disconnected   by the user
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from runicornd.storage.model import StorePhase, SyncProgress

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError


@dataclass(frozen=True, slots=True)
class StoreState:
    """Where a store stands. Times are in seconds since the epoch.

    Args:
        since: When it came to this phase.
        next_sync: When it is synced by itself; None: not by itself.
        progress: In ``syncing`` only.
        detail: In ``waiting``: for what.
        prompt_id: The question that a person has to answer before it goes on.
        error: Why it is ``waiting`` or ``failed``; the mirror is the one before.
    """

    phase: StorePhase
    since: float
    next_sync: float | None = None
    progress: SyncProgress | None = None
    detail: str = ""
    prompt_id: str | None = None
    error: RunicorndError | None = None


class _Change:
    """Base of all changes: the phase it leads to, and the phases that it may follow."""

    leads_to: ClassVar[StorePhase]
    follows: ClassVar[frozenset[StorePhase]] = frozenset(StorePhase)


@dataclass(frozen=True, slots=True)
class Advanced(_Change):
    """A sync has begun, or has come so far."""

    leads_to = StorePhase.SYNCING

    progress: SyncProgress


@dataclass(frozen=True, slots=True)
class Held(_Change):
    """It cannot go on for now: its link is away, or a person has to help."""

    leads_to = StorePhase.WAITING

    detail: str
    prompt_id: str | None = None
    error: RunicorndError | None = None
    next_sync: float | None = None


@dataclass(frozen=True, slots=True)
class Rested(_Change):
    """Nothing is to be done before ``next_sync``: a sync has ended, or was called off."""

    leads_to = StorePhase.IDLE

    next_sync: float | None = None


@dataclass(frozen=True, slots=True)
class GaveUp(_Change):
    """A sync failed for a reason of the store's own."""

    leads_to = StorePhase.FAILED

    error: RunicorndError
    next_sync: float | None = None


@dataclass(frozen=True, slots=True)
class Rescheduled(_Change):
    """The next sync by itself is at another time."""

    follows = frozenset(StorePhase) - {StorePhase.SYNCING}

    next_sync: float | None


@dataclass(frozen=True, slots=True)
class Disconnected(_Change):
    """The user wants its machine to be left alone."""

    leads_to = StorePhase.DISCONNECTED


@dataclass(frozen=True, slots=True)
class Connected(_Change):
    """Its machine may be talked to again."""

    leads_to = StorePhase.IDLE
    follows = frozenset({StorePhase.DISCONNECTED})


Change = Advanced | Held | Rested | GaveUp | Rescheduled | Disconnected | Connected


class IllegalChangeError(Exception):
    """A change that cannot follow this state: a mistake in the program."""


def transition(state: StoreState, change: Change, now: float) -> StoreState:
    """Return the state after the change, at ``now`` in seconds since the epoch.

    ``since`` moves only with the phase. News of work that is still ending do not change a disconnected
    store.

    Raises:
        IllegalChangeError: The change cannot follow this state.
    """
    if state.phase is StorePhase.DISCONNECTED and not isinstance(change, Connected):
        return state
    if state.phase not in change.follows:
        raise IllegalChangeError(f"{change} cannot follow {state.phase}")
    if isinstance(change, Rescheduled):
        return replace(state, next_sync=change.next_sync)
    since = state.since if change.leads_to is state.phase else now
    return _with_facts(StoreState(change.leads_to, since), change)


def _with_facts(after: StoreState, change: Change) -> StoreState:
    match change:
        case Advanced(progress):
            return replace(after, progress=progress)
        case Held(detail, prompt_id, error, next_sync):
            return replace(after, detail=detail, prompt_id=prompt_id, error=error, next_sync=next_sync)
        case Rested(next_sync):
            return replace(after, next_sync=next_sync)
        case GaveUp(error, next_sync):
            return replace(after, error=error, next_sync=next_sync)
    return after
