"""Why a store does not do what it was asked for."""

from __future__ import annotations

import copy
from difflib import get_close_matches
from typing import TYPE_CHECKING

from runicornd.errors import NotConnected, RunicorndError, UnknownStore, WrongState
from runicornd.ssh.lifecycle import LinkPhase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.errors import ChannelRefused, ConnectError
    from runicornd.ssh.lifecycle import LinkState


def unchosen(*, are_there: bool) -> UnknownStore:
    """No store was named, and none is in use."""
    if not are_there:
        return UnknownStore(
            "cannot tell which store is meant: there is none", hint="add one: runicornctl store add TARGET"
        )
    return UnknownStore(
        "cannot tell which store is meant: none is in use",
        hint="name one, or choose one: runicornctl store use NAME",
    )


def unknown(name: str, stores: Iterable[str]) -> UnknownStore:
    """There is no store of that name; the hint has one that is near."""
    close = get_close_matches(name, stores, n=1)
    return UnknownStore(
        f"cannot find store {name!r}: there is none of that name",
        hint=f"did you mean {close[0]!r}?" if close else "'runicornctl store list' lists the stores",
    )


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


def no_room(refusal: ChannelRefused, error: ConnectError) -> NotConnected:
    """Neither the host's link has a channel for it, nor can there be another connection."""
    return NotConnected(
        f"{refusal.message}; and there is no second connection: {error.message}",
        hint="end the session on that host, or raise the server's MaxSessions or MaxStartups",
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
