"""Runicorn's own lock of an artifact: ``flock`` on the file ``.lock`` in its folder.

This is what the package ``filelock``, which Runicorn uses, does on Unix. Some of its releases remove the
file when they let go, and so does Runicorn after a failed save; so a lock counts only if the file that was
locked is still the one at the path. We leave the file where it is.
"""

import errno
import fcntl
import os
import time
from contextlib import contextmanager
from typing import Iterator

from .failures import Failure

NAME = ".lock"
WAIT_S = 10.0
POLL_S = 0.05

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK)
_NONE = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)


@contextmanager
def locked(folder: int, path: str, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock of the artifact whose folder is open.

    Args:
        folder: The folder's descriptor.
        path: The folder's path, for messages.
        wait_s: How many seconds to wait for whoever has it.

    Raises:
        Failure: ``store_locked``; ``remote_unsupported`` where the file system knows no locks.
        OSError: The lock file cannot be opened.
    """
    deadline = time.monotonic() + wait_s
    while True:
        fd = os.open(NAME, _FLAGS, 0o666, dir_fd=folder)
        try:
            if _try(fd, path) and _is_at_its_place(fd, folder):
                yield
                return
        finally:
            os.close(fd)
        if time.monotonic() > deadline:
            lock = os.path.join(path, NAME)
            raise Failure("store_locked", f"cannot change {path}: another program holds {lock}", path=lock)
        time.sleep(POLL_S)


def _try(fd: int, path: str) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NONE:
            reason = "its file system has no locks, so a save at the same time could be lost"
            raise Failure("remote_unsupported", f"cannot change {path}: {reason}")
        if error.errno not in _HELD:
            raise
        return False
    return True


def _is_at_its_place(fd: int, folder: int) -> bool:
    ours = os.fstat(fd)
    try:
        there = os.stat(NAME, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
