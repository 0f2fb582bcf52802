"""Reaching the daemon."""

from __future__ import annotations

from runicornctl.client import CONNECT_S, Client
from runicornctl.failure import DaemonNotRunning, Failure
from runicornd.protocol.exits import Exit
from runicornd.protocol.paths import (
    MAX_SOCKET_PATH_BYTES,
    SOCKET_VARIABLE,
    fits,
    folder_problem,
    socket_path,
)


def open_client(timeout_s: float = CONNECT_S) -> Client:
    """Connect to the running daemon.

    Raises:
        DaemonNotRunning: There is none.
        Failure: It speaks another protocol, or its socket's path or folder will not do.
    """
    path = socket_path()
    if not fits(path):
        raise Failure(
            f"cannot use the socket {path}: its path is longer than {MAX_SOCKET_PATH_BYTES} bytes",
            kind="config_invalid",
            hint=f"set {SOCKET_VARIABLE} to a shorter path",
            code=Exit.NO_DAEMON,
        )
    if path.parent.exists() and (problem := folder_problem(path.parent)):
        raise Failure(
            f"cannot trust the daemon's socket: {problem}",
            kind="socket_unsafe",
            hint="the folder must be yours alone: chmod 700",
        )
    return Client(str(path), timeout_s=timeout_s)


def try_open() -> Client | None:
    """Connect to the daemon; None when it is not running, or is ending just now.

    Raises:
        Failure: As ``open_client``, apart from that.
    """
    try:
        return open_client()
    except DaemonNotRunning:
        return None
    except Failure as failure:
        if failure.kind in {"shutting_down", "connection_lost"}:
            return None
        raise
