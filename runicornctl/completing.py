"""What the shell offers for sessions and targets. Quick, silent, and never starts the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from click.shell_completion import CompletionItem

from runicornctl.failure import Failure
from runicornctl.reach import open_client
from runicornctl.render import clean
from runicornd.protocol.models import HostsResult, Result, SessionsResult

if TYPE_CHECKING:
    from collections.abc import Iterable

# A shell that waits for a completion is a shell that hangs.
_LIMIT_S = 0.5

T = TypeVar("T", bound=Result)


def targets(word: str) -> list[CompletionItem]:
    """Return saved hosts, then aliases of the OpenSSH configuration, that begin with the word."""
    hosts = _ask("hosts.list", HostsResult)
    if hosts is None:
        return []
    offers = [(saved.name, saved.address) for saved in hosts.saved]
    offers += [(alias, "") for alias in hosts.aliases]
    return _items(word, [*offers, ("local", "this machine")])


def saved_hosts(word: str) -> list[CompletionItem]:
    """Return saved hosts that begin with the word."""
    hosts = _ask("hosts.list", HostsResult)
    return _items(word, [(saved.name, saved.address) for saved in hosts.saved]) if hosts else []


def sessions(word: str) -> list[CompletionItem]:
    """Return ids of sessions that begin with the word."""
    found = _ask("sessions.list", SessionsResult)
    return (
        _items(word, [(each.id, f"{each.target}, {each.state}") for each in found.sessions]) if found else []
    )


def _ask(method: str, result: type[T]) -> T | None:
    try:
        with open_client(_LIMIT_S) as client:
            return client.call(method, result, timeout_s=_LIMIT_S)
    except (Failure, OSError):
        return None


def _items(word: str, offers: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    found: dict[str, str] = {}
    for name, note in offers:
        # A name that had to be escaped is not one that could be typed.
        if name.startswith(word) and name == clean(name):
            found.setdefault(name, note)
    return [CompletionItem(name, help=clean(note)) for name, note in found.items()]
