"""A lock that one process of this machine can hold: a held ``flock`` on a file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class LockHeld(Exception):
    """Another process holds the lock. ``pid`` is that process, or None when it has not said yet."""

    def __init__(self, path: Path, pid: int | None) -> None:
        super().__init__(f"cannot lock {path}: process {pid or 'of unknown number'} holds it")
        self.path = path
        self.pid = pid


class LockFile:
    """The lock ends with the process, however it ends; the file stays, and holds the pid.

    Args:
        path: The file, made with mode 0600; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock without waiting.

        Raises:
            LockHeld: Another process, or another ``LockFile`` of this one, holds it.
            OSError: The file cannot be opened.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_pid(descriptor)
        except BlockingIOError as error:
            pid = _read_pid(descriptor)
            os.close(descriptor)
            raise LockHeld(self._path, pid) from error
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back. Safe to call again."""
        if self._descriptor is None:
            return
        # The file is not removed: a process that has it open would then hold a lock that no one sees.
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _write_pid(descriptor: int) -> None:
    # For messages only: the lock holds without it, also on a full disk.
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def _read_pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() else None
