"""Builds stores: the one place that knows what a store is made of."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runicornd.remote.store_stream import sync_metadata
from runicornd.storage.index import Index
from runicornd.storage.store import Store
from runicornd.storage.sync import Wish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.ssh.auth import Login
    from runicornd.ssh.link import Link
    from runicornd.ssh.pool import Pool
    from runicornd.ssh.targets import Targets
    from runicornd.storage.model import StoreIntent
    from runicornd.storage.requests import StoreOptions
    from runicornd.storage.sync import Stream
    from runicornd.storage.way import NewLink


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFactory:
    """What all stores share.

    Args:
        targets: Resolves what the user typed.
        pool: The links.
        events: Where changes are published.
        clock: The time.
        cache_folder: Where each store has a folder of its own.
        options: What the user has configured.
        own_link: Makes a link of a store's own.
        stream: What a sync reads from a connection.
        open_index: Opens the index of a folder.
        rng: For jitter.
    """

    targets: Targets
    pool: Pool
    events: EventHub
    clock: Clock
    cache_folder: Path
    options: StoreOptions
    own_link: NewLink
    stream: Stream = sync_metadata
    open_index: Callable[[Path], Awaitable[Index]] = Index.open
    rng: random.Random = field(default_factory=random.Random)

    def store(self, intent: StoreIntent, in_use: Callable[[], str | None]) -> Store:
        """Return the store of an intent, not yet started."""

        async def find_link(login: Login | None) -> Link:
            return self.pool.link(await self.targets.resolve(intent.target), login)

        return Store(
            intent,
            find_link=find_link,
            own_link=self.own_link,
            folder=self.cache_folder / intent.folder,
            open_index=self.open_index,
            stream=self.stream,
            wish=Wish(intent.root, self.options.metadata_max_bytes, self.options.manifest_max_bytes),
            in_use=in_use,
            events=self.events,
            clock=self.clock,
            rng=self.rng,
        )
