"""One sync's files on their way into the index: all of them, or none."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, NamedTuple

from runicornd.errors import LocalError
from runicornd.storage.db import large_transaction, light_transaction, transaction
from runicornd.storage.index.arrivals import Arrivals
from runicornd.storage.index.merge import STAGING_TABLES, Merge, fact, save_fact
from runicornd.storage.index.mirroring import Mirroring
from runicornd.storage.index.results import Applied
from runicornd.storage.layouts.content import Skipped
from runicornd.storage.layouts.paths import OwnerKind, owner_of, usual_owner
from runicornd.storage.mirror import fault_of
from runicornd.storage.model import SyncReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runicornd._lib.clock import Clock
    from runicornd.remote.store_frames import MetadataFile
    from runicornd.storage.db import Connection, Database
    from runicornd.storage.index.results import SyncOutcome
    from runicornd.storage.mirror import Mirror

_PUT = "INSERT OR REPLACE INTO temp.incoming VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOST = 2**63 - 1


class _Taken(NamedTuple):
    path: str
    size: int
    mtime_ns: int
    problem: str | None
    data: bytes | None
    kind: str
    folder: str
    is_new: bool


class SyncBatch:
    """Collects what a sync brings. All of its work happens on the index's writer thread.

    Args:
        database: The index's.
        mirror: The files beside it.
        clock: The time.
    """

    def __init__(self, database: Database, mirror: Mirror, clock: Clock) -> None:
        self._database = database
        self._mirror = mirror
        self._mirroring = Mirroring(mirror)
        self._clock = clock
        self._rejected = 0
        self._is_first = False
        self._arrivals: Arrivals | None = None
        self._has_files = False
        self._has_removed = False
        self._has_begun = False
        self._is_committed = False

    async def begin(self) -> None:
        """Make ready; sweep away what a crash left of the sync before.

        Raises:
            LocalDiskFull, StateUnwritable: This machine's disk is in the way.
        """
        await self._database.exclusive(self._begin)
        self._has_begun = True

    def expect(self, files: int) -> None:
        """So many will come: prepare for many."""
        self._mirroring.expect(files)

    async def put(self, files: Sequence[MetadataFile]) -> None:
        """Take files that are new or have changed. A path that is not plain counts as a problem.

        Raises:
            LocalDiskFull, StateUnwritable: This machine's disk is in the way.
        """
        await self._database.exclusive(lambda connection: self._put(connection, files))

    async def remove(self, paths: Sequence[str]) -> None:
        """Take note that these are no more."""
        await self._database.exclusive(lambda connection: self._remove(connection, paths))

    async def commit(self, *, root: str, token: str | None, outcome: SyncOutcome) -> Applied:
        """Make it the state that everyone sees. Once it has begun it is not cut short.

        Raises:
            LocalDiskFull, StateUnwritable: The state is the one before.
        """
        return await self._database.exclusive(
            lambda connection: self._commit(connection, root, token, outcome)
        )

    async def end(self) -> None:
        """Clear up; without a commit nothing has changed."""
        try:
            if self._has_begun and not self._is_committed:
                # What cannot be cleared away now, the next sync begins with.
                with contextlib.suppress(LocalError):
                    await self._database.exclusive(self._abandon)
        finally:
            if self._mirroring.has_process:
                await asyncio.to_thread(self._mirroring.close)

    def _begin(self, connection: Connection) -> None:
        finish_journal(connection, self._mirror)
        self._mirror.prepare()
        for statement in STAGING_TABLES:
            connection.execute(statement)
        if fact(connection, "unswept"):
            known = "SELECT 1 FROM files WHERE path = ? AND problem IS NULL"
            self._mirror.sweep(lambda path: connection.execute(known, (path,)).fetchone() is not None)
        self._is_first = connection.execute("SELECT 1 FROM files LIMIT 1").fetchone() is None
        place = self._mirror.staging_place("arrivals.db")
        self._arrivals = Arrivals(connection, place, is_first=self._is_first)

    def _put(self, connection: Connection, files: Iterable[MetadataFile]) -> None:
        self._mark_unswept(connection)
        taken = [one for file in files if (one := self._checked(connection, file)) is not None]
        new = [(one.path, one.data, one.mtime_ns) for one in taken if one.data is not None and one.is_new]
        old = [(one.path, one.data, one.mtime_ns) for one in taken if one.data is not None and not one.is_new]
        self._mirroring.begin(new, old)
        for one in taken:
            if one.kind == OwnerKind.ARTIFACT:
                content = Skipped(one.problem or "") if one.data is None else one.data
                self._read_early.take(one.folder, one.path, content)
        staged = self._mirroring.finish()
        rows = [
            (one.path, one.size, one.mtime_ns, one.problem, staged.get(one.path), one.kind, one.folder)
            for one in taken
        ]
        with transaction(connection):
            connection.executemany(_PUT, rows)
            if self._has_removed:
                connection.executemany("DELETE FROM temp.outgoing WHERE path = ?", [row[:1] for row in rows])
        self._read_early.noted()

    def _mark_unswept(self, connection: Connection) -> None:
        """From the first file on there may be some that belong to nothing.

        It is on the disk before one is staged, and so is that the journal before, of such names, is done.
        """
        if not self._has_files:
            save_fact(connection, "unswept", "yes")
            self._has_files = True

    @property
    def _read_early(self) -> Arrivals:
        assert self._arrivals is not None, "it has begun"
        return self._arrivals

    def _checked(self, connection: Connection, file: MetadataFile) -> _Taken | None:
        path, data, problem = file.path, file.data, file.problem
        owner = usual_owner(path)
        if owner is None:
            if fault_of(path) is not None:
                self._rejected += 1
                return None
            owner = owner_of(path)
            if owner is None and data is not None:  # known from now on, so that it does not come again
                data, problem = None, "its name cannot be one of an artifact or run"
        size = len(data) if data is not None else max(0, min(file.size, _MOST))
        mtime_ns = max(-_MOST, min(file.mtime_ns, _MOST))
        is_new = self._is_first or not _is_known(connection, path)
        kind, folder = (owner.kind.value, owner.folder) if owner else ("", "")
        return _Taken(path, size, mtime_ns, problem, data, kind, folder, is_new)

    def _remove(self, connection: Connection, paths: Sequence[str]) -> None:
        owners = {path: owner_of(path) for path in paths}
        for folder in {owner.folder for owner in owners.values() if owner is not None}:
            self._read_early.forget(folder)
        self._has_removed = True
        with transaction(connection):
            for path, owner in owners.items():
                connection.execute("DELETE FROM temp.incoming WHERE path = ?", (path,))
                if _is_known(connection, path):
                    row = (path, str(owner.kind), owner.folder) if owner else (path, "", "")
                    connection.execute("INSERT OR REPLACE INTO temp.outgoing VALUES (?, ?, ?)", row)

    def _commit(self, connection: Connection, root: str, token: str | None, outcome: SyncOutcome) -> Applied:
        changed, removed = (
            connection.execute(f"SELECT count(*) FROM temp.{table}").fetchone()[0]  # noqa: S608 - names of ours
            for table in ("incoming", "outgoing")
        )
        self._mirroring.end()
        self._read_early.end()
        is_change = bool(changed or removed)
        with large_transaction(connection) if is_change else light_transaction(connection):
            if is_change:
                is_short = Merge(connection, self._mirror, self._arrivals).run()
                token = None if is_short else token  # with it the source would send nothing
            problems = unreadable(connection) + self._rejected
            applied = Applied(changed, removed, problems)
            save_fact(connection, "root", root)
            save_fact(connection, "token", token)
            save_fact(connection, "synced", repr(self._clock.wall()))
            save_fact(connection, "report", json.dumps(asdict(self._report(applied, outcome))))
            save_fact(connection, "unswept", None)
        self._is_committed = True
        self._read_early.close()
        # A disk that is in the way now changes nothing of what is committed: the next open or sync goes on.
        with contextlib.suppress(OSError):
            finish_journal(connection, self._mirror)
        return applied

    def _report(self, applied: Applied, outcome: SyncOutcome) -> SyncReport:
        now = self._clock.wall()
        return SyncReport(
            at=now,
            seconds=max(0.0, now - outcome.started),
            changed=applied.changed,
            removed=applied.removed,
            received_bytes=outcome.received_bytes,
            problems=applied.problems,
        )

    def _abandon(self, connection: Connection) -> None:
        self._mirroring.close()
        self._read_early.close()
        placed = "SELECT path FROM temp.incoming WHERE staged = ''"
        for (path,) in connection.execute(placed).fetchall():
            self._mirror.discard(path)
        self._mirror.prepare()
        for statement in STAGING_TABLES:
            connection.execute(statement)
        # What was removed again, or written when the disk filled up, is left to the next sync's sweep.


def _is_known(connection: Connection, path: str) -> bool:
    return connection.execute("SELECT 1 FROM files WHERE path = ?", (path,)).fetchone() is not None


def finish_journal(connection: Connection, mirror: Mirror) -> None:
    """Do what a commit left to be done to the mirror; a second time changes nothing.

    Raises:
        OSError: The disk is in the way for now; it is done at the next open or sync.
    """
    steps = connection.execute("SELECT staged, path FROM journal ORDER BY seq").fetchall()
    if not steps:
        return
    lost = mirror.replay(steps)
    with light_transaction(connection):  # a second time changes nothing
        connection.executemany("UPDATE files SET mtime_ns = -1 WHERE path = ?", [(path,) for path in lost])
        if lost:
            save_fact(connection, "token", None)  # with it the source would send nothing
        connection.execute("DELETE FROM journal")


def unreadable(connection: Connection) -> int:
    """Return how many entries cannot be read in full."""
    counts = json.loads(fact(connection, "counts") or "{}")
    return sum(counts.get(name, 0) for name in ("versions_unreadable", "runs_unreadable", "strays"))
