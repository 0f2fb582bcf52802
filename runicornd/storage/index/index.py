"""One store's index: opened, filled by syncs, asked. The file is a cache of the mirrored files."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, TypeVar

from runicornd._lib.boot import boot_id
from runicornd._lib.clock import SystemClock
from runicornd.errors import LocalError
from runicornd.storage.db import Damaged, Database, checkpoint
from runicornd.storage.index.after_boot import check_after_boot
from runicornd.storage.index.artifact_queries import artifact_page
from runicornd.storage.index.batch import SyncBatch, unreadable
from runicornd.storage.index.marks import all_marks, mark, unmark
from runicornd.storage.index.merge import fact
from runicornd.storage.index.problems import problem_page
from runicornd.storage.index.rebuild import open_database
from runicornd.storage.index.relations import IndexRelations
from runicornd.storage.index.results import Known
from runicornd.storage.index.run_queries import run_detail, run_page
from runicornd.storage.index.version_queries import file_page, find, version_detail
from runicornd.storage.lineage import trace
from runicornd.storage.mirror import Mirror
from runicornd.storage.model import Counts, FileEntry, SyncReport
from runicornd.storage.names import Ref

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
    from pathlib import Path

    from runicornd._lib.clock import Clock
    from runicornd.storage.db import Connection
    from runicornd.storage.index.problems import ProblemPage
    from runicornd.storage.index.results import (
        ArtifactPage,
        ArtifactQuery,
        Direction,
        DownloadMark,
        FilePage,
        LineageGraph,
        RunDetail,
        RunPage,
        RunQuery,
        VersionDetail,
    )
    from runicornd.storage.model import VersionKey

T = TypeVar("T")
PAGE_OF_ALL = 1000


class Index:
    """An index that is open. Nothing in it blocks the event loop; a question that is cancelled is stopped.

    A file that turns out to be damaged is set aside and made again from the mirrored files, once for each
    call that meets it.

    Args:
        folder: The store's folder in the cache.
        database: Its index, open.
        clock: The time.
    """

    def __init__(self, folder: Path, database: Database, clock: Clock) -> None:
        self._folder = folder
        self._database = database
        self._clock = clock
        self._syncing = asyncio.Lock()
        self._repairing = asyncio.Lock()
        self._tidying: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, folder: Path, clock: Clock | None = None, *, boot: Callable[[], str] = boot_id
    ) -> Index:
        """Open a store's index, making its folder when there is none.

        An index that is missing, damaged or of a newer release is made from the mirrored files; what was
        there is kept beside it, as ``index.db.corrupt-…``.

        Raises:
            LocalDiskFull, StateUnwritable: This machine's disk is in the way.
        """
        index = cls(folder, await open_database(folder), clock or SystemClock())
        index._checking = asyncio.create_task(index._check(boot()), name="index: check after a boot")
        return index

    async def close(self) -> None:
        """Wait for what runs, then close. A second time does nothing."""
        if self._checking is not None:
            self._checking.cancel()
        if works := [task for task in (self._checking, self._tidying) if task is not None]:
            await asyncio.wait(works)
        await self._database.close()

    # What a sync needs

    async def known(self) -> Known:
        """Return what the mirror has, and has whole."""
        await self._checked()
        return await self._read(_known)

    async def known_root(self) -> str | None:
        """Return the root as the last sync resolved it."""
        return await self._read(lambda connection: fact(connection, "root"))

    @contextlib.asynccontextmanager
    async def sync(self) -> AsyncGenerator[SyncBatch, None]:
        """Hold the one batch; left without its commit, nothing has changed.

        Raises:
            LocalDiskFull, StateUnwritable: This machine's disk is in the way.
        """
        async with self._syncing:
            await self._checked()
            batch = SyncBatch(self._database, Mirror(self._folder), self._clock)
            try:
                await batch.begin()
                yield batch
            finally:
                await batch.end()
            if self._tidying is None or self._tidying.done():
                self._tidying = asyncio.create_task(self._tidy(), name="index: tidy up")

    async def _checked(self) -> None:
        if self._checking is not None:
            await asyncio.wait([self._checking])

    async def _check(self, boot: str) -> None:
        """See what a power cut has left of the mirrored files; questions need not wait for it."""
        with contextlib.suppress(LocalError):  # the next opening does it
            await check_after_boot(self._database, self._folder / "metadata", boot)

    async def _tidy(self) -> None:
        """Shorten the log; nobody has to wait for it."""
        with contextlib.suppress(LocalError):  # the next sync does it, and says what is wrong
            await self._database.exclusive(checkpoint)

    # Questions

    async def artifacts(self, query: ArtifactQuery) -> ArtifactPage:
        """Return a page of artifacts.

        Raises:
            InvalidParams: The cursor is not of this question.
        """
        return await self._read(lambda connection: artifact_page(connection, query))

    async def find(self, ref: Ref) -> VersionKey:
        """Say which version a ref means.

        Raises:
            UnknownArtifact: There is none; the hint has names that are near.
            AmbiguousName: Several types have an artifact of that name.
        """
        return await self._read(lambda connection: find(connection, ref))

    async def version(self, ref: Ref) -> VersionDetail:
        """Return all about the version that a ref means. Raises as ``find``."""
        return await self._read(lambda connection: version_detail(connection, ref))

    async def is_shared(self, name: str) -> bool:
        """Say whether artifacts of several types have this name."""
        counted = "SELECT count(*) FROM artifacts WHERE name = ?"
        row = await self._read(lambda connection: connection.execute(counted, (name,)).fetchone())
        return bool(row[0] > 1)

    async def files(self, key: VersionKey, limit: int = 200, cursor: str | None = None) -> FilePage:
        """Return a page of a version's files, by path.

        Raises:
            UnknownArtifact: There is no such version.
            InvalidParams: The cursor is not of this version, or it has changed since.
        """
        return await self._read(lambda connection: file_page(connection, key, limit, cursor))

    async def all_files(self, key: VersionKey) -> AsyncGenerator[Sequence[FileEntry], None]:
        """Yield all files of a version by path, some at a time. Raises as ``files``."""
        cursor = None
        while True:
            page = await self.files(key, PAGE_OF_ALL, cursor)
            yield [
                FileEntry(file.path, file.size, file.digest, file.source, file.modified)
                for file in page.files
            ]
            cursor = page.next
            if cursor is None:
                return

    async def lineage(self, key: VersionKey, direction: Direction = "both", depth: int = 3) -> LineageGraph:
        """Return what a version comes from and what was made with it, so many steps far.

        Raises:
            UnknownArtifact: There is no such version.
        """

        def ask(connection: Connection) -> LineageGraph:
            find(connection, Ref(key.name, key.type, key.version))
            return trace(str(key), IndexRelations(connection), direction=direction, depth=depth)

        return await self._read(ask)

    async def runs(self, query: RunQuery) -> RunPage:
        """Return a page of runs, newest first.

        Raises:
            InvalidParams: The cursor is not of this question.
        """
        return await self._read(lambda connection: run_page(connection, query))

    async def run(self, start: str) -> RunDetail:
        """Return the run of an id, or the only one whose id begins so.

        Raises:
            UnknownRun: There is none.
            AmbiguousName: There are several.
        """
        return await self._read(lambda connection: run_detail(connection, start))

    async def problems(self, limit: int = 100, cursor: str | None = None) -> ProblemPage:
        """Return a page of what cannot be read whole.

        Raises:
            InvalidParams: The cursor is not of this list.
        """
        return await self._read(lambda connection: problem_page(connection, limit, cursor))

    async def counts(self) -> Counts:
        """Return how much there is; ``downloads_bytes`` is that of the marks."""
        return await self._read(_counts)

    async def last_sync(self) -> SyncReport | None:
        """Return what the last sync did."""
        return await self._read(_last_sync)

    # Downloads

    async def mark_downloaded(self, key: VersionKey, folder: Path, size_bytes: int = 0) -> None:
        """Note that a version's files are on this machine, and used now."""
        now = self._clock.wall()
        await self._database.write(lambda connection: mark(connection, key, folder, size_bytes, now))

    async def mark_all(self, marks: Iterable[DownloadMark]) -> None:
        """Take over marks of before; they count as used now."""
        now = self._clock.wall()

        def note(connection: Connection) -> None:
            for one in marks:
                mark(connection, one.key, one.folder, one.size_bytes, now)

        await self._database.write(note)

    async def unmark(self, key: VersionKey) -> None:
        """Note that they are there no more."""
        await self._database.write(lambda connection: unmark(connection, key))

    async def downloads(self) -> tuple[DownloadMark, ...]:
        """Return the versions whose files are here, the one used longest ago first."""
        return await self._read(all_marks)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        database = self._database
        try:
            return await database.read(work)
        except Damaged:
            await self._repair(database)
            return await self._database.read(work)

    async def _repair(self, broken: Database) -> None:
        """Set the damaged file aside and make it again; a sync that runs fails by itself."""
        async with self._repairing:
            if self._database is broken:
                await broken.close()
                self._database = await open_database(self._folder, is_damaged=True)


def _known(connection: Connection) -> Known:
    rows = connection.execute("SELECT path, size, mtime_ns FROM files")
    files = {path: (size, mtime_ns) for path, size, mtime_ns in rows}
    return Known(files, fact(connection, "token"), fact(connection, "root"))


def _counts(connection: Connection) -> Counts:
    counted = json.loads(fact(connection, "counts") or "{}")
    downloads = connection.execute("SELECT coalesce(sum(size), 0) FROM downloads").fetchone()[0]
    return Counts(
        artifacts=counted.get("artifacts", 0),
        versions=counted.get("versions", 0),
        runs=counted.get("runs", 0),
        unreadable=unreadable(connection),
        metadata_bytes=counted.get("bytes", 0),
        downloads_bytes=downloads,
    )


def _last_sync(connection: Connection) -> SyncReport | None:
    report = fact(connection, "report")
    return SyncReport(**json.loads(report)) if report else None
