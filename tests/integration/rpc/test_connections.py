"""Connections: who may connect, how many, and how they end."""

import asyncio
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from runicornd.errors import AlreadyRunning, ConfigInvalid, StateUnwritable
from runicornd.rpc.connection import Limits
from runicornd.rpc.plane import ControlPlane
from runicornd.rpc.server import Server
from tests.fakes.services import session_view
from tests.helpers.waiting import eventually
from tests.helpers.wire import WireClient

LISTEN_AND_DIE = """
import os, signal, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
os.kill(os.getpid(), signal.SIGKILL)
"""

CONNECT_AS = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
s = socket.socket(socket.AF_UNIX)
s.settimeout(5)
s.connect(sys.argv[1])
data = b""
while chunk := s.recv(65536):
    data += chunk
sys.stdout.buffer.write(data)
"""


async def test_the_socket_is_private(daemon, server):
    """The socket is ours alone, in a folder that is ours alone."""
    assert daemon.socket.stat().st_mode & 0o077 == 0
    assert daemon.socket.parent.stat().st_mode & 0o777 == 0o700


async def test_the_umask_is_put_back(daemon, folder):
    """Files that are made later have the user's usual mode."""
    before = os.umask(0o022)
    try:
        server = Server(ControlPlane(daemon.services), daemon.socket)
        await server.start()
        (folder / "later").touch()
        await server.close()
    finally:
        os.umask(before)
    assert (folder / "later").stat().st_mode & 0o777 == 0o644


async def test_close_leaves_nothing(daemon):
    """Neither the socket nor a connection is there after the end, and clients see it."""
    server = Server(ControlPlane(daemon.services), daemon.socket)
    await server.start()
    async with WireClient(daemon.socket) as client:
        began = time.monotonic()
        await server.close()
        assert time.monotonic() - began < 4
        assert await client.read() is None
    assert not daemon.socket.exists()
    await server.close()


async def test_close_cancels_what_hangs(daemon, server):
    """A request that would never end does not keep the daemon alive."""
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(daemon.socket) as client:
        await client.begin("sessions.start", {"target": "gpu"})
        await eventually(lambda: daemon.sessions.running)
        await server.close()
        assert daemon.sessions.cancelled == 1


async def test_close_while_a_client_is_leaving(daemon, server):
    """The grace of a client that has gone ends with the daemon, and nothing of it is left running."""
    daemon.sessions.add(session_view("a"))
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(daemon.socket) as client:
        await client.result("events.subscribe", {"topics": ["log:a"]})
        await client.begin("sessions.start", {"target": "gpu"})
        await eventually(lambda: daemon.sessions.running)
    began = time.monotonic()
    await server.close()
    assert time.monotonic() - began < 2
    assert daemon.sessions.cancelled == 1
    assert daemon.sessions.followed == []


async def test_the_answer_to_shutdown_gets_through(daemon, server):
    """The client reads ``done`` although the server closes at once."""
    async with WireClient(daemon.socket) as client:
        number = await client.begin("daemon.shutdown", {"keep": True})
        await eventually(lambda: daemon.shutdowns)
        await server.close()
        assert (await client.reply(number))["result"] == {"done": True}
    assert daemon.shutdowns == [True]


async def test_what_a_killed_daemon_left(daemon):
    """A socket on which nobody answers is replaced."""
    daemon.socket.parent.mkdir(mode=0o700)
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", LISTEN_AND_DIE, str(daemon.socket))
    async with asyncio.timeout(20):
        assert await killed.wait() == -signal.SIGKILL
    assert daemon.socket.exists()
    server = Server(ControlPlane(daemon.services), daemon.socket)
    await server.start()
    async with WireClient(daemon.socket) as client:
        assert "result" in await client.request("daemon.status")
    await server.close()


async def test_a_socket_that_answers_is_left(daemon, server):
    """A second daemon does not take the first one's place."""
    second = Server(ControlPlane(daemon.services), daemon.socket)
    with pytest.raises(AlreadyRunning):
        await second.start()
    await second.close()
    async with WireClient(daemon.socket) as client:
        assert "result" in await client.request("daemon.status")


async def test_a_socket_that_was_replaced_is_left(daemon, server):
    """The end of one daemon does not remove the socket of the next."""
    daemon.socket.unlink()
    daemon.socket.touch()
    stranger = daemon.socket.stat().st_ino
    await server.close()
    assert daemon.socket.stat().st_ino == stranger


def _open_to_others(folder):
    folder.mkdir()
    folder.chmod(0o755)


def _link(folder):
    (folder.parent / "real").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "real")


def _file_in_place(folder):
    folder.mkdir(mode=0o700)
    (folder / "d.sock").write_text("mine")


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (_open_to_others, "open to other users"),
        (_link, "symbolic link"),
        (Path.touch, "cannot listen"),
        (_file_in_place, "no socket"),
    ],
)
async def test_folders_that_cannot_be_used(daemon, prepare, why):
    """The reason is said, the way out too, and nothing is changed."""
    prepare(daemon.socket.parent)
    server = Server(ControlPlane(daemon.services), daemon.socket)
    with pytest.raises(StateUnwritable, match=why) as caught:
        await server.start()
    assert "RUNICORND_SOCKET" in caught.value.hint
    await server.close()
    if prepare is _file_in_place:
        assert daemon.socket.read_text() == "mine"


async def test_a_path_that_is_too_long(daemon, folder):
    """It is refused before anything is made."""
    server = Server(ControlPlane(daemon.services), folder / ("x" * 100) / "d.sock")
    with pytest.raises(ConfigInvalid, match="longer than"):
        await server.start()
    assert list(folder.iterdir()) == []


async def test_a_passed_socket(daemon, folder):
    """The service manager's socket is served, and still there at the end."""
    path = folder / "passed.sock"
    passed = socket.socket(socket.AF_UNIX)
    passed.bind(str(path))
    passed.listen()
    server = Server(ControlPlane(daemon.services), path, passed=passed)
    await server.start()
    async with WireClient(path) as client:
        assert "result" in await client.request("daemon.status")
    await server.close()
    assert path.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can connect as another user")
async def test_another_user(daemon, folder):
    """Another uid is told why it is not served, even where it can reach the socket."""
    nobody = pwd.getpwnam("nobody").pw_uid
    folder.chmod(0o755)
    path = folder / "open.sock"
    passed = socket.socket(socket.AF_UNIX)
    passed.bind(str(path))
    path.chmod(0o666)
    passed.listen()
    server = Server(ControlPlane(daemon.services), path, passed=passed)
    await server.start()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CONNECT_AS, str(path), str(nobody), stdout=subprocess.PIPE
    )
    async with asyncio.timeout(20):
        output, _ = await child.communicate()
    await server.close()
    assert b'"kind":"wrong_user"' in output
    assert f"uid {nobody}".encode() in output


async def test_too_many_clients(daemon, folder):
    """The one too many is told so; when another leaves there is room again."""
    path = folder / "t" / "d.sock"
    server = Server(ControlPlane(daemon.services), path, limits=Limits(connections=2))
    await server.start()
    async with WireClient(path) as first:
        async with WireClient(path):
            async with WireClient(path, greets=False) as third:
                assert (await third.read())["error"]["data"]["kind"] == "too_many_connections"
                assert await third.read() is None
            assert "result" in await first.request("daemon.status")
        await eventually(lambda: len(server._connections) == 1)
        async with WireClient(path) as again:
            assert "result" in await again.request("daemon.status")
    await server.close()


async def test_a_client_that_says_nothing(daemon, folder):
    """Without hello it is not kept; with hello it may be silent."""
    path = folder / "t" / "d.sock"
    server = Server(ControlPlane(daemon.services), path, limits=Limits(hello_s=0.2))
    await server.start()
    async with WireClient(path) as quiet:
        async with WireClient(path, greets=False) as silent:
            assert await silent.read() is None
        assert "result" in await quiet.request("daemon.status")
    await server.close()


async def test_a_client_that_only_stops_sending(daemon, server):
    """Answers still come after the client has closed its half."""
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(daemon.socket) as client:
        number = await client.begin("sessions.start", {"target": "gpu"})
        await eventually(lambda: daemon.sessions.running)
        client.writer.write_eof()
        daemon.sessions.hold.set()
        assert "result" in await client.reply(number)
        assert await client.read() is None


async def test_a_client_that_is_gone(daemon, folder):
    """Its request may finish for a while, and is then cancelled."""
    path = folder / "t" / "d.sock"
    server = Server(ControlPlane(daemon.services), path, limits=Limits(finish_s=0.2))
    await server.start()
    daemon.sessions.hold = asyncio.Event()
    async with WireClient(path) as client:
        await client.begin("sessions.start", {"target": "gpu"})
        await eventually(lambda: daemon.sessions.running)
    await eventually(lambda: daemon.sessions.cancelled == 1)
    await server.close()


async def test_many_clients_come_and_go(daemon, server):
    """Nothing is left of them: no task, no descriptor, no subscription."""
    daemon.sessions.add(session_view("a"))
    before = _descriptors()
    for _ in range(50):
        async with WireClient(daemon.socket) as client:
            await client.result("events.subscribe", {"topics": ["log:a"]})
    await eventually(lambda: len(server._connections) == 0)
    assert daemon.sessions.followed == []
    assert _descriptors() == before


def _descriptors():
    return len(list(Path("/dev/fd").iterdir()))
