"""Why a store does not do what it was asked for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from runicornd.errors import NotConnected, RunicorndError, WrongState
from runicornd.ssh.lifecycle import LinkPhase

if TYPE_CHECKING:
    from runicornd.ssh.lifecycle import LinkState


def disconnected(name: str, what: str) -> NotConnected:
    """The user wants its machine to be left alone."""
    return NotConnected(
        f"cannot {what}: store {name} is disconnected",
        hint=f"connect it again: runicornctl store connect {name}",
    )


def never_synced(name: str, what: str) -> WrongState:
    """Where its root is has not been seen yet."""
    return WrongState(
        f"cannot {what}: store {name} has never been synced", hint=f"sync it: runicornctl store sync {name}"
    )


def called_off(name: str) -> WrongState:
    """The sync was ended before it was done."""
    return WrongState(
        f"cannot sync store {name}: it was cancelled", hint=f"sync it again: runicornctl store sync {name}"
    )


def unanswered(link: LinkState) -> RunicorndError | None:
    """The link's question that nobody has answered yet: the sync goes on when it is."""
    is_open = link.phase is LinkPhase.BLOCKED and link.prompt_id is not None
    return copy.copy(link.error) if is_open else None


def mistake(name: str, error: Exception) -> RunicorndError:
    """Something that nobody foresaw."""
    return RunicorndError(
        f"cannot sync store {name}: a mistake in runicornd itself ({type(error).__name__})",
        hint="the daemon's log has the details: runicornctl daemon logs",
    )


def removed(store: str) -> NotConnected:
    """Why work for a store ends that is forgotten."""
    return NotConnected(
        f"cannot go on: store {store} was removed", hint="add it again: runicornctl store add"
    )


def files_unknown(ref: str, problem: str) -> WrongState:
    """What lists its files could not be read."""
    return WrongState(
        f"cannot download {ref}: its files are not known: {problem}",
        hint="mend it at its store and sync; 'metadata_max_bytes' of the configuration allows larger lists",
    )
