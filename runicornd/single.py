"""One daemon for each user: the lock that the running one holds."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from runicornd._lib.lockfile import LockFile, LockHeld
from runicornd.errors import AlreadyRunning, StateUnwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_NAME = "daemon.lock"


@contextmanager
def only_daemon(folder: Path) -> Iterator[None]:
    """Be the only daemon of this state folder for the length of the block.

    Raises:
        AlreadyRunning: Another one runs.
        StateUnwritable: The folder cannot be made or used.
    """
    lock = LockFile(folder / LOCK_NAME)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except LockHeld as error:
        raise AlreadyRunning(
            f"cannot start the daemon: it runs already (process {error.pid or 'unknown'})",
            hint="'runicornctl status' talks to it; 'runicornctl daemon stop' ends it",
        ) from error
    except OSError as error:
        raise StateUnwritable(
            f"cannot use the state folder {folder}: {error.strerror}",
            hint="make room there and see that it is yours to write",
        ) from error
    try:
        yield
    finally:
        lock.release()
