"""The daemon's listening Unix socket: private, and free of what a killed daemon left behind."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runicornd.errors import AlreadyRunning, ConfigInvalid, LocalError, StateUnwritable
from runicornd.protocol.paths import MAX_SOCKET_PATH_BYTES, SOCKET_VARIABLE, fits, folder_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BACKLOG = 128
_PROBE_S = 1.0


def bind_private(path: Path) -> socket.socket:
    """Listen at the path. Call it only while holding the daemon's lock.

    The folder is made with mode 0700 if it is missing; a socket that nobody answers on is replaced.

    Raises:
        ConfigInvalid: The path is too long for a Unix socket.
        StateUnwritable: The folder cannot be made or is open to others, or something else has that name.
        AlreadyRunning: Somebody answers there.
    """
    if not fits(path):
        raise ConfigInvalid(
            f"cannot listen at {path}: the path is longer than {MAX_SOCKET_PATH_BYTES} bytes",
            hint=f"set {SOCKET_VARIABLE} to a shorter path",
        )
    try:
        with _private_umask():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_folder(path.parent)
            _remove_stale(path)
            return _listen(path)
    except OSError as exc:
        raise StateUnwritable(
            f"cannot listen at {path}: {exc.strerror}", hint=f"check {path.parent}, or set {SOCKET_VARIABLE}"
        ) from exc


def unbind(path: Path, inode: int) -> None:
    """Remove the socket, unless another daemon has put its own there."""
    with contextlib.suppress(OSError):
        if path.lstat().st_ino == inode:
            path.unlink()


@contextmanager
def _private_umask() -> Iterator[None]:
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _check_folder(folder: Path) -> None:
    problem = folder_problem(folder)
    if problem:
        raise StateUnwritable(
            f"cannot use {folder} for the socket: {problem}",
            hint=f"run 'chmod 700 {folder}' if it is yours, or set {SOCKET_VARIABLE} to a path elsewhere",
        )


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise _in_the_way(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(os.fspath(path))
        except OSError as exc:
            if exc.errno not in {errno.ECONNREFUSED, errno.ENOENT}:
                raise
        else:
            raise AlreadyRunning(
                f"cannot listen at {path}: another daemon answers there",
                hint="stop it with 'runicornctl daemon stop'",
            )
    path.unlink(missing_ok=True)


def _in_the_way(path: Path) -> LocalError:
    return StateUnwritable(
        f"cannot listen at {path}: something that is no socket has that name",
        hint=f"move it away, or set {SOCKET_VARIABLE} to a path elsewhere",
    )


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
