"""The life of a link as data: its states, what happens to it, and where that leads. No I/O.

::

    idle ──► connecting ◄──► waiting_for_user          any ──► idle     nobody wants it any more
                │  ▲  │                                any ──► closed   for good
                │  │  └────► backoff | blocked
                ▼  └──────── backoff | blocked
                up ────────► backoff | blocked
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING

from runicornd.errors import (
    AuthFailed,
    HostKeyChanged,
    HostKeyUnknown,
    KeyUnusable,
    KnownHostsUnreadable,
    NeedsInput,
    RunicorndError,
)
from runicornd.events import Event

if TYPE_CHECKING:
    from runicornd.ssh.targets import Host


class LinkPhase(StrEnum):
    """The states of a link."""

    IDLE = "idle"
    CONNECTING = "connecting"
    WAITING_FOR_USER = "waiting_for_user"
    UP = "up"
    BACKOFF = "backoff"
    BLOCKED = "blocked"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LinkState:
    """Where a link stands. Times are in seconds since the epoch.

    Args:
        phase: The state.
        since: When it came to this phase.
        error: Why it is in backoff or blocked; while connecting again, why the last try failed.
        retry_at: In backoff only: when the next try begins.
        prompt_id: The question that waits for a person, in ``waiting_for_user`` and ``blocked``.
    """

    phase: LinkPhase
    since: float
    error: RunicorndError | None = None
    retry_at: float | None = None
    prompt_id: str | None = None


@dataclass(frozen=True, slots=True)
class LinkChanged(Event):
    """A link came to another state."""

    host: Host
    state: LinkState


@dataclass(frozen=True, slots=True)
class Tried:
    """A try begins."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The try waits for a person's answer to this prompt."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The try waits for a person no longer."""


@dataclass(frozen=True, slots=True)
class Established:
    """The connection is open."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A try failed or an open connection was lost; another try follows by itself at ``retry_at``."""

    error: RunicorndError
    retry_at: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """A try failed and only a person can help; the question that waits for them, if there is one."""

    error: RunicorndError
    prompt_id: str | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """Nobody has wanted the link for a while."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The daemon ends."""


LinkEvent = Tried | Asked | Answered | Established | Failed | Stopped | Released | Closed

_ATTEMPTING = frozenset({LinkPhase.CONNECTING, LinkPhase.WAITING_FOR_USER})
_BUSY = _ATTEMPTING | {LinkPhase.UP}
_ANY = frozenset(LinkPhase)

# What may happen in which phases, and where it leads.
_LEADS: dict[type[LinkEvent], tuple[frozenset[LinkPhase], LinkPhase]] = {
    Tried: (_ANY - {LinkPhase.UP}, LinkPhase.CONNECTING),
    Asked: (_ATTEMPTING, LinkPhase.WAITING_FOR_USER),
    Answered: (_ATTEMPTING, LinkPhase.CONNECTING),
    Established: (_ATTEMPTING, LinkPhase.UP),
    Failed: (_BUSY, LinkPhase.BACKOFF),
    Stopped: (_BUSY, LinkPhase.BLOCKED),
    Released: (_ANY, LinkPhase.IDLE),
    Closed: (_ANY, LinkPhase.CLOSED),
}


def transition(state: LinkState, event: LinkEvent, at: float) -> LinkState:
    """Return the state after the event, which happened ``at`` so many seconds since the epoch.

    News of a question that come after its try has ended change nothing, and nothing changes a closed link.

    Raises:
        ValueError: This event cannot happen in this phase.
    """
    if state.phase is LinkPhase.CLOSED:
        return state
    phases, phase = _LEADS[type(event)]
    if state.phase not in phases:
        if isinstance(event, Asked | Answered):
            return state
        raise ValueError(f"a link that is {state.phase} cannot meet {event}")
    after = LinkState(phase, state.since if phase is state.phase else at)
    return _with_facts(after, event, state)


def _with_facts(after: LinkState, event: LinkEvent, before: LinkState) -> LinkState:
    match event:
        case Tried():
            return replace(after, error=before.error)
        case Asked(prompt_id):
            return replace(after, prompt_id=prompt_id)
        case Failed(error, retry_at):
            return replace(after, error=error, retry_at=retry_at)
        case Stopped(error, prompt_id):
            return replace(after, error=error, prompt_id=prompt_id)
    return after


class Disposition(Enum):
    """What a failure calls for."""

    RETRY = auto()
    NEEDS_USER = auto()
    FATAL = auto()


_PERSON_CAN_HELP = (
    AuthFailed,
    HostKeyChanged,
    HostKeyUnknown,
    KeyUnusable,
    KnownHostsUnreadable,
    NeedsInput,
)


def classify(error: Exception) -> Disposition:
    """Say once what a failed try or a lost connection calls for.

    RETRY: the same try may succeed by itself later. NEEDS_USER: it fails until somebody acts, and each
    repetition may lock an account. FATAL: it fails for good, or we have a mistake of our own.
    """
    if isinstance(error, _PERSON_CAN_HELP):
        return Disposition.NEEDS_USER
    if isinstance(error, RunicorndError):
        return Disposition.RETRY if error.retryable else Disposition.FATAL
    # The adapter wraps what it foresees; the system's other errors pass with time.
    return Disposition.RETRY if isinstance(error, OSError) else Disposition.FATAL
