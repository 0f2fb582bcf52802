"""Which versions have their files on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.storage.index.results import DownloadMark
from runicornd.storage.model import VersionKey

if TYPE_CHECKING:
    from runicornd.storage.db import Connection


def mark(connection: Connection, key: VersionKey, folder: Path, size_bytes: int, now: float) -> None:
    """Note that a version's files are in a folder, and used now."""
    row = (key.type, key.name, key.version, str(folder), size_bytes, now)
    connection.execute("INSERT OR REPLACE INTO downloads VALUES (?, ?, ?, ?, ?, ?)", row)


def unmark(connection: Connection, key: VersionKey) -> None:
    """Note that they are there no more."""
    connection.execute(
        "DELETE FROM downloads WHERE type = ? AND name = ? AND version = ?", (key.type, key.name, key.version)
    )


def all_marks(connection: Connection) -> tuple[DownloadMark, ...]:
    """Return all, the one used longest ago first."""
    rows = connection.execute(
        "SELECT type, name, version, folder, size, last_used FROM downloads ORDER BY last_used"
    )
    return tuple(
        DownloadMark(key=VersionKey(*row[:3]), folder=Path(row[3]), size_bytes=row[4], last_used=row[5])
        for row in rows
    )


def folders_of(connection: Connection, type_: str, name: str) -> dict[int, Path]:
    """Return where the versions of an artifact are, by number; a folder that is gone counts for nothing."""
    rows = connection.execute(
        "SELECT version, folder FROM downloads WHERE type = ? AND name = ?", (type_, name)
    )
    return {version: Path(folder) for version, folder in rows if Path(folder).is_dir()}
