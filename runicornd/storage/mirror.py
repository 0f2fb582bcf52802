"""The mirror on disk: metadata files as they are at the source, under ``metadata/``.

The index says which of them count. What it does not know, a crash left behind, and the next sync sweeps it
away. So a new file goes straight to its place; one that replaces another waits in ``staging/`` until the
index has committed, and the journal's replay puts it into its place.

Two names that a case-insensitive file system (macOS) takes for one share a file there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

MAX_DEPTH = 48
MAX_PART_BYTES = 255
MAX_PATH_BYTES = 3000
_MANY_FOLDERS = 4096
_IF_MISSING = contextlib.suppress(FileExistsError)
_IF_POSSIBLE = contextlib.suppress(OSError, OverflowError, ValueError)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# What a place answers when the names above or below it are in the way.
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENOTEMPTY, errno.EEXIST, errno.ENAMETOOLONG}
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EROFS, errno.EACCES}


def is_in_the_way(error: OSError) -> bool:
    """Whether a file could not be written because of what its name, or one above it, is taken for."""
    return error.errno in _IN_THE_WAY


def fault_of(path: str) -> str | None:
    """Say why a server's path cannot be a path here, or None: every part must be a plain name."""
    if len(path) > MAX_PATH_BYTES or len(_bytes(path)) > MAX_PATH_BYTES:
        return "its path is too long"
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        return "it is too deep"
    for part in parts:
        if part in {"", ".", ".."} or "\0" in part:
            return "its path is not a plain one"
        if len(part) > MAX_PART_BYTES // 4 and len(_bytes(part)) > MAX_PART_BYTES:
            return "its name is too long"
    if not path.isascii() and any("\ud800" <= letter <= "\udfff" for letter in path):
        return "its name is not valid Unicode"
    return None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class Mirror:
    """The files of one store's mirror. All paths are checked ones (`fault_of`) relative to the root.

    Args:
        folder: The store's folder in the cache.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = str(folder / "metadata") + "/"
        self._staging = str(folder / "staging") + "/"
        self._made: set[str] = set()
        self._staged = 0

    def prepare(self) -> None:
        """Make the folders, and empty the one for staging. Only when no journal is open."""
        self._made.clear()
        self._staged = 0
        shutil.rmtree(self._staging, ignore_errors=True)
        for folder in (self._place, self._staging):
            os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - strings: there are many files

    def staging_place(self, name: str) -> str:
        """Return where a file can be that no staged one has the name of, and that `prepare` clears away."""
        return self._staging + name

    def place(self, path: str, data: bytes, mtime_ns: int) -> str:
        """Write a file that the index does not know; return the staged name, empty when it is in its place.

        Raises:
            OSError: It cannot be written.
        """
        try:
            self.put(path, data, mtime_ns)
        except OSError as error:
            if not is_in_the_way(error):
                raise
            return self.stage(data, mtime_ns)
        return ""

    def put(self, path: str, data: bytes, mtime_ns: int) -> None:
        """Write a file that the index does not know.

        Raises:
            OSError: It cannot be written; `is_in_the_way` tells whether it is for other names.
        """
        parent, _, _ = path.rpartition("/")
        if parent not in self._made:
            self._make(parent)
        _write(self._place + path, data, mtime_ns)

    def stage(self, data: bytes, mtime_ns: int) -> str:
        """Write a file that will replace another, and return its name in staging.

        Raises:
            OSError: It cannot be written.
        """
        self._staged += 1
        name = str(self._staged)
        _write(self._staging + name, data, mtime_ns)
        return name

    def _make(self, folder: str) -> None:
        parent, _, _ = folder.rpartition("/")
        if parent and parent not in self._made:
            self._make(parent)
        with _IF_MISSING:
            os.mkdir(self._place + folder, 0o700)  # noqa: PTH102 - as above
        if len(self._made) > _MANY_FOLDERS:
            self._made.clear()
        self._made.add(folder)

    def read(self, path: str, staged: str | None, size: int) -> bytes | None:
        """Return a file's content, None when it is not there as the index knows it."""
        place = self._staging + staged if staged else self._place + path
        try:
            descriptor = os.open(place, _READ)
        except OSError:
            return None
        try:
            # One byte more than wanted tells a file that has grown.
            data = os.read(descriptor, size + 1)
            while len(data) < size and (more := os.read(descriptor, size + 1 - len(data))):
                data += more
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return data if len(data) == size else None

    def replay(self, steps: Iterable[tuple[str | None, str]]) -> list[str]:
        """Do what a commit left to be done; a second time changes nothing. Removals come first.

        Args:
            steps: A staged name or None, and the path that it becomes or that goes.

        Returns:
            Paths that could not be put into place and are lost: the next sync has to bring them again.

        Raises:
            OSError: The disk is in the way for now; replay again.
        """
        self._made.clear()
        lost = []
        for staged, path in steps:
            if staged is None:
                self.discard(path)
            elif not self._settle(staged, path):
                lost.append(path)
        return lost

    def _settle(self, staged: str, path: str) -> bool:
        source, target = self._staging + staged, self._place + path
        if not os.path.lexists(source):
            return True
        try:
            os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - as above
            os.rename(source, target)  # noqa: PTH104 - as above
        except OSError as error:
            if error.errno in _PASSING:
                raise
            return False
        return True

    def discard(self, path: str) -> None:
        """Remove a file, and the folders above it that are empty then."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
            os.unlink(self._place + path)  # noqa: PTH108 - as above
        parent = path
        while parent := parent.rpartition("/")[0]:
            try:
                os.rmdir(self._place + parent)  # noqa: PTH106 - as above
            except OSError:
                break
        self._made.clear()

    def sweep(self, is_known: Callable[[str], bool]) -> None:
        """Remove every file that the index does not know."""
        for path, _ in self.walk():
            if not is_known(path):
                self.discard(path)

    def walk(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the regular files that are there; no link is followed."""
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(self._place + folder) as entries:
                    found = list(entries)
            except OSError:
                continue
            for entry in found:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)
                elif stat.S_ISREG((status := entry.stat(follow_symlinks=False)).st_mode):
                    yield path, status


def _write(place: str, data: bytes, mtime_ns: int) -> None:
    descriptor = os.open(place, _WRITE, 0o600)
    try:
        written = os.write(descriptor, data)
        while written < len(data):
            written += os.write(descriptor, data[written:])
        # A rebuilt index takes the source's time from here. One that this disk cannot hold costs a transfer.
        with _IF_POSSIBLE:
            os.utime(descriptor, ns=(mtime_ns, mtime_ns))
    finally:
        os.close(descriptor)
