"""A folder that files come into, whose contents are named by somebody else.

Every path is walked by component from the folder's own descriptor and no symbolic link is followed, so
that nothing comes to lie outside. Blocking; meant for a thread.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import stat
from collections import OrderedDict
from typing import TYPE_CHECKING, Self

from runicornd.errors import LocalDiskFull, PlaceUnwritable

if TYPE_CHECKING:
    from pathlib import Path

OPEN_FOLDERS = 64
NAME_BYTES = 255
PATH_BYTES = 4096
PART = ".part"
OWN_PART = ".runicornd.part"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class TargetFolder:
    """``with TargetFolder(path) as folder:`` keeps it open.

    Args:
        root: The folder. It is there, and the user vouches for the way to it.

    Raises:
        PlaceUnwritable: Of every method: a name cannot be, or the system refuses.
        LocalDiskFull: Of those that write.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._open: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._root = -1

    def __enter__(self) -> Self:
        try:
            self._root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise refused(str(self.root), error) from error
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            os.close(self._open.popitem()[1])
        os.close(self._root)

    def look(self, path: str) -> os.stat_result | None:
        """What is at the path, a symbolic link as itself; None when there is nothing."""
        *folders, name = parts_of(path)
        try:
            return os.stat(name, dir_fd=self._folder(tuple(folders), make=False), follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise refused(path, error) from error

    def read(self, path: str) -> int:
        """Open a regular file for reading; return its descriptor."""
        return self._opened(path, os.O_RDONLY)

    def append(self, path: str) -> int:
        """Open a regular file to write on at its end; return its descriptor."""
        return self._opened(path, os.O_RDWR | os.O_APPEND)

    def create(self, path: str) -> int:
        """Make a file, and the folders to it; what was there before must be ours and is removed."""
        *folders, name = parts_of(path)
        try:
            folder = self._folder(tuple(folders), make=True)
            try:
                return os.open(name, _NEW, 0o666, dir_fd=folder)
            except FileExistsError:
                os.unlink(name, dir_fd=folder)
                return os.open(name, _NEW, 0o666, dir_fd=folder)
        except OSError as error:
            raise refused(path, error) from error

    def move(self, path: str, to: str) -> None:
        """Rename a file within its folder, over what is there."""
        *folders, name = parts_of(path)
        folder = self._folder(tuple(folders), make=False)
        try:
            os.rename(name, parts_of(to)[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except OSError as error:
            raise refused(to, error) from error

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        *folders, name = parts_of(path)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            try:
                os.unlink(name, dir_fd=self._folder(tuple(folders), make=False))
            except (FileNotFoundError, NotADirectoryError):
                raise
            except OSError as error:
                raise refused(path, error) from error

    def sync(self) -> None:
        """Make the renames in the folders that are open survive a power cut, where the system can."""
        for descriptor in (self._root, *self._open.values()):
            with contextlib.suppress(OSError):
                os.fsync(descriptor)

    def _opened(self, path: str, flags: int) -> int:
        *folders, name = parts_of(path)
        # Without waiting: it may be a FIFO.
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        try:
            descriptor = os.open(name, flags, dir_fd=self._folder(tuple(folders), make=False))
        except OSError as error:
            raise refused(path, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise in_the_way(path)
        return descriptor

    def _folder(self, folders: tuple[str, ...], *, make: bool) -> int:
        """The descriptor of a folder below the root; it stays ours to close."""
        if not folders:
            return self._root
        known = self._open.get(folders)
        if known is not None:
            self._open.move_to_end(folders)
            return known
        above = self._folder(folders[:-1], make=make)
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folders[-1], dir_fd=above)
        descriptor = os.open(folders[-1], _FOLDER, dir_fd=above)
        self._open[folders] = descriptor
        if len(self._open) > OPEN_FOLDERS:
            os.close(self._open.popitem(last=False)[1])
        return descriptor


@functools.lru_cache(maxsize=4096)
def parts_of(path: str) -> tuple[str, ...]:
    """The components of a relative path.

    Raises:
        PlaceUnwritable: It would lead out of the folder, or cannot be a path here.
    """
    parts = tuple(path.split("/"))
    try:
        sizes = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError:
        sizes = [NAME_BYTES + 1]
    if (
        "\0" in path
        or any(part in {"", ".", ".."} for part in parts)
        or max(sizes) > NAME_BYTES
        or sum(sizes) + len(sizes) > PATH_BYTES
    ):
        raise PlaceUnwritable(
            f"cannot write {path[:200]!r}: it is no path of a file within a folder",
            hint="the store has a name that cannot be used here",
        )
    return parts


def part_of(path: str, suffix: str = PART) -> str:
    """Where a file is written before it is whole: beside its place."""
    folder, slash, name = path.rpartition("/")
    room = NAME_BYTES - len(suffix)
    while len(os.fsencode(name)) > room:
        name = name[:-1]
    return f"{folder}{slash}{name}{suffix}"


def in_the_way(path: str) -> PlaceUnwritable:
    """The error for something at a file's place that is not ours to replace."""
    return PlaceUnwritable(
        f"cannot write {path!r}: something else of that name is there",
        hint="move it away, or download into another folder (--to)",
        file=path,
    )


def refused(path: str, error: OSError) -> LocalDiskFull | PlaceUnwritable:
    """The error for what the system said."""
    why = error.strerror or str(error)
    if error.errno in _FULL:
        return LocalDiskFull(
            f"cannot write {path!r}: {why}",
            hint="make room on this machine, then start the download again: it goes on where it was",
            file=path,
        )
    if error.errno in {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO}:
        return in_the_way(path)
    return PlaceUnwritable(
        f"cannot write {path!r}: {why}",
        hint="see that the folder is yours to write, or choose another one (--to)",
        file=path,
    )
