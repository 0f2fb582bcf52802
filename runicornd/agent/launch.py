"""Starts a keeper: a fresh interpreter that gets its program and its order through a socket."""

import socket
import subprocess
import sys
from typing import Dict

from . import payload
from .failures import Failure, from_os
from .orders import Order, as_line

START_S = 10
"""Seconds in which the keeper must have taken its program, and its first process must have ended."""


def launch(order: Order, sources: Dict[str, str]) -> socket.socket:
    """Start the keeper of a viewer and return the connection to it; its answer is still to come.

    Raises:
        Failure: ``agent_failed``: no process could be started.
    """
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = _run(order.session, theirs)
        ours.settimeout(START_S)
        ours.sendall(payload.pack(sources, "keeper") + as_line(order))
        process.wait(START_S)
    except (OSError, subprocess.SubprocessError) as error:
        ours.close()
        raise (
            from_os(error, "start the keeper")
            if isinstance(error, OSError)
            else Failure("agent_failed", f"cannot start the keeper: {error}")
        )
    return ours


def _run(session: str, connection: socket.socket) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, *payload.OPTIONS, payload.BOOT, "rb", "runicornd-keeper", session],
        stdin=connection.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
