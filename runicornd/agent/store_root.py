"""Opens files below a storage root, and never one that is outside of it."""

import errno
import os
import stat
from typing import List, Optional, Tuple

from .failures import Failure, from_os

_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A named pipe in the place of a file must not hold us up.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_LAST_NS = 2**63 - 1
_LINK = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)


class Root:
    """A storage root.

    Raises:
        Failure: ``root_not_found``, ``permission_denied``.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        try:
            self._fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self.is_empty()
        except (OSError, ValueError) as error:
            raise _no_root(path, error)
        self._found = os.fstat(self._fd)
        self._folder = ""
        self._folder_fd = self._fd

    def is_empty(self) -> bool:
        """Whether there is nothing at all in the root."""
        with os.scandir(self.path) as entries:
            return next(iter(entries), None) is None

    def check(self) -> None:
        """See whether the root is still there: what vanishes with it has not been deleted.

        Raises:
            Failure: ``root_not_found``.
        """
        try:
            found = os.stat(self.path)
            self.is_empty()
        except OSError as error:
            raise _no_root(self.path, error)
        if (found.st_dev, found.st_ino) != (self._found.st_dev, self._found.st_ino):
            raise Failure("root_not_found", f"cannot read {self.path}: it was replaced meanwhile")

    def leads_out(self, path: str) -> bool:
        """Whether an absolute path, its links followed, is outside of the root."""
        return self._within(os.path.realpath(path)) is None

    def open(self, path: str) -> Tuple[int, os.stat_result]:
        """Open a regular file by its path relative to the root; links may lead from inside to inside.

        Raises:
            Failure: ``file_missing``: it is no such file, or outside of the root.
            OSError: The system's refusal.
        """
        parts = path.split("/")
        if not all(parts) or "." in parts or ".." in parts:
            raise Failure("file_missing", f"cannot read {path}: no path within the storage root")
        try:
            fd = self._open(parts)
        except OSError as error:
            if error.errno not in _LINK:
                raise
            inside = self._within(os.path.realpath(os.path.join(self.path, path)))
            if not inside:
                raise Failure("file_missing", f"cannot read {path}: it leads out of the storage root")
            fd = self._open(inside)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise Failure("file_missing", f"cannot read {path}: no regular file")
        return fd, found

    def _within(self, real: str) -> Optional[List[str]]:
        """The parts of a path below the root; None outside of it."""
        if real == self.path:
            return []
        above = self.path.rstrip("/") + "/"
        return real[len(above) :].split("/") if real.startswith(above) else None

    def _open(self, parts: List[str]) -> int:
        folder = "/".join(parts[:-1])
        is_fresh = folder != self._folder
        if is_fresh:
            self._enter(folder, parts[:-1])
        try:
            return os.open(parts[-1], _FILE, dir_fd=self._folder_fd)
        except FileNotFoundError:
            if is_fresh:
                raise
        self._enter(folder, parts[:-1])  # It may be another folder than the one that is held open.
        return os.open(parts[-1], _FILE, dir_fd=self._folder_fd)

    def _enter(self, folder: str, parts: List[str]) -> None:
        """Hold a folder open: the next file is often in the same."""
        if self._folder_fd != self._fd:
            os.close(self._folder_fd)
        self._folder, self._folder_fd = "", self._fd
        fd = self._fd
        for part in parts:
            try:
                deeper = os.open(part, _FOLDER, dir_fd=fd)
            finally:
                if fd != self._fd:
                    os.close(fd)
            fd = deeper
        self._folder, self._folder_fd = folder, fd


def time_of(found: os.stat_result) -> int:
    """When a file was modified, in nanoseconds that fit into 64 bits; never 0, which stands for a problem."""
    modified = found.st_mtime_ns
    return modified if 0 < modified <= _LAST_NS else max(-_LAST_NS, min(modified, _LAST_NS)) or 1


def _no_root(path: str, error: Exception) -> Failure:
    if isinstance(error, PermissionError):
        return from_os(error, f"read the storage root {path}")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    return Failure("root_not_found", f"cannot read the storage root {path}: {reason}", path=path)
