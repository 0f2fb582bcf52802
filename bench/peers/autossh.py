"""The peer of ``reconnect``: autossh, which starts ``ssh -L`` again whenever it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from bench.processes import answers, free_port, log_tail, running, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UP_S = 20
# As ours asks by itself: every 5 s, three times.
_OPTIONS = ("ServerAliveInterval=5", "ServerAliveCountMax=3", "ExitOnForwardFailure=yes", "BatchMode=yes")


@contextlib.contextmanager
def autossh(folder: Path, ssh_config: Path, alias: str, endpoint: str, health_path: str) -> Iterator[str]:
    """Forward a local port for the length of the block; yields the URL, which answers.

    Args:
        folder: For its log.
        ssh_config: The OpenSSH configuration with the alias.
        alias: The server.
        endpoint: The viewer's Unix socket there.
        health_path: What is asked for.

    Raises:
        CannotMeasure: autossh is not installed, or the forward does not come up.
    """
    program = shutil.which("autossh")
    if program is None:
        raise CannotMeasure("autossh is not installed")
    port, log = free_port(), folder / "autossh.log"
    options = [word for option in _OPTIONS for word in ("-o", option)]
    forward = ["-L", f"127.0.0.1:{port}:{endpoint}"]
    argv = [program, "-M", "0", "-N", "-F", str(ssh_config), *options, *forward, alias]
    # Without this a first connection that ends within 30 s ends autossh as well.
    environment = {**os.environ, "AUTOSSH_GATETIME": "0"}
    with running(argv, env=environment, log=log):
        url = f"http://127.0.0.1:{port}{health_path}"
        try:
            until(lambda: answers(url), "autossh's forward", UP_S)
        except CannotMeasure as error:
            error.add_note(log_tail(log))
            raise
        yield url
