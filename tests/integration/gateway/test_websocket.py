"""The conversation on the WebSocket: the same as on the Unix socket, but for what only a terminal may."""

import asyncio
import socket

import pytest

from runicornd.events import QUEUE_LIMIT
from runicornd.rpc.plane import ControlPlane
from runicornd.rpc.server import Server
from runicornd.sessions.model import SessionChanged
from tests.fakes.services import session_view
from tests.helpers.page_socket import PageSocket
from tests.helpers.waiting import eventually
from tests.helpers.wire import WireClient

FORBIDDEN = ["daemon.shutdown", "dashboard.link", "dashboard.token", "dashboard.revoke"]


async def test_a_conversation(daemon, port, token):
    """Requests are answered and changes are told, a message a frame; the token is not sent back."""
    async with PageSocket(port, token) as page:
        assert page.socket.protocol == "runicornd"
        assert (await page.result("events.subscribe"))["snapshot"]["version"] == "9.9"
        daemon.events.publish(SessionChanged(session_view("gpu")))
        assert (await page.event("session"))["data"]["id"] == "gpu"
        assert (await page.error("no.such"))["kind"] == "method_not_found"


async def test_hello_comes_first(port, token):
    """As on the Unix socket."""
    async with PageSocket(port, token, greets=False) as page:
        assert (await page.error("daemon.status"))["kind"] == "hello_required"


@pytest.mark.parametrize("method", FORBIDDEN)
async def test_what_a_page_may_not(daemon, port, token, method):
    """It can neither end the daemon nor let others in."""
    async with PageSocket(port, token) as page:
        assert (await page.error(method))["kind"] == "forbidden"
    assert not daemon.shutdowns
    assert not daemon.dashboard.revocations


async def test_what_the_terminal_may(daemon):
    """On the Unix socket the same methods do what they are for."""
    server = Server(ControlPlane(daemon.services), daemon.socket)
    await server.start()
    try:
        async with WireClient(daemon.socket) as client:
            link = await client.result("dashboard.link")
            assert link["url"] == "http://localhost:23300/#enter=CODE"
            assert await client.result("dashboard.token") == {"token": "TOKEN"}
            await client.result("dashboard.revoke")
            await client.result("daemon.shutdown")
    finally:
        await server.close()
    assert (daemon.dashboard.revocations, daemon.shutdowns) == (1, [False])


async def test_the_end_of_the_daemon(gateway, port, token):
    """Pages are told by the code for going away, so that they try again."""
    async with PageSocket(port, token) as page:
        await asyncio.gather(gateway.close(), _ends_with(page, 1001))


async def test_revoking_sends_pages_away(gateway, port, token):
    """A page whose token is worth nothing any more has no connection left."""
    async with PageSocket(port, token) as page:
        await asyncio.gather(gateway.revoke(), _ends_with(page, 1008))


async def _ends_with(page, code):
    assert await page.ended() == code


async def test_bytes_are_no_message(port, token):
    """Only text is."""
    async with PageSocket(port, token) as page:
        await page.socket.send_bytes(b"{}")
        assert await page.ended() == 1008


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\0", "[" * 5000])
async def test_texts_that_are_no_request(port, token, text):
    """They are answered with an error, and the conversation goes on."""
    async with PageSocket(port, token) as page:
        await page.socket.send_str(text)
        assert (await page.receive())["error"]["data"]["kind"] in {"parse_error", "invalid_request"}
        assert (await page.result("sessions.list"))["sessions"] == []


async def test_a_page_that_reads_slowly(daemon, port, token):
    """Its backlog collapses to one resync, and costs the daemon no memory."""
    async with PageSocket(port, token) as page:
        await page.result("events.subscribe")
        view = session_view("x" * 20000)
        for _ in range(QUEUE_LIMIT * 2):
            daemon.events.publish(SessionChanged(view))
            await asyncio.sleep(0)
        await page.event("resync")
        assert (await page.result("events.subscribe"))["snapshot"]["version"] == "9.9"


async def test_pages_that_go_without_a_word(daemon, port, token):
    """What they listened to is let go."""
    daemon.sessions.add(session_view("gpu"))
    async with PageSocket(port, token) as page:
        await page.result("events.subscribe", {"topics": ["log:gpu"]})
        assert daemon.sessions.followed == ["gpu"]
        page.socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await eventually(lambda: not daemon.sessions.followed, "the log is let go")
