"""What the stores take of this machine's disk, and how it is given back.

``<cache>/FOLDER/{index.db, metadata/, staging/, downloads/NAME/vN/}``, a folder for each store, and for each
removed one of which downloads were kept. All of it blocks, and belongs into a thread. Sizes are bytes, times
seconds since the epoch.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runicornd.storage.removal import REMOVED_PREFIX, remove_below, remove_if_empty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOWNLOADS = "downloads"
MAX_ENTRIES = 5_000_000

_VERSION = re.compile(r"v([0-9]{1,9})", re.ASCII)
_log = structlog.get_logger("cache")


@dataclass(frozen=True, slots=True)
class CacheShare:
    """What one store takes; ``downloads`` counts versions, ``removed`` says when the store was forgotten."""

    store: str
    path: Path
    index_bytes: int
    metadata_bytes: int
    downloads_bytes: int
    downloads: int
    removed: float | None = None


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """The cache; ``limit_bytes`` is what a cleanup brings the downloads down to.

    ``removed`` is what stores have left that were forgotten.
    """

    path: Path
    limit_bytes: int
    total_bytes: int
    stores: tuple[CacheShare, ...]
    removed: tuple[CacheShare, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """What a store has left that was forgotten: its downloads, counted in versions, and where they are."""

    path: Path
    downloads: int = 0
    downloads_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Freed:
    """What was removed; ``kept`` counts downloads that are in use or the only copy."""

    freed_bytes: int = 0
    removed: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of a version that are on this machine.

    Args:
        folder: The store's folder in the cache.
        name: The artifact's, as a folder name.
        used: When any of it was last read or written.
    """

    folder: Path
    name: str
    version: int
    size_bytes: int
    used: float

    @property
    def path(self) -> Path:
        """Where they are."""
        return self.folder / DOWNLOADS / self.name / f"v{self.version}"


def kept_downloads(folder: Path) -> list[Kept]:
    """Return the downloads in a store's folder; clears away what an interrupted removal left over."""
    found = []
    for path, version in _versions(folder):
        size, used = _measure(path)
        found.append(Kept(folder, path.parent.name, version, size, used))
    return found


def left_in(folder: Path, marked: Mapping[Path, int] | None = None) -> Left:
    """Measure the downloads in a store's folder.

    Args:
        folder: The store's folder in the cache.
        marked: The sizes of those that are known; only the others are measured file by file.
    """
    known = marked or {}
    sizes = [known[path] if path in known else _measure(path)[0] for path, _ in _versions(folder)]
    return Left(folder / DOWNLOADS, len(sizes), sum(sizes))


def _versions(folder: Path) -> Iterator[tuple[Path, int]]:
    """The folders of downloads and their numbers; what an interrupted removal left is cleared away."""
    for artifact in _folders(folder / DOWNLOADS):
        for entry in _folders(Path(artifact.path)):
            if match := _VERSION.fullmatch(entry.name):
                yield Path(entry.path), int(match[1])
            elif entry.name.startswith(REMOVED_PREFIX):
                with suppress(OSError):
                    remove_below(folder, DOWNLOADS, artifact.name, entry.name)


def remove_download(kept: Kept) -> int | None:
    """Remove a download; return the bytes that it had, or None when the disk refuses."""
    try:
        freed = remove_below(kept.folder, DOWNLOADS, kept.name, f"v{kept.version}")
    except OSError as error:
        _log.warning("download not removed", path=str(kept.path), reason=str(error))
        return None
    remove_if_empty(kept.folder, DOWNLOADS, kept.name)
    return freed


def remove_mirror(folder: Path) -> int:
    """Remove everything of a store but its downloads; return how many bytes that were.

    Raises:
        OSError: Not all of it could be removed.
    """
    freed = 0
    if folder.is_dir():
        for entry in sorted(folder.iterdir()):
            if entry.name != DOWNLOADS:
                freed += remove_below(folder, entry.name)
    return freed


def remove_folder(cache: Path, folder: Path, *, keep_downloads: bool) -> int:
    """Remove a store's folder, or all but its downloads; return how many bytes that were.

    Raises:
        OSError: Not all of it could be removed.
    """
    freed = remove_mirror(folder)
    if not keep_downloads:
        freed += remove_below(folder, DOWNLOADS) if folder.is_dir() else 0
    remove_if_empty(folder, DOWNLOADS)
    remove_if_empty(cache, folder.name)
    return freed


def share_of(
    store: str,
    folder: Path,
    *,
    metadata_bytes: int | None = None,
    marked: Mapping[Path, int] | None = None,
    removed: float | None = None,
) -> CacheShare:
    """Return what a store takes.

    Args:
        store: Its name.
        folder: Its folder in the cache.
        metadata_bytes: What its index says of the mirrored files; None measures them one by one.
        marked: As for ``left_in``.
        removed: When it was forgotten.
    """
    if metadata_bytes is None:
        metadata_bytes = _measure(folder / "metadata")[0] + _measure(folder / "staging")[0]
    left = left_in(folder, marked)
    return CacheShare(
        store=store,
        path=folder,
        index_bytes=sum(_size(folder / name) for name in ("index.db", "index.db-wal", "index.db-shm")),
        metadata_bytes=metadata_bytes,
        downloads_bytes=left.downloads_bytes,
        downloads=left.downloads,
        removed=removed,
    )


def _measure(folder: str | Path) -> tuple[int, float]:
    """The bytes of all files below a folder, and when any of them was last used."""
    size, used = 0, 0.0
    for number, entry in enumerate(_files(folder)):
        if number >= MAX_ENTRIES:
            _log.warning("folder is too large to be measured in full", path=str(folder))
            break
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        size += found.st_size
        # A file system that does not keep the time of reading still has that of writing.
        used = max(used, found.st_atime, found.st_mtime)
    return size, used


def _files(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """All files below a folder, without following symbolic links; what cannot be read is left out."""
    waiting = [os.fspath(folder)]
    while waiting:
        current = waiting.pop()
        for entry in _entries(current):
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                yield entry


def _folders(folder: Path) -> list[os.DirEntry[str]]:
    """The folders in a folder, which is no symbolic link."""
    if folder.is_symlink():
        return []
    return [entry for entry in _entries(folder) if entry.is_dir(follow_symlinks=False)]


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
