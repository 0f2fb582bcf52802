"""A viewer small enough for tests: ``far_viewer.py FD [mode...]`` answers HTTP on an inherited socket.

Modes: ``crash`` exits with status 3 after a word; ``stubborn`` ignores SIGTERM; ``parent`` starts a child
that outlives it; ``flood N`` prints N MiB; ``tick`` prints a line for every request.
"""

import http.server
import os
import signal
import socket
import subprocess
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if "tick" in sys.argv:
            print(f"asked for {self.path}", flush=True)
        body = os.environ.get("RUNICORN_DIR", "").encode("utf-8", "surrogateescape")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "somebody"

    def log_message(self, *_):
        pass


def main():
    print("here I am", flush=True)
    if "crash" in sys.argv:
        print("no reason to live", file=sys.stderr, flush=True)
        sys.exit(3)
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "parent" in sys.argv:
        subprocess.Popen(["sleep", "300"])
    if "flood" in sys.argv:
        for _ in range(int(sys.argv[-1])):
            print(("x" * 63 + "\n") * 16384, end="", flush=True)
    fd = int(sys.argv[1])
    family = socket.socket(fileno=os.dup(fd)).family
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(family, socket.SOCK_STREAM, fileno=fd)
    print("ready", flush=True)
    server.serve_forever()


main()
