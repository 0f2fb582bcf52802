"""Many SSH servers in one process, for rows that want more hosts than real servers would fit on a machine.

``python -m bench.crowd PORTS KEY`` listens on so many ports, says which as one line of JSON, and serves
whoever has the key. Its agent and its viewers are stand-ins inside this process: the agent
answers the requests that a session makes, the viewers answer health requests. A word on standard input is
answered by one line: ``cut`` drops every connection, ``count`` says what was counted since the last time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import resource
import sys
from typing import Any

import asyncssh

from runicornd.agent.main import PROTOCOL
from tests.helpers.runicorn_env import NEW, PYTHON_VERSION

READY_LINES = b"runicornd-says:here\nrunicornd-says:python\n"
PYTHON = "/opt/standin/bin/python"
ROOT = "/data/runs"
_SIZE = re.compile(rb"start\((\d+),")
_BODY = json.dumps({"status": "ok", "version": NEW, "storage": ROOT}).encode()
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(_BODY)
) + _BODY


class Crowd:
    """All servers of this process, and what is counted of them."""

    def __init__(self) -> None:
        self.open: set[asyncssh.SSHServerConnection] = set()
        self.logging_in = 0
        self.most_logging_in = 0
        self.logins = 0
        self.records: dict[str, dict[str, Any]] = {}

    def cut(self) -> int:
        """Drop every connection; return how many there were."""
        dropped = list(self.open)
        for connection in dropped:
            connection.abort()
        return len(dropped)

    def count(self) -> dict[str, int]:
        """Return what was counted, and begin again."""
        counted = {"logins": self.logins, "most_logging_in": self.most_logging_in}
        self.logins, self.most_logging_in = 0, self.logging_in
        return counted


class Server(asyncssh.SSHServer):
    """One connection."""

    def __init__(self, crowd: Crowd, key: asyncssh.SSHKey) -> None:
        self._crowd = crowd
        self._key = key
        self._is_in = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        crowd = self._crowd
        self._connection = conn
        crowd.open.add(conn)
        crowd.logging_in += 1
        crowd.most_logging_in = max(crowd.most_logging_in, crowd.logging_in)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
        self._crowd.open.discard(self._connection)
        if not self._is_in:
            self._crowd.logging_in -= 1

    def auth_completed(self) -> None:
        self._is_in = True
        self._crowd.logging_in -= 1
        self._crowd.logins += 1

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        return key.public_data == self._key.public_data

    def unix_connection_requested(self, dest_path: str) -> Any:  # noqa: ARG002 - asyncssh's signature
        return _view


async def _view(reader: Any, writer: Any) -> None:
    """A viewer: every request is a health request."""
    with contextlib.suppress(OSError, asyncssh.Error, asyncio.IncompleteReadError):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(_ANSWER)
            await writer.drain()


class Agent:
    """The agent of one connection, as far as sessions need it."""

    def __init__(self, crowd: Crowd) -> None:
        self._records = crowd.records

    async def run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """Take the program, greet, and answer until the input ends."""
        with contextlib.suppress(OSError, asyncssh.Error, asyncio.IncompleteReadError):
            process.stdout.write(READY_LINES)
            found = _SIZE.search(await process.stdin.readline())
            if found is not None:
                await process.stdin.readexactly(int(found.group(1)))
                self._say(process, _GREETING)
                while line := await process.stdin.readline():
                    request = json.loads(line)
                    answer = getattr(self, "_" + request["method"].replace(".", "_"))
                    self._say(process, {"id": request["id"], "result": answer(request["params"])})
        process.exit(0)

    def _say(self, process: asyncssh.SSHServerProcess[bytes], message: object) -> None:
        process.stdout.write(json.dumps(message).encode() + b"\n")

    def _ping(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _environments_list(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {
            "environments": [
                {
                    "name": "standin",
                    "kind": "venv",
                    "prefix": "/opt/standin",
                    "python": PYTHON,
                    "python_version": PYTHON_VERSION,
                    "packages": {"runicorn": NEW},
                }
            ],
            "storage_root": {"path": ROOT, "source": "default", "exists": True, "readable": True},
        }

    def _viewer_start(self, params: dict[str, Any]) -> dict[str, Any]:
        folder = f"/tmp/runicornd-1000/{params['instance']}"
        record = {
            "instance": params["instance"],
            "session": params["session"],
            "pid": 4711,
            "start_time": "4711",
            "boot_id": _GREETING["boot_id"],
            "keeper_pid": 4712,
            "endpoint": f"{folder}/viewer",
            "transport": "unix",
            "log": f"{folder}/log",
            "root": params["root"],
            "started": 1.0,
        }
        self._records[params["instance"]] = record
        return record

    def _viewer_attach(self, params: dict[str, Any]) -> dict[str, Any]:
        record = self._records.get(params["instance"])
        return {"alive": True, "record": record} if record else {"alive": False}

    def _viewer_stop(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"stopped": self._records.pop(params["instance"], None) is not None}

    def _viewer_list(self, _params: dict[str, Any]) -> dict[str, Any]:
        return {"viewers": list(self._records.values())}


_GREETING = {
    "agent": PROTOCOL,
    "python": PYTHON_VERSION,
    "platform": "linux",
    "user": "ada",
    "uid": 1000,
    "home": "/home/ada",
    "boot_id": "0b0b0b0b-0000-4000-8000-000000000000",
    "pid": 4710,
}


async def serve(ports: int, key_file: str) -> None:
    """Listen, say where, and obey standard input until it ends."""
    crowd, key = Crowd(), asyncssh.read_private_key(key_file)
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    listeners = [
        await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[host_key],
            server_factory=lambda: Server(crowd, key),
            process_factory=lambda process: Agent(crowd).run(process),
            encoding=None,
            keepalive_interval=0,
        )
        for _ in range(ports)
    ]
    public = " ".join(host_key.export_public_key().decode().split()[:2])
    _say({"ports": [listener.get_port() for listener in listeners], "key": public})
    words = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
    while word := await words.readline():
        _say({"cut": crowd.cut()} if word.strip() == b"cut" else crowd.count())


def _say(message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
