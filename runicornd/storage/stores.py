"""Stores as everyone outside meets them: the registry, questions, changes at the source, the cache."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from runicornd.errors import ChannelRefused, RunicorndError
from runicornd.ssh.targets import LOCAL_TARGET
from runicornd.storage.cache import DOWNLOADS
from runicornd.storage.downloads.model import Selection, Source
from runicornd.storage.housekeeping import Housekeeper
from runicornd.storage.names import parse_ref
from runicornd.storage.operations import Machine
from runicornd.storage.refusals import disconnected, files_unknown, never_synced
from runicornd.storage.registry import StoreRegistry
from runicornd.storage.requests import StoreOptions, StoreRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from pathlib import Path

    from runicornd.remote.registry import RemoteHosts
    from runicornd.storage.cache import CacheInfo, Freed
    from runicornd.storage.factory import StoreFactory
    from runicornd.storage.index import Index
    from runicornd.storage.index.problems import ProblemPage
    from runicornd.storage.index.results import (
        ArtifactPage,
        ArtifactQuery,
        Direction,
        FilePage,
        LineageGraph,
        RunDetail,
        RunPage,
        RunQuery,
        VersionDetail,
    )
    from runicornd.storage.intents import Intents
    from runicornd.storage.model import Version
    from runicornd.storage.operations import ChangeReport, Operations
    from runicornd.storage.store import Store

    Work = Callable[[Machine, Version], Awaitable[ChangeReport]]

__all__ = ["StoreOptions", "StoreRequest", "Stores"]

VISIBLE_S = 60.0
REST_S = 60.0


class Stores(StoreRegistry):
    """The registry of stores and all that is done with one. A ``store`` of None is the one in use.

    Args:
        factory: Builds stores, and knows what they share.
        intents: Their files.
        remotes: The agents.
        operations: What can be changed at a source.
    """

    def __init__(
        self, factory: StoreFactory, intents: Intents, remotes: RemoteHosts, operations: Operations
    ) -> None:
        super().__init__(factory, intents)
        self._remotes = remotes
        self._operations = operations
        self._keeper = Housekeeper(
            self,
            cache_folder=factory.cache_folder,
            limit_bytes=factory.options.cache_limit_bytes,
            events=factory.events,
            clock=factory.clock,
        )

    async def restore(self) -> None:
        """Load the saved stores, sync those that are due, and look after the cache from now on."""
        await super().restore()
        self._keeper.start()

    async def close(self) -> None:
        """End all work; the mirrors stay."""
        await self._keeper.close()
        await super().close()

    # Questions, answered by the index

    async def index(self, store: str | None) -> Index:
        """Return the opened index of a store. Raises ``UnknownStore``, ``LocalError``."""
        return await self.find(store).index()

    async def artifacts(self, store: str | None, query: ArtifactQuery) -> ArtifactPage:
        """See ``Index.artifacts``."""
        return await (await self.index(store)).artifacts(query)

    async def version(self, store: str | None, ref: str) -> VersionDetail:
        """See ``Index.version``; ``ref`` as in ``names.parse_ref``."""
        return await (await self.index(store)).version(parse_ref(ref))

    async def files(self, store: str | None, ref: str, limit: int, cursor: str | None = None) -> FilePage:
        """See ``Index.files``."""
        index = await self.index(store)
        key = await index.find(parse_ref(ref))
        return await index.files(key, limit, cursor)

    async def lineage(self, store: str | None, ref: str, direction: Direction, depth: int) -> LineageGraph:
        """See ``Index.lineage``."""
        index = await self.index(store)
        key = await index.find(parse_ref(ref))
        return await index.lineage(key, direction, depth)

    async def runs(self, store: str | None, query: RunQuery) -> RunPage:
        """See ``Index.runs``."""
        return await (await self.index(store)).runs(query)

    async def run(self, store: str | None, name: str) -> RunDetail:
        """See ``Index.run``."""
        return await (await self.index(store)).run(name)

    async def problems(self, store: str | None, limit: int, cursor: str | None = None) -> ProblemPage:
        """See ``Index.problems``."""
        return await (await self.index(store)).problems(limit, cursor)

    # What downloads need

    async def source(self, store: str | None) -> Source:
        """Return where a store's files come from.

        Raises:
            NotConnected: The store is disconnected.
            WrongState: It has never been synced, so that its root is not known.
        """
        found = self.find(store)
        name = found.intent.name
        if not found.intent.is_connected:
            raise disconnected(name, "download")
        if found.root is None:  # or its index has not been opened yet
            await found.refresh()
        if found.root is None:
            raise never_synced(name, "download")
        return Source(
            name=name,
            target=found.intent.target,
            downloads=found.folder / DOWNLOADS,
            root=found.root,
            login=found.login,
        )

    async def select(self, store: str, ref: str) -> Selection:
        """Return a version's files as the index knows them, some at a time."""
        index = await self.index(store)
        detail = await index.version(parse_ref(ref))
        version = detail.version
        if version.problem and not (detail.files_total or version.references):
            raise files_unknown(str(version.key), version.problem)
        return Selection(
            key=version.key,
            pages=index.all_files(version.key),
            references=version.references,
            is_shared_name=await index.is_shared(version.key.name),
        )

    # Changes, done at the source

    async def delete(
        self, store: str | None, ref: str, *, permanently: bool = False, confirm: str | None = None
    ) -> ChangeReport:
        """Delete a version at its store, then sync. See ``Operations.delete``."""

        def delete(machine: Machine, version: Version) -> Awaitable[ChangeReport]:
            return self._operations.delete(machine, version, permanently=permanently, confirm=confirm)

        return await self._changed(store, ref, f"delete {ref}", delete)

    async def restore_version(self, store: str | None, ref: str) -> ChangeReport:
        """Undo a soft delete, then sync."""
        return await self._changed(store, ref, f"restore {ref}", self._operations.restore)

    async def set_alias(
        self, store: str | None, ref: str, alias: str, *, remove: bool = False
    ) -> ChangeReport:
        """Let the alias name this version, or no version any more, then sync."""

        def set_alias(machine: Machine, version: Version) -> Awaitable[ChangeReport]:
            return self._operations.set_alias(machine, version, alias, remove=remove)

        return await self._changed(store, ref, f"set the alias {alias}", set_alias)

    async def tag(
        self, store: str | None, ref: str, add: Sequence[str], remove: Sequence[str]
    ) -> ChangeReport:
        """Add and remove tags, then sync."""

        def tag(machine: Machine, version: Version) -> Awaitable[ChangeReport]:
            return self._operations.tag(machine, version, add, remove)

        return await self._changed(store, ref, f"tag {ref}", tag)

    async def _changed(self, store: str | None, ref: str, what: str, work: Work) -> ChangeReport:
        """Do it, also when the client that asked for it goes away, and wait until the mirror shows it."""
        found = self.find(store)
        change = self._change_at_source(found, ref, what, work)
        return await self._tasks.to_its_end(what, change, expected=RunicorndError)

    async def _change_at_source(self, store: Store, ref: str, what: str, work: Work) -> ChangeReport:
        async with store.changing:
            if not store.intent.is_connected:
                raise disconnected(store.intent.name, what)
            version = (await (await store.index()).version(parse_ref(ref))).version
            if store.root is None:
                raise never_synced(store.intent.name, what)
            async with self._machine(store, store.root) as machine:
                try:
                    report = await work(machine, version)
                except ChannelRefused:
                    await store.rested(REST_S)  # its sync may have the only channel that the server allows
                    report = await work(machine, version)
        await self._show(store)
        return report

    @asynccontextmanager
    async def _machine(self, store: Store, root: str) -> AsyncIterator[Machine]:
        """Hold the link and wait until it is up; its first failure is raised, for a person waits."""
        link = await store.reach()
        target = store.intent.target
        async with link.wanted():
            await link.up(eager=True)
            host = self._remotes.of(link.host.key, link)
            yield Machine(store.intent.name, target, target == LOCAL_TARGET, root, host)

    async def _show(self, store: Store) -> None:
        """Sync; a change that was made stays made when its mirroring fails or takes its time."""
        try:
            async with asyncio.timeout(VISIBLE_S):
                await store.synced_afresh()
        except (RunicorndError, TimeoutError) as error:
            self._log.warning("change not mirrored yet", store=store.intent.name, reason=str(error))

    # The cache

    def spare(self, in_use: Callable[[], Iterable[Path]]) -> None:
        """Ask this for the folders of downloads that run: the cache leaves them alone."""
        self._keeper.spare(in_use)

    async def cache_info(self) -> CacheInfo:
        """What all stores take of this machine's disk."""
        return await self._keeper.info()

    async def cache_cleanup(self, limit_bytes: int | None = None, *, removed: bool = False) -> Freed:
        """See ``Housekeeper.cleanup``."""
        return await self._keeper.cleanup(limit_bytes, removed=removed)

    async def cache_clear(self, name: str | None, *, downloads: bool = False) -> Freed:
        """Remove what is cached of a store (None: of all), to be made afresh by the next sync."""
        return await self._keeper.clear(name, downloads=downloads)

    async def cache_clear_removed(self, name: str | None = None) -> Freed:
        """Remove what forgotten stores have left (None: all of them)."""
        return await self._keeper.clear_removed(name)
