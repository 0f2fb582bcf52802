"""What the shell offers for what the daemon knows. Quick, silent, and never starts the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from click.shell_completion import CompletionItem

from runicornctl.failure import Failure
from runicornctl.reach import open_client
from runicornctl.render import clean
from runicornd.protocol.models import (
    Artifact,
    ArtifactParams,
    ArtifactsParams,
    ArtifactsResult,
    DownloadsResult,
    ForwardsResult,
    HostsResult,
    Result,
    SessionsResult,
    StoresResult,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.protocol.models import Params

# A shell that waits for a completion is a shell that hangs.
_LIMIT_S = 0.5
_REFS = 500

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


def stores(word: str) -> list[CompletionItem]:
    """Return names of stores that begin with the word."""
    found = _ask("stores.list", StoresResult)
    return (
        _items(word, [(each.name, f"{each.target}, {each.state}") for each in found.stores]) if found else []
    )


def refs(word: str, store: str | None) -> list[CompletionItem]:
    """Return artifacts that begin with the word; after a colon, the versions and aliases of one."""
    name, colon, _ = word.partition(":")
    if colon:
        return _versions(word, name, store)
    page = _ask("artifacts.list", ArtifactsResult, ArtifactsParams(store=store, limit=_REFS))
    if page is None:
        return []
    with_type = "/" in word
    offers = [(f"{each.type}/{each.name}" if with_type else each.name, each.type) for each in page.artifacts]
    return _items(word, offers)


def downloads(word: str) -> list[CompletionItem]:
    """Return ids of downloads that begin with the word."""
    found = _ask("downloads.list", DownloadsResult)
    if found is None:
        return []
    return _items(word, [(each.id, f"{each.ref}, {each.state}") for each in found.downloads])


def forwards(word: str) -> list[CompletionItem]:
    """Return ids of forwards that begin with the word."""
    found = _ask("forwards.list", ForwardsResult)
    if found is None:
        return []
    return _items(word, [(each.id, f"{each.remote} of {each.target}") for each in found.forwards])


def _versions(word: str, name: str, store: str | None) -> list[CompletionItem]:
    found = _ask("artifacts.get", Artifact, ArtifactParams(name, store)) if name else None
    if found is None:
        return []
    offers = [(f"{name}:v{each.version}", each.status) for each in found.versions]
    offers += [(f"{name}:{alias}", f"v{each.version}") for each in found.versions for alias in each.aliases]
    return _items(word, offers)


def _ask(method: str, result: type[T], params: Params | None = None) -> T | None:
    try:
        with open_client(_LIMIT_S) as client:
            return client.call(method, result, params, timeout_s=_LIMIT_S)
    except (Failure, OSError):
        return None


def _items(word: str, offers: Iterable[tuple[str, str]]) -> list[CompletionItem]:
    found: dict[str, str] = {}
    for name, note in offers:
        # A name that had to be escaped is not one that could be typed.
        if name.startswith(word) and name == clean(name):
            found.setdefault(name, note)
    return [CompletionItem(name, help=clean(note)) for name, note in found.items()]
