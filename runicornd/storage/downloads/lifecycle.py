"""The life of a download, without I/O: what may follow what.

::

    waiting ◄──► running ◄──► verifying ──► done
       │            │             │
       └────────────┴─────────────┴──► failed | cancelled ──► waiting
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from runicornd.storage.downloads.model import AT_REST, DownloadPhase, DownloadState, Totals

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError
    from runicornd.storage.downloads.model import FileProgress

_AT_WORK = frozenset(DownloadPhase) - AT_REST


class _Change:
    """Base of all changes: the phases that it may follow."""

    follows: ClassVar[frozenset[DownloadPhase]] = _AT_WORK


@dataclass(frozen=True, slots=True)
class Queued(_Change):
    """It waits for its turn, for the first time or again."""

    follows = frozenset(DownloadPhase)

    detail: str = ""


@dataclass(frozen=True, slots=True)
class Held(_Change):
    """It has its turn and waits for the link; ``prompt_id`` is a question that somebody has to answer."""

    detail: str
    prompt_id: str | None = None


@dataclass(frozen=True, slots=True)
class Moved(_Change):
    """It came further."""

    totals: Totals
    rate: float = 0.0
    active: tuple[FileProgress, ...] = ()
    is_verifying: bool = False


@dataclass(frozen=True, slots=True)
class Finished(_Change):
    """All files are here and are what they should be; ``detail`` says what is remarkable."""

    totals: Totals
    detail: str = ""


@dataclass(frozen=True, slots=True)
class GaveUp(_Change):
    """It cannot go on; starting it again goes on where it was."""

    error: RunicorndError
    totals: Totals | None = None


@dataclass(frozen=True, slots=True)
class Cancelled(_Change):
    """Nobody wants it any more."""

    follows = _AT_WORK | {DownloadPhase.FAILED}


Change = Queued | Held | Moved | Finished | GaveUp | Cancelled


class IllegalChangeError(Exception):
    """A change that cannot follow this state: a mistake in the program."""


def transition(state: DownloadState, change: Change, now: float) -> DownloadState:
    """Return the state after the change, at ``now``. ``since`` moves only with the phase.

    Raises:
        IllegalChangeError: The change cannot follow this state.
    """
    if state.phase not in change.follows:
        raise IllegalChangeError(f"{change} cannot follow {state.phase}")
    after = _after(state, change)
    return after if after.phase is state.phase else replace(after, since=now)


def _after(state: DownloadState, change: Change) -> DownloadState:
    match change:
        case Queued(detail):
            return _still(state, DownloadPhase.WAITING, detail=detail)
        case Held(detail, prompt_id):
            return replace(_still(state, DownloadPhase.WAITING, detail=detail), prompt_id=prompt_id)
        case Moved():
            return _moved(state, change)
        case Finished(totals, detail):
            return replace(_still(state, DownloadPhase.DONE, detail=detail), totals=totals)
        case GaveUp(error, totals):
            failed = replace(_still(state, DownloadPhase.FAILED), error=error)
            return failed if totals is None else replace(failed, totals=totals)
        case Cancelled():
            return _still(state, DownloadPhase.CANCELLED)


def _still(state: DownloadState, phase: DownloadPhase, *, detail: str = "") -> DownloadState:
    """Of that phase, with nothing that moves."""
    return DownloadState(phase=phase, since=state.since, totals=state.totals, detail=detail)


def _moved(state: DownloadState, change: Moved) -> DownloadState:
    totals = change.totals
    left = totals.bytes_total - totals.bytes_done
    return DownloadState(
        phase=DownloadPhase.VERIFYING if change.is_verifying else DownloadPhase.RUNNING,
        since=state.since,
        totals=totals,
        rate=change.rate,
        left_s=left / change.rate if change.rate >= 1 else None,
        active=change.active,
    )
