"""Parts of the composition root: stores and downloads, built, wired, started and stopped; and the doctor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runicornd.errors import RunicorndError
from runicornd.prompts import PromptsFor
from runicornd.storage.downloads.fetchers import Fetchers
from runicornd.storage.downloads.interviews import DownloadPrompts
from runicornd.storage.downloads.manager import Downloads
from runicornd.storage.downloads.records import DownloadRecords
from runicornd.storage.factory import StoreFactory
from runicornd.storage.intents import Intents
from runicornd.storage.operations import Operations
from runicornd.storage.requests import StoreOptions
from runicornd.storage.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack
    from typing import Protocol

    from runicornd._lib.clock import Clock
    from runicornd.doctor.doctor import Doctor
    from runicornd.doctor.model import Report
    from runicornd.events import EventHub
    from runicornd.prompts import Prompts
    from runicornd.remote.registry import RemoteHosts
    from runicornd.settings import Settings
    from runicornd.ssh.auth import Asks, Interview, Login
    from runicornd.ssh.link import Link, OnWaiting
    from runicornd.ssh.pool import Pool
    from runicornd.ssh.targets import Host, Targets

    NewLink = Callable[[Host, EventHub, PromptsFor], Link]

    class NewInterview(Protocol):
        """Makes the interview of one attempt to log in."""

        def __call__(
            self, host: Host, login: Login | None, on_waiting: OnWaiting, *, prompts: Asks | None = None
        ) -> Interview:
            """Return it; ``prompts`` None asks as links do."""
            ...


PURPOSE = "This is for syncing: the server allows the connection that is there no second channel."


class Storage:
    """Stores and downloads, and how they meet.

    Args:
        settings: What the user chose.
        targets: Resolves what the user typed.
        pool: The links.
        new_link: Makes a link that is not of the pool.
        remotes: The agents.
        interviews: Whom a download's own connection asks.
        prompts: Where people are asked.
        events: Where changes are published.
        clock: The time.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        targets: Targets,
        pool: Pool,
        new_link: NewLink,
        remotes: RemoteHosts,
        interviews: NewInterview,
        prompts: Prompts,
        events: EventHub,
        clock: Clock,
    ) -> None:
        self._targets = targets
        paths = settings.paths
        factory = StoreFactory(
            targets=targets,
            pool=pool,
            events=events,
            clock=clock,
            cache_folder=paths.cache,
            own_link=lambda host, hub: new_link(host, hub, PromptsFor(prompts, PURPOSE)),
            options=StoreOptions(
                interval_s=settings.sync_interval,
                metadata_max_bytes=settings.metadata_max_bytes,
                manifest_max_bytes=settings.manifest_max_bytes,
                cache_limit_bytes=settings.cache_limit_bytes,
            ),
        )
        self.stores = Stores(factory, Intents(paths.state), remotes, Operations())
        asks = DownloadPrompts(prompts)
        self._fetchers = Fetchers(
            resolve=self._resolve,
            new_interview=lambda host, login, on_waiting: interviews(host, login, on_waiting, prompts=asks),
            prompts=asks,
            clock=clock,
            rate=settings.download_rate_limit,
        )
        self.downloads = Downloads(
            sources=self.stores,
            fetchers=self._fetchers,
            records=DownloadRecords(paths.state / "downloads"),
            events=events,
            clock=clock,
            at_once=settings.downloads_at_once,
        )
        self.stores.spare(self.downloads.in_use_folders)
        self.stores.before_leaving(self.downloads.stop_store)

    async def open(self, stack: AsyncExitStack) -> None:
        """Take up what was wanted when the daemon ended; the stack ends it again, downloads first."""
        stack.push_async_callback(self.stores.close)
        await self.stores.restore()
        stack.push_async_callback(self.downloads.close)
        await self.downloads.restore()

    def use(self, settings: Settings) -> None:
        """Take over what can be changed while the daemon runs."""
        self.downloads.use_limits(settings.downloads_at_once, settings.download_rate_limit)

    def look_again(self, reason: str) -> None:
        """Conditions changed: whatever waits for another try has it now. ``reason`` is for the log."""
        self.stores.look_again(reason)
        self.downloads.kick_all()

    async def _resolve(self, store: str, target: str) -> tuple[Host, Login | None]:
        try:
            login = self.stores.find(store).login
        except RunicorndError:
            login = None  # the store was removed; the download says so when it comes to it
        return await self._targets.resolve(target), login


class LateDoctor:
    """The doctor, made when somebody asks for it: what it needs takes long to import.

    Args:
        make: Imports what it needs and makes it; called on a thread.
    """

    def __init__(self, make: Callable[[], Doctor]) -> None:
        self._make = make
        self._doctor: Doctor | None = None

    async def examine(
        self, target: str | None, *, run: str | None = None, login: Login | None = None, ask: bool = True
    ) -> Report:
        """Make every check; see ``Doctor.examine``."""
        if self._doctor is None:
            self._doctor = await asyncio.to_thread(self._make)
        return await self._doctor.examine(target, run=run, login=login, ask=ask)
