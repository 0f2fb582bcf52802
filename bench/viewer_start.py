"""The floor of everything that starts a viewer: its own start, without SSH and without us."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from bench.processes import running
from bench.timing import seconds
from runicornd.viewers.kinds.runicorn import Runicorn

if TYPE_CHECKING:
    from pathlib import Path

VIEWER_START_S = 60


def viewers_own_start(python: Path, root: Path, folder: Path) -> float:
    """Start it as our keeper does, on a socket that it inherits, and wait for its first answer."""
    path = folder / "own.sock"
    kind = Runicorn()
    environment = {**os.environ, "HOME": str(folder / "home"), **kind.environment(str(root))}
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
        stack.callback(path.unlink)
        listener.bind(str(path))
        listener.listen()
        argv = [word.replace("{fd}", str(listener.fileno())) for word in kind.argv(str(python))]

        def start_and_ask() -> None:
            fds = [listener.fileno()]
            stack.enter_context(running(argv, env=environment, log=folder / "own.log", pass_fds=fds))
            _ask(path, kind.health_path)

        return seconds(start_and_ask)


def _ask(path: Path, health_path: str) -> None:
    """One request, which waits in the socket's queue until somebody accepts."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(VIEWER_START_S)
        client.connect(str(path))
        client.sendall(f"GET {health_path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = client.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise CannotMeasure(f"the viewer answered {answer[:80]!r}")
