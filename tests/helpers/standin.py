"""Environments that look like ones with Runicorn and run a viewer that starts in no time, or fails to.

The viewer is a module ``uvicorn`` of the standard library alone, so nothing has to be installed.
"""

import os
import re
import shutil
from pathlib import Path

from tests.helpers.runicorn_env import NEW, base_python

SERVES = """
import http.server, json, os, socket, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok", "storage": os.environ["RUNICORN_DIR"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "somebody"

    def log_message(self, *_):
        pass

descriptor = int(sys.argv[sys.argv.index("--fd") + 1])
listener = socket.socket(fileno=descriptor)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = listener
print("stand-in serves", flush=True)
server.serve_forever()
"""

MISSES_A_PACKAGE = """
print("loading the application", flush=True)
import fastapi_that_nobody_has
"""

EXITS = """
import sys
print("reading the configuration", flush=True)
sys.exit("the database is locked by process 4711")
"""

HANGS = """
import time
print("waiting for a lock", flush=True)
time.sleep(600)
"""

FILLS_THE_DISK = """
import os
with open(os.path.join(os.environ["RUNICORN_DIR"], "index.db"), "wb") as file:
    for _ in range(1024):
        file.write(bytes(65536))
        file.flush()
"""


def stand_in(home, name="envs/train", viewer=SERVES, *, python=None):
    """Make such an environment in a folder below a home; return its Python.

    Args:
        home: The home's path.
        name: The environment's folder, bytes where it is not UTF-8.
        viewer: The source of its viewer.
        python: The interpreter that it is made from, ``base_python`` by itself.
    """
    python = Path(python or base_python())
    minor = re.search(r"3\.\d+", python.resolve().name).group()
    prefix = Path(home, os.fsdecode(name))
    site = prefix / "lib" / f"python{minor}" / "site-packages"
    package, info = site / "uvicorn", site / f"runicorn-{NEW}.dist-info"
    for folder in (prefix / "bin", package, info):
        folder.mkdir(parents=True)
    (prefix / "bin" / "python3").symlink_to(python)
    (prefix / "bin" / "python").symlink_to("python3")
    (prefix / "pyvenv.cfg").write_text(f"home = {python.parent}\nversion = {minor}.0\n")
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(viewer)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: runicorn\nVersion: {NEW}\n")
    return prefix / "bin" / "python3"


def system_python():
    """An interpreter that every account may run; None when there is none."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin")
