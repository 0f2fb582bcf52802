"""SQLite off the event loop: one connection that writes, a few that read, each on a thread of its own.

Readers see the state before or after a write, never one in between (WAL). A question whose asker is gone
is interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from runicornd.errors import InvalidParams, LocalDiskFull, RunicorndError, StateUnwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T")
Connection = sqlite3.Connection
Cursor = sqlite3.Cursor
Work = Callable[[Connection], T]

READERS = 2
READ_TIMEOUT_S = 30.0
BUSY_TIMEOUT_S = 5.0
MAX_WAITING = 256
INTERRUPT_EVERY_S = 0.02
_CACHE_KIB = 8 * 1024
# What does not fit is written twice, once before the commit.
_LARGE_CACHE_KIB = 16 * 1024
_CHECKPOINT_PAGES = 1000
_FULL = {sqlite3.SQLITE_FULL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class Damaged(StateUnwritable):
    """The database file is broken; what it held can be made again."""


class TooBusy(StateUnwritable):
    """More is asked of the database than it can answer in time."""


class Database:
    """A database that is open. All calls are made from one event loop.

    Args:
        path: Its file.
        writer, readers: Connections to it, open.
    """

    def __init__(self, path: Path, writer: Connection, readers: list[Connection]) -> None:
        self.path = path
        self._writer = writer
        self._readers = readers
        self._free = list(readers)
        self._places = asyncio.Semaphore(len(readers))
        self._writing = asyncio.Lock()
        self._waiting = 0
        self._is_closed = False
        self._write_thread = ThreadPoolExecutor(1, f"index-writer-{path.parent.name}")
        self._read_threads = ThreadPoolExecutor(len(readers), f"index-reader-{path.parent.name}")

    @classmethod
    async def open(cls, path: Path, prepare: Work[None]) -> Database:
        """Open the file, or make it.

        Args:
            path: The file, in a folder that is there.
            prepare: Brings the schema up to date; it runs on a thread, before anything else.

        Raises:
            Damaged: The file is no database of ours.
            LocalError: It cannot be opened or written.
        """
        connections = await asyncio.to_thread(_connect_all, path, prepare)
        return cls(path, connections[0], connections[1:])

    async def close(self) -> None:
        """Stop the questions, wait for a write that runs, close. A second time does nothing."""
        self._is_closed = True
        async with self._writing:
            connections, self._readers = [*self._readers, self._writer], []
            ending = asyncio.ensure_future(asyncio.to_thread(self._end_threads))
            while not ending.done():
                for reader in connections[:-1]:
                    reader.interrupt()
                await asyncio.wait([ending], timeout=INTERRUPT_EVERY_S)
            await asyncio.to_thread(_close_all, connections)

    def _end_threads(self) -> None:
        self._read_threads.shutdown()
        self._write_thread.shutdown()

    async def read(self, work: Work[T]) -> T:
        """Ask something, in one consistent view.

        Raises:
            TooBusy: It took too long, or too many are waiting.
            LocalError: As ``failure_of`` says.
        """
        try:
            with self._queued():
                async with asyncio.timeout(READ_TIMEOUT_S), self._places:
                    return await self._read_on(self._free.pop(), work)
        except TimeoutError:
            raise TooBusy(
                f"cannot read the index: it took longer than {READ_TIMEOUT_S:g} s",
                hint="narrow the search, or try again when the machine is less busy",
            ) from None

    async def _read_on(self, connection: Connection, work: Work[T]) -> T:
        try:
            return await self._run(self._read_threads, connection, lambda: _look(connection, work))
        finally:
            self._free.append(connection)

    async def write(self, work: Work[T]) -> T:
        """Change something in one transaction: all of it, or nothing when ``work`` raises.

        Once it runs it is not cut short: a caller that is cancelled waits for its end.

        Raises:
            LocalError: As ``failure_of`` says.
        """
        return await self.exclusive(lambda connection: _change(connection, work))

    async def exclusive(self, work: Work[T]) -> T:
        """Run something on the writer's thread that makes its own transactions."""
        with self._queued():
            async with self._writing:
                return await self._run(self._write_thread, None, lambda: _translated(self._writer, work))

    @contextlib.contextmanager
    def _queued(self) -> Iterator[None]:
        if self._is_closed:
            raise StateUnwritable("cannot use the index: it is closed", hint="ask again")
        if self._waiting >= MAX_WAITING:
            raise TooBusy("cannot use the index: too many questions at once", hint="try again in a moment")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def _run(
        self, threads: ThreadPoolExecutor, interruptible: Connection | None, work: Callable[[], T]
    ) -> T:
        future = asyncio.get_running_loop().run_in_executor(threads, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await _ended(future, interruptible)
            raise


async def _ended(future: asyncio.Future[T], interruptible: Connection | None) -> None:
    """Wait for the thread's work to end, whatever it ends with, even when cancelled once more."""
    while not future.done():
        if interruptible is not None:
            # Again and again: what is interrupted between two statements goes on with the next.
            interruptible.interrupt()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([future], timeout=INTERRUPT_EVERY_S if interruptible else None)
    if not future.cancelled():
        future.exception()


def _close_all(connections: list[Connection]) -> None:
    for connection in connections:
        with contextlib.suppress(sqlite3.Error):
            connection.close()


def _connect_all(path: Path, prepare: Work[None]) -> list[Connection]:
    opened: list[Connection] = []
    try:
        opened.append(_connect(path, "synchronous = FULL"))
        _translated(opened[0], prepare)
        opened.extend(_connect(path, "query_only = ON") for _ in range(READERS))
    except BaseException as error:
        for connection in opened:
            connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise failure_of(error) from error
        raise
    return opened


def _connect(path: Path, pragma: str) -> Connection:
    # The threads of a pool take turns on a connection, never two at once.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA journal_size_limit = 16777216")
    except BaseException:
        connection.close()
        raise
    return connection


def _look(connection: Connection, work: Work[T]) -> T:
    def in_one_view(connection: Connection) -> T:
        connection.rollback()  # of one whose own end was interrupted
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            connection.rollback()

    return _translated(connection, in_one_view)


def _change(connection: Connection, work: Work[T]) -> T:
    with transaction(connection):
        return work(connection)


@contextlib.contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Commit what is done within, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise


@contextlib.contextmanager
def light_transaction(connection: Connection) -> Iterator[None]:
    """As ``transaction``, but the disk is not waited for: a power cut may undo it.

    A crash of the daemon does not, and the next ``transaction`` makes this one last as well.
    """
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        with transaction(connection):
            yield
    finally:
        connection.execute("PRAGMA synchronous = FULL")


@contextlib.contextmanager
def large_transaction(connection: Connection) -> Iterator[None]:
    """As ``transaction``, for much at once: ``checkpoint`` later, which takes as long again."""
    connection.execute(f"PRAGMA cache_size = -{_LARGE_CACHE_KIB}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    try:
        with transaction(connection):
            yield
    finally:
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute("PRAGMA shrink_memory")


def checkpoint(connection: Connection) -> None:
    """Bring what is committed from the log into the file; readers may read on."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _translated(connection: Connection, work: Work[T]) -> T:
    try:
        return work(connection)
    except (sqlite3.Error, OSError) as error:
        raise failure_of(error) from error
    except UnicodeEncodeError as error:
        raise InvalidParams("cannot look that up: the text is not valid Unicode") from error


def failure_of(error: sqlite3.Error | OSError) -> RunicorndError:
    """Say what a failure of the database, or of a file beside it, means to the user."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary in _FULL or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return LocalDiskFull(
            "cannot write the mirror: this machine's disk is full",
            hint="make room, or remove downloads with 'runicornctl cache cleanup'",
        )
    if primary in _DAMAGED:
        return Damaged(f"cannot read the index: {error}", hint="it is made again from the mirrored files")
    if primary == sqlite3.SQLITE_BUSY:
        return TooBusy("cannot write the index: another program holds it", hint="try again in a moment")
    return StateUnwritable(f"cannot use the index: {error}", hint="look at the folder's permissions and disk")
