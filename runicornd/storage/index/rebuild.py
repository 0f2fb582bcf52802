"""An index that is missing or of no use is made again from the mirrored files."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from runicornd._lib.atomicfile import quarantine
from runicornd.storage.db import Damaged, Database, failure_of, transaction
from runicornd.storage.index.batch import finish_journal
from runicornd.storage.index.merge import STAGING_TABLES, Merge, fact, save_fact
from runicornd.storage.layouts.paths import owner_of
from runicornd.storage.migrations import migrate, salvage_downloads
from runicornd.storage.mirror import Mirror, fault_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runicornd.storage.db import Connection

INDEX = "index.db"


async def open_database(folder: Path, *, is_damaged: bool = False) -> Database:
    """Open the index of a folder, ready for questions.

    Args:
        folder: The store's folder in the cache; it is made when there is none.
        is_damaged: The file is known to be damaged: set it aside.

    Raises:
        LocalDiskFull, StateUnwritable: This machine's disk is in the way.
    """
    marks: list[tuple[object, ...]] = []
    path = folder / INDEX
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        if is_damaged:
            marks = await asyncio.to_thread(_set_aside, path)
        try:
            database = await Database.open(path, migrate)
        except Damaged:
            marks = await asyncio.to_thread(_set_aside, path)
            database = await Database.open(path, migrate)
    except OSError as error:
        raise failure_of(error) from error
    try:
        await database.exclusive(lambda connection: _make_ready(connection, Mirror(folder), marks))
    except BaseException:
        await database.close()
        raise
    return database


def _set_aside(path: Path) -> list[tuple[object, ...]]:
    """Keep the file under another name; return what no mirrored file holds, as far as it can be read."""
    marks = salvage_downloads(path)
    with contextlib.suppress(FileNotFoundError):
        aside = quarantine(path)
        log = path.with_name(f"{path.name}-wal")
        with contextlib.suppress(FileNotFoundError):
            log.rename(aside.with_name(f"{aside.name}-wal"))
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    return marks


def _make_ready(connection: Connection, mirror: Mirror, marks: list[tuple[object, ...]]) -> None:
    # A disk that is in the way now is met by the next sync.
    with contextlib.suppress(OSError):
        finish_journal(connection, mirror)
    if fact(connection, "made"):
        return
    for statement in STAGING_TABLES:
        connection.execute(statement)
    with transaction(connection):
        connection.executemany(
            "INSERT INTO temp.incoming VALUES (?, ?, ?, NULL, '', ?, ?)", _mirrored(mirror)
        )
        Merge(connection, mirror).run()
        connection.executemany("INSERT OR IGNORE INTO downloads VALUES (?, ?, ?, ?, ?, ?)", marks)
        save_fact(connection, "made", "yes")
        # There may be files that belong to nothing.
        save_fact(connection, "unswept", "yes")
    for statement in STAGING_TABLES:
        connection.execute(statement)


def _mirrored(mirror: Mirror) -> Iterator[tuple[object, ...]]:
    for path, status in mirror.walk():
        owner = owner_of(path) if fault_of(path) is None else None
        if owner is not None:
            yield path, status.st_size, status.st_mtime_ns, str(owner.kind), owner.folder
