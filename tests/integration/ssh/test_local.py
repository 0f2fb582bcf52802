"""``local``: the same Protocols on this machine."""

import asyncio
import contextlib
import os
from pathlib import Path

import pytest

from runicornd.errors import ForwardingForbidden, NotConnected
from runicornd.ssh.local import LocalConnector
from runicornd.ssh.targets import Host
from tests.helpers.sshd import has_ended
from tests.helpers.waiting import eventually, within


@pytest.fixture
async def connection():
    opened = await LocalConnector().connect(Host(target="local", hostname="localhost", is_local=True), None)
    yield opened
    await opened.close()


async def everything(stream):
    data = b""
    while piece := await stream.read(65536):
        data += piece
    return data


async def test_runs_a_command(connection):
    """Input, output, exit status and standard error, in the user's home."""
    process = await connection.execute("cat; pwd; echo oops >&2; exit 3")
    await process.stream.write(b"hello\n")
    await process.stream.finish()
    assert await everything(process.stream) == f"hello\n{Path.home()}\n".encode()
    assert await process.wait() == 3
    assert process.complaint() == "oops"


async def test_a_signal_is_no_status(connection):
    """A killed command has no exit status."""
    process = await connection.execute("kill -9 $$")
    assert await process.wait() is None


async def test_large_output(connection):
    """A reader who takes small pieces gets all of it."""
    process = await connection.execute("head -c 20000000 /dev/zero")
    assert len(await everything(process.stream)) == 20_000_000


async def test_closing_ends_programs(connection):
    """Programs that ignore the end of their input are ended with the connection, children too."""
    process = await connection.execute("sleep 1000 & echo $! $$; exec sleep 1000")
    pids = (await process.stream.read(100)).split()
    await within(connection.close(), 3)
    await eventually(lambda: all(has_ended(int(pid)) for pid in pids), "the end of the programs")
    await within(connection.wait_closed())
    with pytest.raises(NotConnected):
        await connection.execute("true")


async def test_a_detached_child_does_not_hold_things_up(connection):
    """What a command leaves behind on its standard error delays neither its exit nor the close."""
    process = await connection.execute("setsid sleep 1000 & echo $!")
    pid = int(await process.stream.read(100))
    try:
        assert await within(process.wait(), 2) == 0
        await within(connection.close(), 3)
    finally:
        os.kill(pid, 9)


async def test_unix_socket(connection, tmp_path):
    """A Unix socket, with half-close."""

    async def shout(reader, writer):
        writer.write((await reader.read()).upper())
        writer.close()

    path = str(tmp_path / "s")
    server = await asyncio.start_unix_server(shout, path)
    stream = await connection.open_unix(path)
    await stream.write(b"hello")
    await stream.finish()
    assert await everything(stream) == b"HELLO"
    await stream.close()
    await stream.close()
    server.close()


async def test_tcp_port_and_abort(connection):
    """A TCP port; after an abort reading ends and writing fails."""
    heard = asyncio.Event()

    async def listen(reader, writer):
        with contextlib.suppress(OSError):
            await reader.read()
        heard.set()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    stream = await connection.open_tcp("127.0.0.1", server.sockets[0].getsockname()[1])
    await stream.write(b"x")
    stream.abort()
    assert await within(stream.read(1)) == b""
    with pytest.raises(NotConnected):
        await stream.write(b"x")
    await within(heard.wait())
    server.close()


async def test_nothing_listens(connection, tmp_path):
    """The same kind of error as over SSH."""
    with pytest.raises(ForwardingForbidden):
        await connection.open_unix(str(tmp_path / "none"))
    with pytest.raises(ForwardingForbidden):
        await connection.open_tcp("127.0.0.1", 1)
