"""The real daemon's socket, met by clients that do not keep to the contract."""

import contextlib
import json
import os
import pwd
import socket
import subprocess
import sys

import pytest

from runicornd.protocol.framing import MAX_LINE_BYTES
from tests.helpers.faults import Traces, refused
from tests.helpers.waiting import until
from tests.helpers.wire import WireClient

AS_NOBODY = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
client = socket.socket(socket.AF_UNIX)
client.settimeout(5)
client.connect(sys.argv[1])
try:
    client.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "daemon.shutdown", "params": {}}\\n')
except BrokenPipeError:  # it did not even listen
    pass
try:
    while data := client.recv(65536):
        sys.stdout.buffer.write(data)
except ConnectionResetError:
    pass
"""


@pytest.fixture
def untouched(laptop):
    """Afterwards the daemon is well, and nothing was added."""
    before = Traces(laptop)
    yield
    before.nothing_added()
    until(lambda: laptop.run("status").code == 0, "a daemon that serves")


pytestmark = pytest.mark.usefixtures("untouched")


@pytest.mark.parametrize(
    "line", [b"{", b"\x00\xff", b'{"jsonrpc": "2.0", "id": 1, "method":', b"[" * 100_000, b"GET / HTTP/1.1\r"]
)
async def test_malformed_json(laptop, line):
    """It is a parse error in JSON-RPC's own terms, and the connection goes on."""
    async with WireClient(laptop.socket) as client:
        await client.write(line + b"\n")
        reply = await client.read()
        assert (reply["id"], reply["error"]["code"]) == (None, -32700)
        assert reply["error"]["data"]["kind"] == "parse_error"
        assert reply["error"]["data"]["hint"]
        assert "result" in await client.request("daemon.status")


async def test_an_oversized_line(laptop):
    """It is refused as soon as it is too long, whatever would follow, and the connection ends."""
    async with WireClient(laptop.socket) as client:
        await client.write(b"x" * (MAX_LINE_BYTES + 1))
        reply = await client.read()
        assert (reply["id"], reply["error"]["data"]["kind"]) == (None, "line_too_long")
        assert str(MAX_LINE_BYTES) in reply["error"]["message"]
        assert reply["error"]["data"]["hint"] == "send less in one request"
        client.writer.write_eof()
        assert await client.read() is None


async def test_an_unknown_method(laptop):
    """The nearest one is named."""
    async with WireClient(laptop.socket) as client:
        error = await client.error("sessions.strat")
        assert (error["code"], error["data"]["kind"]) == (-32601, "method_not_found")
        assert "sessions.start" in error["data"]["hint"]


async def test_unknown_and_wrong_parameters(laptop):
    """All of them are told at once, without repeating values, which may be secret."""
    async with WireClient(laptop.socket) as client:
        params = {"traget": "gpu", "local_port": "8081", "auth": {"password": 5, "pasword": "sesame"}}
        error = await client.error("sessions.start", params)
        assert (error["code"], error["data"]["kind"]) == (-32602, "invalid_params")
        assert set(error["data"]["context"]["fields"]) >= {"traget", "target", "local_port"}
        assert "did you mean 'target'" in error["message"]
        assert "sesame" not in json.dumps(error)


def test_the_same_through_the_command(laptop):
    """``rpc`` prints the error as JSON on standard error."""
    done = laptop.run("rpc", "no.such", "{}")
    assert done.code == 1
    assert json.loads(done.err)["error"]["kind"] == "method_not_found"
    done = laptop.run("rpc", "sessions.start", '{"target": 5}')
    assert done.code == 1
    assert json.loads(done.err)["error"]["kind"] == "invalid_params"
    done = laptop.run("rpc", "sessions.start", "{nonsense")
    assert done.code == 2
    assert "PARAMS is not JSON" in done.err


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
def test_another_uid(laptop):
    """Even where the folders are open it is told to leave, and what it asked for is not done."""
    nobody = pwd.getpwnam("nobody").pw_uid
    opened = [(laptop.runtime, 0o755), (laptop.socket.parent, 0o755), (laptop.socket, 0o777)]
    modes = [(path, path.stat().st_mode & 0o777) for path, _ in opened]
    try:
        for path, mode in opened:
            path.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, str(laptop.socket), str(nobody)],
            capture_output=True,
            timeout=20,
            check=False,
        )
    finally:
        for path, mode in modes:
            path.chmod(mode)
    error = json.loads(done.stdout)["error"]
    assert error["data"]["kind"] == "wrong_user"
    assert f"uid {nobody}" in error["message"]
    assert error["data"]["hint"]


def test_the_socket_is_closed_to_others(laptop):
    """Folder and socket are the user's alone, so that nobody gets that far."""
    assert laptop.socket.parent.stat().st_mode & 0o077 == 0
    assert laptop.socket.stat().st_mode & 0o077 == 0


def test_a_client_that_only_hangs_up(laptop):
    """Many of them change nothing."""
    for _ in range(100):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(laptop.socket))
            client.sendall(b'{"jsonrpc"')
    assert laptop.json("status")["sessions"] == []


def test_many_clients_that_say_nothing(laptop):
    """Whoever is one too many is told so."""
    with contextlib.ExitStack() as held:
        for _ in range(64):
            client = held.enter_context(socket.socket(socket.AF_UNIX))
            client.connect(str(laptop.socket))
        refusal = refused(laptop, "status")
    assert refusal.kind == "too_many_connections"
    assert refusal.message.startswith("cannot ")
    assert refusal.hint
