"""Whoever says nothing, or says it slowly, takes nothing from those who have something to say."""

import asyncio
import contextlib
import resource
from pathlib import Path

import pytest

from runicornd.gateway import door
from runicornd.gateway.server import Gateway
from runicornd.gateway.static import StaticFiles
from runicornd.gateway.websocket import MAX_SOCKETS
from runicornd.rpc.plane import ControlPlane
from runicornd.tunnels.ports import Ports
from tests.helpers.page_socket import PageSocket
from tests.helpers.raw_http import Ask, send
from tests.helpers.waiting import eventually, within

HARD_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CROWD = 1000 if HARD_LIMIT == resource.RLIM_INFINITY else min(1000, HARD_LIMIT // 4)
SLOW_BODY = (
    b"POST /enter HTTP/1.1\r\nHost: localhost:PORT\r\nOrigin: http://localhost:PORT\r\n"
    b"Content-Type: application/json\r\nContent-Length: 20\r\n\r\n{"
)


def descriptors():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def room():
    """Descriptors for both ends of a crowd: an ordinary account has 1,024 by itself."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * CROWD, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def crowd(port, room):
    """Connects many times and keeps what is not cut off."""
    writers = []

    async def connect(count, first=b""):
        for _ in range(count):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(first)
                writers.append(writer)

    yield connect
    for writer in writers:
        writer.transport.abort()


@pytest.mark.parametrize("first", [b"", b"GET /tok", b"GET /token HTTP/1.1\r\nHost: localhost\r\nX-A: "])
async def test_a_crowd_that_says_nothing(gateway, port, token, crowd, first):
    """Of a thousand idle connections the oldest are cut off; the page is served all the while."""
    async with PageSocket(port, token) as page:
        before = descriptors()
        await crowd(CROWD, first)
        headers = (("Host", f"localhost:{port}"), ("Authorization", f"Bearer {token}"))
        assert (await within(send(port, Ask(headers=headers)))).status == 204
        assert (await page.result("sessions.list"))["sessions"] == []
        # The client's ends are ours too, and a connection that was cut off still has one.
        ours = descriptors() - before - CROWD
        assert ours <= door.MAX_STRANGERS + 8


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /token HTTP/1.1\r\nHost: localhost:PORT\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:PORT\r\n\r\nGET / HT",
        SLOW_BODY,
    ],
)
async def test_requests_that_never_end(daemon, tokens, clock, page, begun):
    """What does not come in time is not waited for, be it a head or a body."""
    hasty = Gateway(Ports(0, 0), tokens, clock, StaticFiles(page), silence_s=0.3)
    await hasty.start(ControlPlane(daemon.services))
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", hasty.served.port)
        writer.write(begun.replace(b"PORT", str(hasty.served.port).encode()))
        answer = await within(reader.read())
        assert not answer or b"408 Request Timeout" in answer or b"200 OK" in answer
        writer.close()
    finally:
        await hasty.close()


async def test_too_many_pages(port, token):
    """One more is refused, and the others go on; one that leaves makes room."""
    async with contextlib.AsyncExitStack() as stack:
        pages = [await stack.enter_async_context(PageSocket(port, token)) for _ in range(MAX_SOCKETS)]
        with pytest.raises(Exception, match="503"):
            await stack.enter_async_context(PageSocket(port, token))
        assert (await pages[0].result("sessions.list"))["sessions"] == []
        await pages[1].socket.close()

        async def enters():
            async with PageSocket(port, token) as page:
                return await page.result("sessions.list")

        async with asyncio.timeout(5):
            while True:
                with contextlib.suppress(Exception):
                    assert await enters()
                    break


async def test_closing_is_quick(gateway, port, token, crowd):
    """However many there are, the end is not held up."""
    await crowd(50, b"POST /enter HTTP/1.1\r\n")
    async with PageSocket(port, token) as page:
        await within(gateway.close(), 4)
        await page.ended()
    await eventually(lambda: gateway.served is None)
