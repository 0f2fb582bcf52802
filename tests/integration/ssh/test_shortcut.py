"""Large transfers past the SSH engine, from a real sshd."""

import asyncio
import hashlib
import random

import pytest

from runicornd.errors import NotConnected
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.asyncssh_connection import BULK
from tests.helpers.sshd import Sshd, needs_sshd
from tests.helpers.waiting import eventually, within

pytestmark = needs_sshd

SIZE = 24_000_000


@pytest.fixture
def content(tmp_path):
    """A file whose every part is different, and its digest."""
    data = random.Random(1).randbytes(SIZE)
    (tmp_path / "content").write_bytes(data)
    return tmp_path / "content", hashlib.sha256(data).hexdigest()


@pytest.fixture
async def connect_for_bulk(person):
    """Connect as downloads do; closes everything at the end."""
    opened = []

    async def go(host):
        opened.append(await AsyncsshConnector(BULK).connect(host, person.interview(host)))
        return opened[-1]

    yield go
    for connection in opened:
        await connection.close()


async def digest_of(process, limit=1024 * 1024):
    """The digest of what a command says up to its end, and how much that is."""
    digest, size = hashlib.sha256(), 0
    while data := await within(process.stream.read(limit)):
        assert len(data) <= limit
        digest.update(data)
        size += len(data)
    return digest.hexdigest(), size


@pytest.mark.parametrize(
    "lines", [[], ["RekeyLimit 4M"], ["Ciphers aes256-gcm@openssh.com"], ["Ciphers aes128-ctr"]]
)
async def test_everything_comes_whole_and_in_order(tmp_path, host_of, connect_for_bulk, content, lines):
    """Also when new keys are agreed on many times meanwhile, and with a cipher that is none of ours."""
    path, digest = content
    with Sshd(tmp_path / "sshd", lines=lines) as server:
        connection = await connect_for_bulk(host_of(server))
        process = await connection.execute(f"cat {path}; echo the end >&2; exit 3")
        assert await digest_of(process) == (digest, SIZE)
        assert await within(process.wait()) == 3
        assert process.complaint().strip() == "the end"


async def test_channels_do_not_mix(tmp_path, host_of, connect_for_bulk, content):
    """Several at a time, with different content, read in pieces of different sizes; later ones as well."""
    path, digest = content
    with Sshd(tmp_path / "sshd") as server:
        connection = await connect_for_bulk(host_of(server))
        for _ in range(2):
            whole, half, echo = [
                await connection.execute(command)
                for command in (f"cat {path}", f"head -c {SIZE // 2} {path}", "cat")
            ]
            await echo.stream.write(b"hello")
            found = await asyncio.gather(digest_of(whole), digest_of(half, 1000))
            assert found[0] == (digest, SIZE)
            assert found[1][1] == SIZE // 2
            assert await within(echo.stream.read(100)) == b"hello"
            echo.stream.abort()


async def test_a_reader_who_is_away_holds_the_sender_up(tmp_path, host_of, connect_for_bulk, content):
    """The command cannot end before it has been read, and nothing is lost."""
    path, digest = content
    mark = tmp_path / "done"
    with Sshd(tmp_path / "sshd") as server:
        connection = await connect_for_bulk(host_of(server))
        process = await connection.execute(f"cat {path}; touch {mark}")
        first = await within(process.stream.read(1))
        other = await connection.execute("echo ok")
        assert await within(other.stream.read(100)) == b"ok\n"
        assert not mark.exists()
        rest, size = hashlib.sha256(first), 1
        while data := await within(process.stream.read(1024 * 1024)):
            rest.update(data)
            size += len(data)
        assert (rest.hexdigest(), size) == (digest, SIZE)
        await eventually(mark.exists, "the end of the command")


async def test_a_stream_that_is_dropped_costs_the_others_nothing(
    tmp_path, host_of, connect_for_bulk, content
):
    """What was on its way to it is thrown away."""
    path, digest = content
    with Sshd(tmp_path / "sshd") as server:
        connection = await connect_for_bulk(host_of(server))
        dropped = await connection.execute("cat /dev/zero")
        await within(dropped.stream.read(1))
        dropped.stream.abort()
        assert await digest_of(await connection.execute(f"cat {path}")) == (digest, SIZE)


async def test_a_cut_is_no_end(tmp_path, host_of, connect_for_bulk):
    """Whoever reads is told that something is missing."""
    with Sshd(tmp_path / "sshd") as server:
        connection = await connect_for_bulk(host_of(server))
        process = await connection.execute("cat /dev/zero")
        await within(process.stream.read(1))
        server.drop_connections()
        with pytest.raises(NotConnected):
            await digest_of(process)
        await within(connection.wait_closed())
