"""The fetchers of all stores, and how they share the allowed rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from runicornd._lib.supervise import Tasks
from runicornd.storage.downloads.fetcher import Fetcher

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.ssh.auth import Login
    from runicornd.ssh.targets import Host
    from runicornd.storage.downloads.fetcher import Listener
    from runicornd.storage.downloads.interviews import DownloadPrompts, NewInterview

    class Resolve(Protocol):
        """Finds a store's host."""

        async def __call__(self, store: str, target: str) -> tuple[Host, Login | None]:
            """Return the host as it is to be reached now, and what the user gave to log in."""
            ...


class Fetchers:
    """Makes a fetcher for each store with work, and ends them together.

    Args:
        resolve: Finds a store's host.
        new_interview: Makes the interview of a connection attempt.
        rate: What all may fetch together, in bytes a second; 0 is no limit.

    ``listener`` has to be set before the first ``of``.
    """

    listener: Listener

    def __init__(
        self,
        *,
        resolve: Resolve,
        new_interview: NewInterview,
        prompts: DownloadPrompts,
        clock: Clock,
        rate: float = 0.0,
    ) -> None:
        self._resolve = resolve
        self._new_interview = new_interview
        self._prompts = prompts
        self._clock = clock
        self._rate = rate
        self._fetchers: dict[str, Fetcher] = {}
        self._tasks = Tasks("fetchers")

    def of(self, store: str, target: str) -> Fetcher:
        """The store's fetcher."""
        fetcher = self._fetchers.get(store)
        if fetcher is None:
            fetcher = self._fetchers[store] = Fetcher(
                store,
                resolve=lambda: self._resolve(store, target),
                new_interview=self._new_interview,
                prompts=self._prompts,
                listener=self.listener,
                on_change=self._share,
                clock=self._clock,
            )
            self._tasks.start(f"fetch from {store}", fetcher.run())
        return fetcher

    def use_rate(self, rate: float) -> None:
        """Let this limit hold from now on."""
        self._rate = rate
        self._share()

    def kick_all(self) -> None:
        """Skip all pauses."""
        for fetcher in self._fetchers.values():
            fetcher.kick()

    async def close(self) -> None:
        """End all workers."""
        await self._tasks.close(timeout_s=5.0)

    def _share(self) -> None:
        """Divide the rate among those that have work."""
        busy = [fetcher for fetcher in self._fetchers.values() if fetcher.is_busy]
        for fetcher in busy:
            fetcher.limit(self._rate / len(busy))
