"""The peer of the tunnel rows: ``ssh -L``."""

from __future__ import annotations

import contextlib
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from bench.processes import free_port, log_tail, running, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

UP_S = 20


@dataclass(frozen=True)
class Forward:
    """A forward that works: its local port and its process."""

    port: int
    pid: int


@contextlib.contextmanager
def ssh_forward(
    log: Path, ssh_config: Path, alias: str, endpoint: str, options: Sequence[str] = ()
) -> Iterator[Forward]:
    """Forward a local port to a Unix socket of the server for the length of the block.

    Args:
        log: For what it says.
        ssh_config: The OpenSSH configuration with the alias.
        alias: The server.
        endpoint: The viewer's Unix socket there.
        options: More options of ``ssh``.

    Raises:
        CannotMeasure: It does not come up.
    """
    port = free_port()
    argv = ["ssh", "-N", "-F", str(ssh_config), "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"]
    argv += [*options, "-L", f"127.0.0.1:{port}:{endpoint}", alias]
    with running(argv, env=os.environ, log=log) as process:
        try:
            until(lambda: _listens(port), "the forward of ssh -L", UP_S)
        except CannotMeasure as error:
            error.add_note(log_tail(log))
            raise
        yield Forward(port, process.pid)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
