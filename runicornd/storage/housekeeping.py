"""Keeps the cache within its limit: removes what was used longest ago and can be fetched again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.race import first_of
from runicornd._lib.supervise import Tasks
from runicornd.errors import AmbiguousName, PlaceUnwritable, RunicorndError, UnknownArtifact, UnknownStore
from runicornd.storage.cache import (
    CacheInfo,
    Freed,
    kept_downloads,
    remove_download,
    remove_folder,
    remove_mirror,
    share_of,
)
from runicornd.storage.downloads.model import DownloadChanged, DownloadPhase
from runicornd.storage.names import Ref, parse_ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager
    from typing import Protocol

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub, Subscription
    from runicornd.storage.cache import CacheShare, Kept
    from runicornd.storage.downloads.model import DownloadIntent
    from runicornd.storage.index import Index
    from runicornd.storage.index.results import VersionDetail
    from runicornd.storage.leftovers import Leftover
    from runicornd.storage.model import VersionKey
    from runicornd.storage.store import Store

    class Owner(Protocol):
        """Who has the stores."""

        def all(self) -> Sequence[Store]:
            """Return them, by name."""
            ...

        def find(self, name: str | None) -> Store:
            """Return the one of this name. Raises ``UnknownStore``."""
            ...

        async def leftovers(self) -> Sequence[Leftover]:
            """Return what forgotten stores have left."""
            ...

        def still(self) -> AbstractAsyncContextManager[None]:
            """Keep stores from coming and going for the length of the block."""
            ...


DAY_S = 86400.0
SETTLE_S = 300.0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A download that may go; without a store it is one that a forgotten store has left."""

    store: Store | None
    kept: Kept


class Housekeeper:
    """Looks after the cache: after each download, once a day, and when it is asked.

    Args:
        owner: Who has the stores.
        cache_folder: Where each store has a folder.
        limit_bytes: What the downloads may take.
        events: Where finished downloads are heard of.
        clock: The time.
    """

    def __init__(
        self, owner: Owner, *, cache_folder: Path, limit_bytes: int, events: EventHub, clock: Clock
    ) -> None:
        self._owner = owner
        self._cache_folder = cache_folder
        self._limit_bytes = limit_bytes
        self._events = events
        self._clock = clock
        self._in_use: Callable[[], Iterable[Path]] = tuple
        self._cleaning = asyncio.Lock()
        self._tasks = Tasks("cache")
        self._log = structlog.get_logger("cache")

    def start(self) -> None:
        """Begin to look after it; ends with ``close``."""
        self._tasks.start("clean up", self._look_after())

    async def close(self) -> None:
        """End it."""
        await self._tasks.close()

    def spare(self, in_use: Callable[[], Iterable[Path]]) -> None:
        """Ask this for the folders that must stay as they are."""
        self._in_use = in_use

    async def info(self) -> CacheInfo:
        """Return what every store takes, and what forgotten ones have left.

        What the indexes know is not measured once more: mirrored files count as of the last sync.
        """
        shares = [await _share(store) for store in self._owner.all()]
        removed = [
            await asyncio.to_thread(share_of, left.name, left.path, marked=left.sizes, removed=left.removed)
            for left in await self._owner.leftovers()
        ]
        total = sum(
            share.index_bytes + share.metadata_bytes + share.downloads_bytes for share in (*shares, *removed)
        )
        return CacheInfo(self._cache_folder, self._limit_bytes, total, tuple(shares), tuple(removed))

    async def cleanup(self, limit_bytes: int | None = None, *, removed: bool = False) -> Freed:
        """Remove the downloads that were used longest ago until the rest fits the limit.

        Args:
            limit_bytes: None is the configured limit.
            removed: Count and remove also what forgotten stores have left, which may be the only copy.
        """
        limit = self._limit_bytes if limit_bytes is None else limit_bytes
        async with self._cleaning:
            if not removed:
                return await self._reduce(await self._candidates(self._owner.all()), limit)
            async with self._owner.still():
                left = await self._owner.leftovers()
                return await self._reduce(await self._candidates(self._owner.all(), left), limit)

    async def clear(self, name: str | None, *, downloads: bool) -> Freed:
        """Remove what is cached of a store, or of all; the next sync makes it afresh.

        Raises:
            PlaceUnwritable: Not all of it could be removed.
        """
        stores = self._owner.all() if name is None else [await self._named(name)]
        freed = Freed()
        async with self._cleaning:
            if downloads:
                freed = await self._reduce(await self._candidates(stores), 0)
            for store in stores:
                size = await self._clear_mirror(store)
                freed = Freed(freed.freed_bytes + size, freed.removed, freed.kept)
        return freed

    async def _named(self, name: str) -> Store:
        try:
            return self._owner.find(name)
        except UnknownStore as error:
            if not any(name == left.name for left in await self._owner.leftovers()):
                raise
            raise UnknownStore(
                f"cannot clear store {name!r}: it was removed, and only downloads of it are left",
                hint=f"remove them, too: runicornctl cache clear --removed --store {name}",
            ) from error

    async def clear_removed(self, name: str | None) -> Freed:
        """Remove what forgotten stores have left, all of them or those that were called so.

        Raises:
            UnknownStore: None that was called so has left anything.
            PlaceUnwritable: Not all of it could be removed.
        """
        freed = Freed()
        async with self._cleaning, self._owner.still():
            for left in _called(name, await self._owner.leftovers()):
                count = len(await asyncio.to_thread(kept_downloads, left.path))
                size = await self._remove_leftover(left)
                freed = Freed(freed.freed_bytes + size, freed.removed + count)
        return freed

    async def _remove_leftover(self, left: Leftover) -> int:
        work = remove_folder
        try:
            return await asyncio.to_thread(work, self._cache_folder, left.path, keep_downloads=False)
        except OSError as error:
            raise _stubborn(left.path, error) from error

    async def _candidates(
        self, stores: Iterable[Store], leftovers: Iterable[Leftover] = ()
    ) -> list[_Candidate]:
        """All downloads, those that were used longest ago first."""
        places = [(store, store.folder) for store in stores] + [(None, left.path) for left in leftovers]
        found = [
            _Candidate(store, kept)
            for store, folder in places
            for kept in await asyncio.to_thread(kept_downloads, folder)
        ]
        return sorted(found, key=lambda candidate: candidate.kept.used)

    async def _reduce(self, found: Sequence[_Candidate], limit: int) -> Freed:
        total = sum(candidate.kept.size_bytes for candidate in found)
        freed = removed = kept = 0
        touched: set[Store] = set()
        for candidate in found:
            if total <= limit:
                break
            size = await self._removed(candidate)
            if size is None:
                kept += 1
                continue
            total -= candidate.kept.size_bytes
            freed, removed = freed + size, removed + 1
            if candidate.store is not None:
                touched.add(candidate.store)
        for store in touched:
            await store.refresh()
        if removed:
            self._log.info("downloads removed", count=removed, bytes=freed, kept=kept)
        return Freed(freed, removed, kept)

    async def _removed(self, candidate: _Candidate) -> int | None:
        """Remove it and return its bytes; None when it has to stay."""
        store, kept = candidate.store, candidate.kept
        if self._is_in_use(kept.path) or (store is not None and not await self._is_at_source(store, kept)):
            return None
        freed = await asyncio.to_thread(remove_download, kept)
        if freed is not None and store is not None:
            index = await store.index()
            if key := await _key(index, kept.path):
                await index.unmark(key)
        return freed

    async def _is_at_source(self, store: Store, kept: Kept) -> bool:
        """Whether it can be fetched again: as far as the mirror knows, for the store may be away."""
        try:
            index = await store.index()
            key = await _key(index, kept.path)
            found = await (_named_by(index, kept) if key is None else index.version(_ref(key)))
        except (UnknownArtifact, AmbiguousName):
            return False
        except RunicorndError as error:
            self._log.warning("cannot tell whether a download is still needed", reason=error.message)
            return False
        return found.version.deleted is None and found.version.problem is None

    def _is_in_use(self, path: Path) -> bool:
        return any(used == path or path in used.parents or used in path.parents for used in self._in_use())

    async def _clear_mirror(self, store: Store) -> int:
        marks = await (await store.index()).downloads()
        try:
            async with store.emptied() as folder:
                freed = await asyncio.to_thread(remove_mirror, folder)
        except OSError as error:
            raise _stubborn(store.folder, error) from error
        await (await store.index()).mark_all(marks)  # no mirrored file holds them
        return freed

    async def _look_after(self) -> None:
        pause = SETTLE_S  # downloads of an earlier daemon go on first, and are then in use
        with self._events.subscribe() as changes:
            while True:
                done = await first_of(self._clock.sleep(pause), _download_done(changes))
                if done is not None:
                    await self._remember(done)
                await self._try_cleanup()
                pause = DAY_S

    async def _remember(self, done: DownloadIntent) -> None:
        """Note in the index that all files of a version are here."""
        if done.patterns:
            return
        try:
            store = self._owner.find(done.store)
            index = await store.index()
            key = await index.find(parse_ref(done.ref))
            await index.mark_downloaded(key, Path(done.to), done.bytes_total)
            await store.refresh()
        except RunicorndError as error:
            self._log.warning("download not remembered", download=done.id, reason=error.message)

    async def _try_cleanup(self) -> None:
        try:
            await self.cleanup()
        except RunicorndError as error:
            self._log.warning("cache not cleaned up", reason=error.message)


async def _share(store: Store) -> CacheShare:
    try:
        index = await store.index()
        mirrored = (await index.counts()).metadata_bytes
        marked = {mark.folder: mark.size_bytes for mark in await index.downloads()}
    except RunicorndError:  # this disk is in the way of the index; what it can still say is asked of it
        return await asyncio.to_thread(share_of, store.intent.name, store.folder)
    name, folder = store.intent.name, store.folder
    return await asyncio.to_thread(share_of, name, folder, metadata_bytes=mirrored, marked=marked)


def _called(name: str | None, leftovers: Sequence[Leftover]) -> Sequence[Leftover]:
    if name is None:
        return leftovers
    if found := [left for left in leftovers if name in {left.name, left.path.name}]:
        return found
    raise UnknownStore(
        f"cannot clear what store {name!r} has left: no removed store of that name has left anything",
        hint="'runicornctl cache info' lists what removed stores have left",
    )


def _stubborn(folder: Path, error: OSError) -> PlaceUnwritable:
    return PlaceUnwritable(
        f"cannot remove all of {folder}: {error.strerror or error}",
        hint="see that it is yours to write, and try again",
    )


async def _key(index: Index, path: Path) -> VersionKey | None:
    """The version that was downloaded to a folder, as the index remembers it."""
    return next((mark.key for mark in await index.downloads() if mark.folder == path), None)


def _ref(key: VersionKey) -> Ref:
    return Ref(key.name, key.type, key.version)


async def _named_by(index: Index, kept: Kept) -> VersionDetail:
    """The version that a folder's name says: ``NAME``, or ``NAME@TYPE`` where several types have it."""
    name, _, type_ = kept.name.rpartition("@")
    try:
        return await index.version(Ref(kept.name, version=kept.version))
    except UnknownArtifact:
        if not name:
            raise
        return await index.version(Ref(name, type_, kept.version))


async def _download_done(changes: Subscription) -> DownloadIntent | None:
    """Return the next download that has come to its end."""
    async for _, change in changes:
        if isinstance(change, DownloadChanged) and change.view.state.phase is DownloadPhase.DONE:
            return change.view.intent
    return None
