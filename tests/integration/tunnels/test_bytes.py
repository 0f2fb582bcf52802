"""What passes through a tunnel that is attached."""

import asyncio
import hashlib
import io
import os
import socket
import struct

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from runicornd.errors import NotConnected
from runicornd.tunnels.spares import Room, Spares
from tests.fakes.streams import Dialer
from tests.helpers.waiting import eventually, steady, within

MIB = 1 << 20
BLOCK = os.urandom(MIB)


async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()
    await reader.read()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_bytes_come_back_on_every_loopback_address(serve, open_tunnel, connect, host):
    """IPv4, IPv6 and the name lead to the same viewer."""
    tunnel = open_tunnel(await serve(echo))
    try:
        reader, writer = await connect(tunnel, host)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    writer.write(b"\x00hello\r\n")
    assert await within(reader.readexactly(8)) == b"\x00hello\r\n"


async def test_the_client_may_finish_first(serve, open_tunnel, connect):
    """The viewer sees the end of the request, and its answer still arrives."""

    async def answer_at_the_end(reader, writer):
        writer.write(b"got " + await reader.read())

    reader, writer = await connect(open_tunnel(await serve(answer_at_the_end)))
    writer.write(b"question")
    writer.write_eof()
    async with asyncio.timeout(5):
        assert await reader.read() == b"got question"


async def test_the_viewer_may_finish_first(serve, open_tunnel, connect):
    """The client sees the end of the answer, and what it sends afterwards still arrives."""
    received = asyncio.get_running_loop().create_future()

    async def speak_first(reader, writer):
        writer.write(b"banner")
        writer.write_eof()
        received.set_result(await within(reader.read()))

    reader, writer = await connect(open_tunnel(await serve(speak_first)))
    async with asyncio.timeout(5):
        assert await reader.read() == b"banner"
        writer.write(b"late words")
        writer.write_eof()
        assert await received == b"late words"


async def test_64_mib_pass_both_ways_at_once_unharmed(serve, open_tunnel, connect):
    """Large bodies arrive whole, each way, while the other way is busy too."""
    up, down = hashlib.sha256(), hashlib.sha256()

    async def swap(reader, writer):
        async def receive():
            while data := await reader.read(MIB):
                up.update(data)

        async def send():
            for _ in range(64):
                writer.write(BLOCK)
                await writer.drain()
            writer.write_eof()

        await asyncio.gather(receive(), send())

    tunnel = open_tunnel(await serve(swap))
    reader, writer = await connect(tunnel)

    async def send():
        for _ in range(64):
            writer.write(BLOCK)
            await writer.drain()
        writer.write_eof()

    async def receive():
        while data := await reader.read(MIB):
            down.update(data)

    async with asyncio.timeout(60):
        await asyncio.gather(send(), receive())
        await eventually(lambda: tunnel.connections == 0, "the end of the connection")
    expected = hashlib.sha256(BLOCK * 64).hexdigest()
    assert (up.hexdigest(), down.hexdigest()) == (expected, expected)
    assert (tunnel.traffic.to_viewer, tunnel.traffic.to_client) == (64 * MIB, 64 * MIB)


async def test_a_slow_reader_holds_up_the_sender(serve, open_tunnel):
    """Little is buffered for a client that does not read: the viewer has to wait."""
    sent = 0

    async def flood(reader, writer):
        nonlocal sent
        while True:
            writer.write(BLOCK)
            await writer.drain()
            sent += MIB

    tunnel = open_tunnel(await serve(flood))
    with socket.socket() as client:
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", tunnel.port))
        await steady(lambda: sent)
        # The kernel's buffers of two connections take a few MiB each; ours a fraction of one.
        assert sent < 40 * MIB
        assert tunnel.traffic.to_client < 40 * MIB
        # and it goes on where it stopped
        got = 0
        while got < 2 * MIB:
            got += len(await asyncio.get_running_loop().sock_recv(client, MIB))


async def test_a_slow_reader_does_not_hold_up_others(serve, open_tunnel, connect):
    """Flow control is each connection's own."""

    async def flood(reader, writer):
        if await reader.read(1) == b"!":
            while True:
                writer.write(BLOCK)
                await writer.drain()
        await echo(reader, writer)

    tunnel = open_tunnel(await serve(flood))
    _, stuck = await connect(tunnel, limit=1024)
    stuck.write(b"!")
    await eventually(lambda: tunnel.traffic.to_client > MIB, "the flood")
    reader, writer = await connect(tunnel)
    writer.write(b"?hello")
    async with asyncio.timeout(5):
        assert await reader.readexactly(5) == b"hello"


async def test_many_connections_at_once(serve, open_tunnel, connect):
    """Two hundred clients are served side by side, and none is left when they have gone."""
    tunnel = open_tunnel(await serve(echo))

    async def one(number):
        reader, writer = await connect(tunnel)
        text = f"client {number}".encode()
        writer.write(text)
        assert await within(reader.readexactly(len(text))) == text
        writer.write_eof()
        assert await within(reader.read()) == b""
        writer.close()

    async with asyncio.timeout(30):
        await asyncio.gather(*(one(number) for number in range(200)))
    await eventually(lambda: tunnel.connections == 0, "the end of all connections")


async def test_more_than_the_limit_wait_their_turn(serve, open_tunnel, connect):
    """Beyond the limit a client waits, and is served when another has gone."""
    dialer = await serve(echo)
    tunnel = open_tunnel(dialer, max_connections=2)
    pairs = [await connect(tunnel) for _ in range(3)]
    for _, writer in pairs:
        writer.write(b"x")
    for reader, _ in pairs[:2]:
        assert await within(reader.readexactly(1)) == b"x"
    assert len(dialer.streams) == 2
    pairs[0][1].write_eof()
    async with asyncio.timeout(5):
        assert await pairs[2][0].readexactly(1) == b"x"


async def test_a_client_that_resets_is_dropped_at_the_viewer_too(serve, open_tunnel, connect):
    """A reset is passed on at once, not as an orderly end."""
    dialer = await serve(echo)
    tunnel = open_tunnel(dialer)
    reader, writer = await connect(tunnel)
    writer.write(b"x")
    await within(reader.readexactly(1))
    client = writer.get_extra_info("socket")
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    await eventually(lambda: tunnel.connections == 0, "the end of the connection")
    assert dialer.streams[0].aborted


async def test_an_early_answer_arrives_while_the_request_is_still_sent(serve, open_tunnel, connect):
    """A viewer that refuses a large body and closes is heard before the client stops sending."""

    async def refuse(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 413 Too Large\r\n\r\n")
        await writer.drain()
        writer.write_eof()
        while await reader.read(MIB):
            pass

    reader, writer = await connect(open_tunnel(await serve(refuse)))
    writer.write(BLOCK * 4)
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 413")


async def test_a_visited_tunnel_has_streams_ready(serve, open_tunnel, connect):
    """After a visit there are connections that have nothing to wait for, until the viewer goes."""
    dialer = await serve(echo)
    tunnel = open_tunnel(dialer, spares=Spares("session", Room(), count=3))
    for _ in range(2):
        reader, writer = await connect(tunnel)
        writer.write(b"x")
        assert await within(reader.readexactly(1)) == b"x"
        await eventually(lambda: len(dialer.streams) == 4, "the visitor's own stream and the spare ones")
        dialer.error = NotConnected("cannot open any more")
    tunnel.detach()
    await eventually(lambda: all(stream.aborted for stream in dialer.streams), "the end of all streams")


PAGE = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHANGE = b"DELETE /run HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def deaf(reader, writer):
    """Takes a request and never answers, as a link does that is dead without anybody knowing it."""
    await reader.read()


async def visited_with_deaf_spares(serve, open_tunnel):
    """A tunnel whose spare streams lead nowhere."""
    dialer = await serve(deaf)
    tunnel = open_tunnel(dialer, spares=Spares("session", Room(), count=1), hold_s=30.0)
    tunnel.expect_visitors()
    await eventually(lambda: len(dialer.streams) == 1, "a spare stream")
    return tunnel, dialer


@pytest.mark.parametrize("how", ["detach", "cut"])
async def test_a_request_over_a_stream_that_turns_out_dead_is_answered_all_the_same(
    serve, open_tunnel, connect, how
):
    """A page that was asked for just before the loss was noticed comes from the next link."""
    tunnel, dialer = await visited_with_deaf_spares(serve, open_tunnel)
    reader, writer = await connect(tunnel)
    writer.write(PAGE)
    await eventually(lambda: len(dialer.streams) == 2, "the stream that replaces the one that was taken")
    dialer.error = NotConnected("cannot open: the link is gone")
    if how == "cut":
        dialer.cut()
    tunnel.detach()
    tunnel.attach(await serve(echo))
    assert await within(reader.readexactly(len(PAGE))) == PAGE
    assert dialer.streams[0].aborted


async def test_what_may_change_something_is_not_sent_twice(serve, open_tunnel, connect):
    """Nobody knows whether it was done; the client hears that it has no answer."""
    tunnel, _ = await visited_with_deaf_spares(serve, open_tunnel)
    reader, writer = await connect(tunnel)
    writer.write(CHANGE)
    await eventually(lambda: tunnel.traffic.to_viewer == len(CHANGE), "the request's way")
    tunnel.detach()
    tunnel.attach(await serve(echo))
    assert await within(reader.read()) == b""


async def test_our_own_questions_are_no_visits(serve, open_tunnel, connect):
    """A session that is only asked for its health keeps no streams ready."""
    dialer = await serve(echo)
    tunnel = open_tunnel(dialer, spares=Spares("session", Room()), knock=b"GET /health ")
    for _ in range(2):
        reader, writer = await connect(tunnel)
        writer.write(b"GET /health HTTP/1.1\r\n\r\n")
        assert await within(reader.readexactly(4)) == b"GET "
    assert len(dialer.streams) == 2


@pytest.fixture
async def viewer():
    """A small real web application, and the event that lets its stream go on."""
    go_on = asyncio.Event()

    async def page(request):
        return web.Response(text=f"{request.method} {request.path_qs} {request.headers['Host']}")

    async def upload(request):
        digest = hashlib.sha256()
        async for chunk in request.content.iter_any():
            digest.update(chunk)
        return web.Response(text=digest.hexdigest())

    async def stream(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(3):
            await response.write(f"data: {number}\n\n".encode())
            await go_on.wait()
            go_on.clear()
        return response

    async def talk(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    app = web.Application(client_max_size=1 << 30)
    app.add_routes(
        [web.get("/", page), web.post("/upload", upload), web.get("/stream", stream), web.get("/ws", talk)]
    )
    async with TestServer(app) as server:
        yield server.port, go_on


async def test_http_with_keep_alive_and_large_bodies(viewer, open_tunnel):
    """Pages, queries, the browser's own Host header and a 32 MiB upload go through."""
    tunnel = open_tunnel(Dialer(viewer[0]))
    async with aiohttp.ClientSession(tunnel.url) as client:
        for number in range(3):
            async with client.get(f"/?n={number}") as response:
                assert await response.text() == f"GET /?n={number} localhost:{tunnel.port}"
        body = BLOCK * 32
        async with client.post("/upload", data=io.BytesIO(body)) as response:
            assert await response.text() == hashlib.sha256(body).hexdigest()


async def test_a_streamed_answer_arrives_piece_by_piece(viewer, open_tunnel):
    """Nothing waits for the end of an answer."""
    tunnel = open_tunnel(Dialer(viewer[0]))
    async with aiohttp.ClientSession(tunnel.url) as client, client.get("/stream") as response:
        for number in range(3):
            async with asyncio.timeout(5):
                assert await response.content.readuntil(b"\n\n") == f"data: {number}\n\n".encode()
            viewer[1].set()


async def test_a_websocket_goes_through(viewer, open_tunnel):
    """The upgrade and messages each way pass."""
    tunnel = open_tunnel(Dialer(viewer[0]))
    async with aiohttp.ClientSession(tunnel.url) as client, client.ws_connect("/ws") as socket:
        for text in ("hello", "x" * 100_000):
            await socket.send_str(text)
            assert (await socket.receive_str(timeout=5)) == text.upper()
