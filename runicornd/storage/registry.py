"""The stores that there are: made, found, synced, connected and forgotten."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from runicornd._lib.shortname import short_name
from runicornd._lib.supervise import Tasks
from runicornd.errors import InvalidParams, PlaceUnwritable, RunicorndError
from runicornd.ssh.lifecycle import LinkChanged
from runicornd.ssh.targets import LOCAL_TARGET
from runicornd.storage.cache import DOWNLOADS, Left, left_in, remove_folder
from runicornd.storage.intents import check_name
from runicornd.storage.leftovers import KeptVersion, Leftovers, RemovedStore
from runicornd.storage.model import StoreIntent, StoreRemoved
from runicornd.storage.refusals import disconnected, removed, unchosen, unknown
from runicornd.storage.requests import StoreRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from runicornd.ssh.auth import Login
    from runicornd.ssh.targets import Host
    from runicornd.storage.factory import StoreFactory
    from runicornd.storage.intents import Intents
    from runicornd.storage.leftovers import Leftover
    from runicornd.storage.model import StoreView
    from runicornd.storage.store import Store

    OnLeaving = Callable[[str, RunicorndError], Awaitable[None]]

MAX_STORES = 100
MAX_ROOT_CHARACTERS = 4096


class StoreRegistry:
    """All stores by name.

    Args:
        factory: Builds stores, and knows what they share.
        intents: Their files.
    """

    def __init__(self, factory: StoreFactory, intents: Intents) -> None:
        self._factory = factory
        self._intents = intents
        self._leftovers = Leftovers(factory.cache_folder, intents.folder)
        self._stores: dict[str, Store] = {}
        self._in_use: str | None = None
        self._writing = asyncio.Lock()  # one change of the registry and its files at a time
        self._tasks = Tasks("stores")
        self._on_leaving: list[OnLeaving] = []
        self._log = structlog.get_logger("stores")

    @property
    def in_use(self) -> str | None:
        """The name of the store that is meant when none is named."""
        return self._in_use

    async def restore(self) -> None:
        """Load the saved stores, and sync those that are due."""
        self._tasks.start("show what links wait for", self._follow_links())
        for intent in await asyncio.to_thread(self._intents.load):
            store = self._stores[intent.name] = self._factory.store(intent, lambda: self._in_use)
            store.start()
        choice = await asyncio.to_thread(self._intents.load_choice)
        self._in_use = choice if choice in self._stores else None

    async def close(self) -> None:
        """End all work; the mirrors stay."""
        await self._tasks.close()
        await asyncio.gather(*(store.close() for store in self._stores.values()))

    def before_leaving(self, callback: OnLeaving) -> None:
        """Await this before a store is disconnected or forgotten, so that work for it can end.

        It gets the store's name, and the error that such work ends with.
        """
        self._on_leaving.append(callback)

    def look_again(self, reason: str) -> None:
        """Conditions changed: sync what has missed its sync. ``reason`` is for the log."""
        self._log.info("all stores are looked at", reason=reason)
        for store in self._stores.values():
            store.look_again()

    def list(self) -> Sequence[StoreView]:
        """Return all stores, by name."""
        return [self._stores[name].view() for name in sorted(self._stores)]

    def get(self, name: str | None) -> StoreView:
        """Return one store.

        Raises:
            UnknownStore: None is called that, or none is in use.
        """
        return self.find(name).view()

    async def add(self, request: StoreRequest) -> StoreView:
        """Begin to mirror a root, or return the store that already does.

        Raises:
            InvalidTarget, InvalidParams, StateUnwritable: Nothing has begun.
        """
        _check(request)
        async with self._writing:
            host = await self._factory.targets.resolve(request.target)
            store = await self._matching(request, host)
            if store is None:
                return (await self._create(request, host)).view()
        if not store.intent.is_connected:
            return await self.connect(store.intent.name)
        return await self.sync(store.intent.name, wait=False, login=request.login)

    async def remove(self, name: str, *, keep_files: bool = True) -> Left:
        """Forget a store when its work has ended, and return what is left of it on this machine.

        ``keep_files`` leaves its downloads, which a store of the same root will have again.

        Raises:
            UnknownStore: There is none.
            StateUnwritable: It is still there.
            PlaceUnwritable: It is forgotten, and some of its files are left.
        """
        store = self.find(name)
        work = self._remove(store, keep_files=keep_files)
        return await self._tasks.to_its_end(f"remove {name}", work, expected=RunicorndError)

    async def change(self, name: str, interval_s: float | None) -> StoreView:
        """Sync the store every so many seconds, or with None only when asked."""
        store = self.find(name)
        await self._save(store, interval_s=interval_s)
        store.reschedule()
        return store.view()

    async def use(self, name: str) -> StoreView:
        """Make this store the one in use; ``local`` is made when it is not there yet."""
        store = await self._local() if name == LOCAL_TARGET else self.find(name)
        async with self._writing:
            await self._choose(store.intent.name)
        return store.view()

    async def sync(self, name: str | None, *, wait: bool = True, login: Login | None = None) -> StoreView:
        """Bring the mirror up to date, or join the sync that runs; ``wait`` returns when it has ended.

        Raises:
            UnknownStore: There is none.
            RunicorndError: With ``wait``: why the mirror is as it was.
            NotConnected: The store is disconnected.
        """
        store = self.find(name)
        if not store.intent.is_connected:
            raise disconnected(store.intent.name, "sync")
        if login is not None:
            await store.reach(login)
        if wait:
            await store.synced()
        else:
            store.ask()
        return store.view()

    async def cancel(self, name: str | None) -> StoreView:
        """End the sync that runs; the mirror stays as it was."""
        store = self.find(name)
        await store.call_off()
        return store.view()

    async def connect(self, name: str | None) -> StoreView:
        """Talk to the store's machine again, and sync."""
        store = self.find(name)
        await self._save(store, is_connected=True)
        store.connect()
        return store.view()

    async def disconnect(self, name: str | None) -> StoreView:
        """Leave the store's machine alone; the mirror stays."""
        store = self.find(name)
        await self._save(store, is_connected=False)
        await self._leave(store.intent.name, disconnected(store.intent.name, "go on"))
        await store.disconnect()
        return store.view()

    def find(self, name: str | None) -> Store:
        """Return the store of this name, or the one in use.

        Raises:
            UnknownStore: There is none.
        """
        if name is None:
            name = self._in_use
        if name is None:
            raise unchosen(are_there=bool(self._stores))
        if name in self._stores:
            return self._stores[name]
        raise unknown(name, self._stores)

    def all(self) -> Sequence[Store]:
        """Return the stores themselves, by name."""
        return [self._stores[name] for name in sorted(self._stores)]

    async def leftovers(self) -> Sequence[Leftover]:
        """Return the folders of the cache that stores have left which were forgotten."""
        return await asyncio.to_thread(self._leftovers.find, self._folders())

    def still(self) -> AbstractAsyncContextManager[None]:
        """Keep stores from coming and going for the length of the block."""
        return self._writing

    async def _create(self, request: StoreRequest, host: Host) -> Store:
        if len(self._stores) >= MAX_STORES:
            raise InvalidParams(
                f"cannot add another store: there are {MAX_STORES}",
                hint="remove some: runicornctl store remove NAME",
            )
        name, folders = self._new_name(request), self._folders()
        place = self._leftovers.place_for
        folder, before = await asyncio.to_thread(place, host, request.target, _root(request), folders)
        intent = self._intent(request, name, folder)
        store = self._factory.store(intent, lambda: self._in_use)
        await store.reach(request.login)
        await asyncio.to_thread(self._intents.save, intent)
        self._stores[intent.name] = store
        if self._in_use is None or self._stores[self._in_use].has_only_failed:
            await self._choose(intent.name)
        store.ask()
        store.start()
        if before is not None:
            await self._take_over(store, before)
        return store

    def _folders(self) -> set[str]:
        return {store.intent.folder for store in self._stores.values()}

    async def _take_over(self, store: Store, before: RemovedStore) -> None:
        """Let the store know the downloads that it had when it was removed."""
        try:
            marks = await asyncio.to_thread(before.marks)
            await (await store.index()).mark_all(marks)
            await store.refresh()
        except RunicorndError as error:  # the files are found again one by one, when they are asked for
            self._log.warning("downloads not taken over", store=store.intent.name, reason=error.message)
        await asyncio.to_thread(self._leftovers.forget, before.folder)

    def _new_name(self, request: StoreRequest) -> str:
        taken = {name.casefold() for name in self._stores}
        if request.name is not None and request.name.casefold() in taken:
            raise InvalidParams(
                f"cannot add a store {request.name!r}: another one is called that",
                hint="choose another name, or 'runicornctl store remove' that one first",
            )
        return request.name or short_name(request.target, taken, otherwise="store")

    def _intent(self, request: StoreRequest, name: str, folder: str) -> StoreIntent:
        interval = request.interval_s or self._factory.options.interval_s
        return StoreIntent(
            name=name,
            target=request.target,
            folder=folder,
            root=_root(request),
            interval_s=interval if request.is_automatic else None,
            added=self._factory.clock.wall(),
        )

    async def _matching(self, request: StoreRequest, host: Host) -> Store | None:
        """The store of the same root of the same account and machine."""
        root = _root(request)
        for store in self.all():
            roots = {store.intent.root} | ({store.root} if root else set())
            if root in roots and await self._key(store) == host.key:
                return store
        return None

    async def _key(self, store: Store) -> str | None:
        try:
            return (await self._factory.targets.resolve(store.intent.target)).key
        except RunicorndError:
            return None

    async def _remove(self, store: Store, *, keep_files: bool) -> Left:
        name = store.intent.name
        await self._leave(name, removed(name))
        async with store.changing, self._writing:
            if self._stores.get(name) is not store:
                return Left(store.folder / DOWNLOADS)
            record = await self._record(store) if keep_files else None
            if record is not None:
                await asyncio.to_thread(self._leftovers.remember, record)
            await asyncio.to_thread(self._intents.delete, name)
            await store.close()
            del self._stores[name]
            if self._in_use == name:
                await self._choose(next(iter(self._stores)) if len(self._stores) == 1 else None)
            self._factory.events.publish(StoreRemoved(name))
            await self._remove_files(store, keep_files=keep_files)
            return await asyncio.to_thread(left_in, store.folder, record.sizes if record else None)

    async def _record(self, store: Store) -> RemovedStore:
        """What is to be known of a store when it is forgotten."""
        try:
            marks = await (await store.index()).downloads()
        except RunicorndError:
            marks = ()
        intent = store.intent
        return RemovedStore(
            folder=intent.folder,
            name=intent.name,
            target=intent.target,
            host=store.link.host.key if store.link else await self._key(store),
            roots=(intent.root, *([store.root] if store.root else [])),
            removed=self._factory.clock.wall(),
            versions=tuple(KeptVersion.of(mark) for mark in marks),
        )

    async def _leave(self, name: str, error: RunicorndError) -> None:
        for callback in self._on_leaving:
            await callback(name, error)

    async def _remove_files(self, store: Store, *, keep_files: bool) -> None:
        cache = self._factory.cache_folder
        try:
            await asyncio.to_thread(remove_folder, cache, store.folder, keep_downloads=keep_files)
        except OSError as error:
            raise PlaceUnwritable(
                f"cannot remove all files of store {store.intent.name}: {error.strerror or error}",
                hint=f"the store is forgotten; remove what is left in {store.folder}",
            ) from error

    async def _save(self, store: Store, **changes: Any) -> None:  # noqa: ANN401 - fields of StoreIntent, checked by replace
        async with self._writing:
            intent = replace(store.intent, **changes)
            await asyncio.to_thread(self._intents.save, intent)
            store.intent = intent

    async def _choose(self, name: str | None) -> None:
        await asyncio.to_thread(self._intents.save_choice, name)
        before, self._in_use = self._in_use, name
        for changed in {before, name} - {None}:
            if changed in self._stores:
                self._stores[changed].announce()

    async def _local(self) -> Store:
        """The store of this machine: by its name, else the first one of that target, else a new one."""
        if LOCAL_TARGET not in self._stores:
            for store in self.all():
                if store.intent.target == LOCAL_TARGET:
                    return store
            await self.add(StoreRequest(target=LOCAL_TARGET, name=LOCAL_TARGET))
        return self._stores[LOCAL_TARGET]

    async def _follow_links(self) -> None:
        """A link that waits for a person, or has come back, matters to its stores."""
        with self._factory.events.subscribe() as changes:
            async for _, change in changes:
                if isinstance(change, LinkChanged):
                    for store in self.all():
                        if store.link is not None and store.link.host.key == change.host.key:
                            store.link_changed(store.link)


def _check(request: StoreRequest) -> None:
    """See that the request can be carried out. Raises ``InvalidParams``."""
    if request.name is not None:
        check_name(request.name)
    root = request.root
    if root is not None and (not root.strip() or "\0" in root or len(root) > MAX_ROOT_CHARACTERS):
        raise InvalidParams(
            f"cannot mirror the root {root[:100]!r}: it is no path",
            hint="name a folder of the store's machine",
        )


def _root(request: StoreRequest) -> str | None:
    """The root without the slashes at its end, by which the same one is known again."""
    return None if request.root is None else request.root.rstrip("/") or "/"
