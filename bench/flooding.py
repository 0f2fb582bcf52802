"""A viewer that has as many bytes as one likes, for rows about tunnels; it answers health requests as well.

Its environment looks like one with Runicorn, so that the daemon starts it as it starts the real one.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from bench.standin import environment_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.helpers.runicorn_env import MadeUpHome

PIECE_BYTES = 1024 * 1024
ANSWER_S = 60.0

# Runs as `python -m uvicorn … --fd N`; a thread a connection.
_UVICORN = """\
import json
import os
import socket
import sys
import threading

BODY = json.dumps({"status": "ok", "version": "VERSION", "storage": os.environ["RUNICORN_DIR"]}).encode()
PIECE = os.urandom(1 << 20)
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"


def serve(connection):
    with connection:
        asked = connection.makefile("rb")
        while line := asked.readline():
            while asked.readline().strip():
                pass
            path = line.split()[1]
            if not path.startswith(b"/bytes/"):
                connection.sendall(HEAD % len(BODY) + BODY)
                continue
            left = int(path[7:])
            connection.sendall(HEAD % left)
            while left:
                connection.sendall(PIECE[:left])
                left -= min(left, len(PIECE))


def guarded(connection):
    try:
        serve(connection)
    except OSError:
        pass


listener = socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1]))
while True:
    threading.Thread(target=guarded, args=(listener.accept()[0],), daemon=True).start()
"""


def flooding_viewer(home: MadeUpHome, name: str = "venvs/flooding") -> Path:
    """Make its environment below a home; return its Python."""
    return environment_of(home, name, _UVICORN)


def ask(port: int, size: int) -> socket.socket:
    """Connect to a tunnel and ask for so many bytes; the caller reads and closes."""
    client = socket.create_connection(("127.0.0.1", port), ANSWER_S)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(request(size))
    return client


def request(size: int) -> bytes:
    """The request for so many bytes."""
    return b"GET /bytes/%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % size


def take(client: socket.socket, size: int, room: bytearray) -> None:
    """Read so many bytes of an answer, its head not counted.

    Raises:
        CannotMeasure: They did not come.
    """
    start = b""
    while b"\r\n\r\n" not in start:
        if not (more := client.recv(4096)):
            raise CannotMeasure("the connection ended before the answer")
        start += more
    got = len(start.partition(b"\r\n\r\n")[2])
    while got < size:
        if not (count := client.recv_into(room)):
            raise CannotMeasure(f"the connection ended after {got} of {size} bytes")
        got += count


def fetch(port: int, size: int) -> float:
    """Fetch so many bytes over a new connection; how long it took, in seconds."""
    room = bytearray(PIECE_BYTES)
    began = time.perf_counter()
    with ask(port, size) as client:
        take(client, size, room)
    return time.perf_counter() - began
