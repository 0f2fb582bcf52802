"""A plain client of the control plane: one call after the other, each with a time limit."""

import itertools
import json
import socket

PATIENCE_S = 60.0


class Calls:
    """``with Calls(laptop.socket) as call: call("artifacts.list", limit=10)`` gives the result."""

    def __init__(self, path):
        self._path = path
        self._ids = itertools.count(1)

    def __enter__(self):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(str(self._path))
        self._lines = self._socket.makefile("rb")
        self("daemon.hello", client="test", version="1", protocol=[1, 1])
        return self

    def __exit__(self, *_):
        self._lines.close()
        self._socket.close()

    def __call__(self, method, **params):
        reply = self.reply(method, **params)
        assert "result" in reply, reply
        return reply["result"]

    def error(self, method, **params):
        """The error of a call that must fail, with its ``kind``."""
        reply = self.reply(method, **params)
        assert "error" in reply, reply
        return {"message": reply["error"]["message"], **(reply["error"].get("data") or {})}

    def reply(self, method, **params):
        """The whole answer."""
        number = next(self._ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self._socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            line = self._lines.readline()
            assert line, "the daemon hung up"
            answer = json.loads(line)
            if answer.get("id") == number:
                return answer

    def pages(self, method, key, **params):
        """Everything that a paged method has."""
        found, cursor = [], None
        while True:
            page = self(method, **params, **({"cursor": cursor} if cursor else {}))
            found += page[key]
            cursor = page["next"]
            if cursor is None:
                return found
