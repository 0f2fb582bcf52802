"""One sync's files on their way into the index: all of them, or none."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from runicornd.errors import LocalError
from runicornd.storage.db import large_transaction, transaction
from runicornd.storage.index.merge import STAGING_TABLES, Merge, fact, save_fact
from runicornd.storage.index.results import Applied
from runicornd.storage.layouts.paths import owner_of
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
Row = tuple[str, int, int, str | None, str | None, str, str]


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
        self._clock = clock
        self._rejected = 0
        self._is_first = False
        self._has_begun = False
        self._is_committed = False

    async def begin(self) -> None:
        """Make ready; sweep away what a crash left of the sync before.

        Raises:
            LocalDiskFull, StateUnwritable: This machine's disk is in the way.
        """
        await self._database.exclusive(self._begin)
        self._has_begun = True

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
        if self._has_begun and not self._is_committed:
            # What cannot be cleared away now, the next sync begins with.
            with contextlib.suppress(LocalError):
                await self._database.exclusive(self._abandon)

    def _begin(self, connection: Connection) -> None:
        finish_journal(connection, self._mirror)
        self._mirror.prepare()
        for statement in STAGING_TABLES:
            connection.execute(statement)
        if fact(connection, "unswept"):
            known = "SELECT 1 FROM files WHERE path = ? AND problem IS NULL"
            self._mirror.sweep(lambda path: connection.execute(known, (path,)).fetchone() is not None)
        save_fact(connection, "unswept", "yes")
        self._is_first = connection.execute("SELECT 1 FROM files LIMIT 1").fetchone() is None

    def _put(self, connection: Connection, files: Iterable[MetadataFile]) -> None:
        rows = []
        for file in files:
            if fault_of(file.path) is not None:
                self._rejected += 1
                continue
            rows.append(self._received(connection, file))
        with transaction(connection):
            connection.executemany(_PUT, rows)
            connection.executemany("DELETE FROM temp.outgoing WHERE path = ?", [row[:1] for row in rows])

    def _received(self, connection: Connection, file: MetadataFile) -> Row:
        owner = owner_of(file.path)
        if owner is None and file.data is not None:  # known from now on, so that it does not come again
            file = replace(file, data=None, problem="its name cannot be one of an artifact or run")
        staged = None
        mtime_ns = max(-_MOST, min(file.mtime_ns, _MOST))
        if file.data is not None:
            is_known = not self._is_first and _is_known(connection, file.path)
            staged = self._write(file.path, file.data, mtime_ns, is_known=is_known)
        kind, folder = (str(owner.kind), owner.folder) if owner else ("", "")
        size = len(file.data) if file.data is not None else max(0, min(file.size, _MOST))
        return file.path, size, mtime_ns, file.problem, staged, kind, folder

    def _write(self, path: str, data: bytes, mtime_ns: int, *, is_known: bool) -> str:
        if is_known:
            return self._mirror.stage(data, mtime_ns)
        return self._mirror.place(path, data, mtime_ns)

    def _remove(self, connection: Connection, paths: Sequence[str]) -> None:
        with transaction(connection):
            for path in paths:
                connection.execute("DELETE FROM temp.incoming WHERE path = ?", (path,))
                if _is_known(connection, path):
                    owner = owner_of(path)
                    row = (path, str(owner.kind), owner.folder) if owner else (path, "", "")
                    connection.execute("INSERT OR REPLACE INTO temp.outgoing VALUES (?, ?, ?)", row)

    def _commit(self, connection: Connection, root: str, token: str | None, outcome: SyncOutcome) -> Applied:
        changed, removed = (
            connection.execute(f"SELECT count(*) FROM temp.{table}").fetchone()[0]  # noqa: S608 - names of ours
            for table in ("incoming", "outgoing")
        )
        with large_transaction(connection):
            if changed or removed:
                Merge(connection, self._mirror).run()
            problems = unreadable(connection) + self._rejected
            applied = Applied(changed, removed, problems)
            save_fact(connection, "root", root)
            save_fact(connection, "token", token)
            save_fact(connection, "synced", repr(self._clock.wall()))
            save_fact(connection, "report", json.dumps(asdict(self._report(applied, outcome))))
            save_fact(connection, "unswept", None)
        self._is_committed = True
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
    with transaction(connection):
        connection.executemany("UPDATE files SET mtime_ns = -1 WHERE path = ?", [(path,) for path in lost])
        connection.execute("DELETE FROM journal")


def unreadable(connection: Connection) -> int:
    """Return how many entries cannot be read in full."""
    counts = json.loads(fact(connection, "counts") or "{}")
    return sum(counts.get(name, 0) for name in ("versions_unreadable", "runs_unreadable", "strays"))
