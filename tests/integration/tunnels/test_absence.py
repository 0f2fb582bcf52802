"""What becomes of connections while the viewer cannot be reached, and at the end."""

import asyncio
import socket
from pathlib import Path

import pytest

from runicornd.errors import ForwardingForbidden, PortTaken
from runicornd.tunnels.ports import Ports
from runicornd.tunnels.tunnel import Tunnel
from tests.helpers.waiting import eventually, within

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SHORT_S = 0.2
LONG_S = 30.0


def open_descriptors():
    return sum(1 for _ in Path("/dev/fd").iterdir())


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def silence(reader, writer):
    await reader.read()


async def test_a_held_connection_is_served_when_the_viewer_comes(serve, open_tunnel, connect):
    """Clients that came while nothing was attached notice only a delay."""
    dialer = await serve(echo)
    tunnel = open_tunnel(hold_s=LONG_S)
    reader, writer = await connect(tunnel)
    writer.write(b"early")
    await eventually(lambda: tunnel.connections == 1, "the connection")
    tunnel.attach(dialer)
    async with asyncio.timeout(5):
        assert await reader.readexactly(5) == b"early"


async def test_a_browser_gets_the_page_after_a_while(open_tunnel, connect):
    """An HTTP request that was held too long is answered with the reconnecting page."""
    reader, writer = await connect(open_tunnel(hold_s=SHORT_S, label="<gpu>"))
    began = asyncio.get_running_loop().time()
    writer.write(REQUEST)
    async with asyncio.timeout(5):
        page = await reader.read()
    assert asyncio.get_running_loop().time() - began >= SHORT_S
    assert page.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in page
    assert b"Reconnecting to &lt;gpu&gt;" in page


@pytest.mark.parametrize("words", [b"", b"\x16\x03\x01\x02\x00", b"SSH-2.0-x\r\n"])
async def test_other_clients_are_closed_after_a_while(open_tunnel, connect, words):
    """Who speaks no HTTP, or nothing at all, gets no page."""
    tunnel = open_tunnel(hold_s=SHORT_S)
    reader, writer = await connect(tunnel)
    writer.write(words)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    await eventually(lambda: tunnel.connections == 0, "the end of the connection")


async def test_the_page_reaches_a_client_that_still_sends(open_tunnel, connect):
    """A large request is no reason to lose the answer to a reset."""
    reader, writer = await connect(open_tunnel(hold_s=SHORT_S))
    writer.write(b"POST /x HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n" + bytes(4_000_000))
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")


async def test_a_viewer_that_cannot_be_reached_gives_the_page(serve, open_tunnel, connect):
    """When opening the stream fails, and nothing else comes in time, there is an answer all the same."""
    dialer = await serve(echo)
    dialer.error = ForwardingForbidden("cannot open the viewer's socket")
    reader, writer = await connect(open_tunnel(dialer, hold_s=SHORT_S))
    writer.write(REQUEST)
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")


async def test_a_viewer_that_never_opens_gives_the_page(open_tunnel, connect):
    """A dial that hangs is given up."""

    async def hang():
        await asyncio.Event().wait()

    reader, writer = await connect(open_tunnel(hang, hold_s=SHORT_S))
    writer.write(REQUEST)
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 503 ")


async def test_a_dial_that_fails_because_the_link_went_is_tried_on_the_next_one(serve, open_tunnel, connect):
    """A connection that was being opened when the link died is served by the next link."""
    dialer = await serve(echo)
    dialing, lost = asyncio.Event(), asyncio.Event()

    async def dying():
        dialing.set()
        await lost.wait()
        raise ForwardingForbidden("cannot open: the link is gone")

    tunnel = open_tunnel(dying, hold_s=LONG_S)
    reader, writer = await connect(tunnel)
    writer.write(b"hello")
    await within(dialing.wait())
    tunnel.detach()
    lost.set()
    tunnel.attach(dialer)
    async with asyncio.timeout(5):
        assert await reader.readexactly(5) == b"hello"


async def test_a_dial_that_fails_before_the_link_is_known_to_be_down_is_held(serve, open_tunnel, connect):
    """The first request after a drop often comes before anyone has noticed the drop."""
    dialer = await serve(echo)
    failed = asyncio.Event()

    async def broken():
        failed.set()
        raise ForwardingForbidden("cannot open: the connection is gone")

    tunnel = open_tunnel(broken, hold_s=LONG_S)
    reader, writer = await connect(tunnel)
    writer.write(b"hello")
    await within(failed.wait())
    tunnel.detach()
    tunnel.attach(dialer)
    async with asyncio.timeout(5):
        assert await reader.readexactly(5) == b"hello"


async def test_a_stream_that_opens_too_late_is_not_used(serve, open_tunnel, connect):
    """A stream of the former link is dropped, and the connection led to the new viewer."""
    old, new = await serve(silence), await serve(echo)
    opened, go_on = asyncio.Event(), asyncio.Event()

    async def late():
        stream = await old()
        opened.set()
        await go_on.wait()
        return stream

    tunnel = open_tunnel(late, hold_s=LONG_S)
    reader, writer = await connect(tunnel)
    writer.write(b"hello")
    await within(opened.wait())
    tunnel.attach(new)
    go_on.set()
    async with asyncio.timeout(5):
        assert await reader.readexactly(5) == b"hello"
    assert old.streams[0].aborted


@pytest.mark.parametrize("how", ["detach", "cut", "both"])
async def test_connections_end_when_the_link_dies(serve, open_tunnel, connect, how):
    """A client sees the end of its connection, and can connect anew."""
    dialer = await serve(echo)
    tunnel = open_tunnel(dialer, hold_s=LONG_S)
    reader, writer = await connect(tunnel)
    writer.write(b"x")
    assert await within(reader.readexactly(1)) == b"x"
    if how != "detach":
        dialer.cut()
    if how != "cut":
        tunnel.detach()
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    assert tunnel.is_listening
    tunnel.attach(dialer)
    reader, writer = await connect(tunnel)
    writer.write(b"y")
    assert await within(reader.readexactly(1)) == b"y"


async def test_detach_keeps_those_who_wait(serve, open_tunnel, connect):
    """Only connections that lead somewhere end."""
    dialer = await serve(echo)
    tunnel = open_tunnel(hold_s=LONG_S)
    reader, writer = await connect(tunnel)
    writer.write(b"x")
    await eventually(lambda: tunnel.connections == 1, "the connection")
    tunnel.detach()
    tunnel.attach(dialer)
    async with asyncio.timeout(5):
        assert await reader.readexactly(1) == b"x"


async def test_close_ends_listener_and_connections_in_time(serve, open_tunnel, connect):
    """After close nobody listens, clients see the end, and no task or descriptor is left."""
    dialer = await serve(silence)
    descriptors = open_descriptors()
    tunnel = open_tunnel(dialer)
    port = tunnel.port
    pairs = [await connect(tunnel) for _ in range(20)]
    await eventually(lambda: len(dialer.streams) == 20, "the streams")
    began = asyncio.get_running_loop().time()
    await tunnel.close()
    await tunnel.close()
    assert asyncio.get_running_loop().time() - began < 2
    assert not tunnel.is_listening
    assert tunnel.connections == 0
    for reader, writer in pairs:
        assert await within(reader.read()) == b""
        writer.close()
        await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await eventually(lambda: open_descriptors() <= descriptors, "the end of all descriptors")


async def test_a_stream_that_will_not_close_does_not_hold_up_the_end(open_tunnel, connect):
    """Close is bounded whatever the far end does."""

    class Stubborn:
        async def read(self, limit):
            return b""

        async def write(self, data):
            await asyncio.Event().wait()

        async def finish(self):
            await asyncio.Event().wait()

        def abort(self):
            pass

        async def close(self):
            await asyncio.Event().wait()

    async def dial():
        return Stubborn()

    tunnel = open_tunnel(dial)
    reader, writer = await connect(tunnel)
    writer.write(b"x")
    assert await within(reader.read()) == b""
    async with asyncio.timeout(2):
        await tunnel.close()
    assert tunnel.connections == 0


async def test_a_closed_tunnel_opens_again_on_its_port(serve, connect):
    """Stop and start of a session keep the address."""
    dialer = await serve(echo)
    tunnel = Tunnel("session", "gpu", Ports(0, 0))
    port = tunnel.open()
    await tunnel.close()
    assert tunnel.open(port, explicit=True) == port
    assert tunnel.url == f"http://localhost:{port}"
    tunnel.attach(dialer)
    reader, writer = await connect(tunnel)
    writer.write(b"x")
    assert await within(reader.readexactly(1)) == b"x"
    await tunnel.close()


async def test_an_explicit_port_that_is_taken_leaves_the_tunnel_closed():
    """The error comes through, and nothing listens."""
    tunnel = Tunnel("session", "gpu", Ports(0, 0))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken):
            tunnel.open(other.getsockname()[1], explicit=True)
    assert not tunnel.is_listening
    with pytest.raises(RuntimeError, match="not open"):
        _ = tunnel.url
