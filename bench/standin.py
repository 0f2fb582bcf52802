"""A viewer that weighs little, for rows that want many: it answers health requests and does nothing else.

Its environment looks like one with Runicorn, so that the daemon starts it as it starts the real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.helpers.runicorn_env import NEW, SITE, MadeUpHome

if TYPE_CHECKING:
    from pathlib import Path

# Runs as `python -m uvicorn … --fd N`; a thread a connection, few of which there are.
_UVICORN = """\
import http.server
import json
import os
import socket
import sys

BODY = json.dumps({"status": "ok", "version": "VERSION", "storage": os.environ["RUNICORN_DIR"]}).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass

    def address_string(self):
        return "client"


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, listener):
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def get_request(self):
        connection, _ = self.socket.accept()
        return connection, ("client", 0)


Server(socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1]))).serve_forever()
"""


def stand_in(home: MadeUpHome, name: str = "venvs/standin") -> Path:
    """Make its environment below a home; return its Python."""
    return environment_of(home, name, _UVICORN)


def environment_of(home: MadeUpHome, name: str, program: str) -> Path:
    """Make an environment whose viewer is this program, where VERSION stands for its version."""
    python = home.venv(name, claims=NEW)
    package = python.parent.parent / SITE / "uvicorn"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(program.replace("VERSION", NEW))
    return python
