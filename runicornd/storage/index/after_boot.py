"""What a power cut has left of the mirror: its files are not flushed one by one, and some may be empty.

So the first opening after each start of the machine compares their sizes with what the index knows.
"""

from __future__ import annotations

import asyncio
import os
import stat
from functools import partial
from typing import TYPE_CHECKING

import structlog

from runicornd.storage.index.merge import fact, save_fact

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runicornd.storage.db import Connection, Database

    Row = tuple[str, int]

AT_ONCE = 20_000
_BOOT = "boot"
_FILES = "SELECT path, size FROM files WHERE path > ? AND problem IS NULL ORDER BY path LIMIT ?"


async def check_after_boot(database: Database, folder: Path, boot: str) -> int:
    """Let the next sync fetch again what is not there as it should be; return how many files those are.

    Nothing is looked at when that has been done since the machine was started.

    Args:
        database: The index, its journal done.
        folder: The mirrored files.
        boot: Which start of the machine it is; empty when nobody knows.

    Raises:
        LocalError: This machine's disk is in the way.
    """
    if boot and await database.read(lambda connection: fact(connection, _BOOT)) == boot:
        return 0
    broken: list[str] = []
    last = ""
    while rows := await database.read(partial(_page, after=last)):
        broken += await asyncio.to_thread(_differing, folder, rows)
        last = rows[-1][0]
    await database.write(lambda connection: _ask_again(connection, broken, boot))
    if broken:
        structlog.get_logger("stores").warning(
            "mirrored files were lost with the last power cut", folder=str(folder), count=len(broken)
        )
    return len(broken)


def _page(connection: Connection, after: str) -> Sequence[Row]:
    return connection.execute(_FILES, (after, AT_ONCE)).fetchall()


def _differing(folder: Path, rows: Sequence[Row]) -> list[str]:
    place = f"{folder}/"
    return [path for path, size in rows if _size(place + path) != size]


def _size(path: str) -> int:
    try:
        found = os.stat(path, follow_symlinks=False)  # noqa: PTH116 - strings: there are many files
    except OSError:
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def _ask_again(connection: Connection, paths: Sequence[str], boot: str) -> None:
    connection.executemany("UPDATE files SET mtime_ns = -1 WHERE path = ?", [(path,) for path in paths])
    if paths:
        save_fact(connection, "token", None)  # else the source would say that nothing has changed
    save_fact(connection, _BOOT, boot)
