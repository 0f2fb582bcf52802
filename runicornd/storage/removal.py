"""Removing files of the cache, and nothing else: no symbolic link is ever followed.

All of it blocks, and belongs into a thread.
"""

from __future__ import annotations

import os
import stat
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REMOVED_PREFIX = ".removed-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def remove_below(root: Path, *parts: str) -> int:
    """Remove a file or a folder with all that is in it; return how many bytes that were.

    A folder vanishes at once, under another name, before its content goes: what a crash leaves over is
    named ``.removed-…``. Of a symbolic link only the link itself is removed.

    Args:
        root: The folder below which it must be.
        parts: The way there; none of the folders on it may be a symbolic link.

    Raises:
        OSError: It could not be removed, or not all of it.
        ValueError: A part is no plain name.
    """
    for part in parts:
        if part in {"", ".", ".."} or "/" in part or "\0" in part:
            raise ValueError(f"cannot remove {'/'.join(parts)!r}: {part!r} is no plain name")
    *way, name = parts
    with _opened(root, way) as parent:
        try:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return 0
        if not stat.S_ISDIR(found.st_mode):
            os.unlink(name, dir_fd=parent)
            return found.st_size
        return _remove_folder(parent, name)


def remove_if_empty(root: Path, *parts: str) -> None:
    """Remove a folder in which nothing is; leave any other."""
    *way, name = parts
    with suppress(OSError), _opened(root, way) as parent:
        os.rmdir(name, dir_fd=parent)


@contextmanager
def _opened(root: Path, way: list[str]) -> Iterator[int]:
    """The folder at the end of the way, opened from one to the next so that none can be exchanged."""
    folder = os.open(root, _FOLDER)
    try:
        for part in way:
            below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = below
        yield folder
    finally:
        os.close(folder)


def _remove_folder(parent: int, name: str) -> int:
    """Empty folder by folder: each inner one is first moved up beside the outermost.

    So neither the call stack nor the number of open files grows with the depth.
    """
    freed = 0
    waiting = [_move(parent, name, parent)]
    while waiting:
        current = waiting.pop()
        folder = os.open(current, _FOLDER | os.O_NOFOLLOW, dir_fd=parent)
        try:
            inner, size = _empty(folder, parent)
        finally:
            os.close(folder)
        os.rmdir(current, dir_fd=parent)
        waiting += inner
        freed += size
    return freed


def _empty(folder: int, parent: int) -> tuple[list[str], int]:
    """Remove a folder's files and move its folders up; return their new names, and the bytes removed."""
    inner: list[str] = []
    freed = 0
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            inner.append(_move(folder, entry.name, parent))
        else:
            freed += entry.stat(follow_symlinks=False).st_size
            os.unlink(entry.name, dir_fd=folder)
    return inner, freed


def _move(folder: int, name: str, parent: int) -> str:
    """Move an entry of a folder into ``parent`` under a name that nothing has; return it."""
    aside = f"{REMOVED_PREFIX}{uuid.uuid4().hex}"
    os.rename(name, aside, src_dir_fd=folder, dst_dir_fd=parent)
    return aside
