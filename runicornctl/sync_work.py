"""One sync of a store, watched until it has ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runicornctl import store_text
from runicornctl.failure import Failure
from runicornctl.follow_work import WorkFollower, failure_of, left_behind
from runicornctl.live import Live
from runicornctl.questions import Questioner
from runicornctl.world import World
from runicornd.protocol.models import Store

if TYPE_CHECKING:
    from runicornctl.client import Client
    from runicornctl.terminal import Terminal
    from runicornd.protocol.models import Params

# Resolving a target may run the commands of a `Match exec` in the user's ssh configuration.
_BEGIN_S = 60.0
_RUNS = frozenset({"syncing", "waiting"})


class SyncWork:
    """A sync that this command began, or joined.

    Args:
        client: A connection of its own.
        terminal: Where questions are asked; None when nobody is there.
        is_quiet: Shows no progress.
    """

    def __init__(self, client: Client, terminal: Terminal | None, *, is_quiet: bool) -> None:
        self._client = client
        self._terminal = terminal
        self._live = Live(is_quiet=is_quiet)
        # Listen before anything begins, so that nothing is missed.
        self._world = World(client)
        self._before = dict(self._world.stores)
        self._has_run = False

    def begin(self, method: str, params: Params) -> Store:
        """Call the method, and return the store as it answers."""
        begun = self._client.call(method, Store, params, timeout_s=_BEGIN_S, on_event=self._world.take)
        self._world.stores.setdefault(begun.name, begun)  # its own event may still be on the way
        return begun

    def follow(self, begun: Store, timeout_s: float) -> Store:
        """Stay with the sync of the store that ``begin`` returned, and return the store after it.

        Raises:
            Failure: It failed, or the person left it to the daemon.
            NeedsInput: A question waits and nobody is there to answer.
            TimedOut: It takes longer.
        """
        name = begun.name
        command = f"runicornctl store sync {shlex.quote(name)}"
        follower = WorkFollower(self._world, self._live, Questioner(self._client, self._terminal, command))
        try:
            store = follower.until(
                lambda: self._latest(name),
                self._has_ended,
                store_text.progress,
                target=begun.target,
                timeout_s=timeout_s,
            )
        except KeyboardInterrupt as exc:
            hint = f"see it with: runicornctl store status {name}; end it with: {command} --cancel"
            raise left_behind(f"the sync of {name}", hint) from exc
        if store.error is not None:
            raise failure_of(store.error)
        if store.state == "disconnected":
            raise Failure(f"the store {name} was disconnected meanwhile", kind="wrong_state")
        before = self._before.get(name)
        if store.last_sync == (before.last_sync if before else None):
            raise Failure(f"the sync of {name} was ended by another command", kind="cancelled")
        return store

    def _latest(self, name: str) -> Store:
        store = self._world.stores.get(name)
        if store is None:
            raise Failure(f"the store {name} was removed meanwhile", kind="unknown_store")
        return store

    def _has_ended(self, store: Store) -> bool:
        """Whether it rests again: a sync that was asked for a moment ago may not have begun yet."""
        before = self._before.get(store.name)
        if store.state in _RUNS:
            self._has_run = True
            return False
        if store.last_sync != (before.last_sync if before else None):
            return True
        is_news = before is None or store.since != before.since
        return is_news and (self._has_run or store.state != "idle")
