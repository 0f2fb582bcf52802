"""The pump against streams that end badly."""

import asyncio
import socket

import pytest

from runicornd.errors import NotConnected
from runicornd.tunnels.pump import Traffic, pump
from tests.helpers.waiting import within


class BrokenStream:
    """A stream whose far end has stopped reading, and answers once a write has failed; then it is lost
    or finished."""

    def __init__(self, *, lost):
        self.aborted = False
        self._lost = lost
        self._refused = asyncio.Event()
        self._pieces = [b"the last ", b"words"]

    async def read(self, limit):
        await self._refused.wait()
        if self._pieces:
            return self._pieces.pop(0)
        if self._lost:
            raise NotConnected("cannot read: the link is gone")
        return b""

    async def write(self, data):
        self._refused.set()
        raise NotConnected("cannot write: the viewer reads no more")

    async def finish(self):
        pass

    def abort(self):
        self.aborted = True

    async def close(self):
        pass


@pytest.mark.parametrize("lost", [False, True])
async def test_the_last_words_arrive_though_the_viewer_reads_no_more(lost):
    """A client that still sends gets the whole answer and an orderly end, no reset."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as client:
        client.setblocking(False)
        ours, _ = listener.accept()
        ours.setblocking(False)
        stream = BrokenStream(lost=lost)

        async def serve():
            with ours:
                await pump(ours, stream, Traffic())

        serving = asyncio.create_task(serve())
        reader, writer = await asyncio.open_connection(sock=client)
        writer.write(bytes(3_000_000))
        assert await within(reader.read()) == b"the last words"
        writer.close()
        await within(writer.wait_closed())
        await within(serving)
    assert stream.aborted


async def test_a_lost_stream_does_not_wait_for_a_client_that_stays():
    """A client that neither sends nor closes cannot keep a dead connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname()) as client:
        ours, _ = listener.accept()
        with ours:
            ours.setblocking(False)
            client.sendall(b"x")
            await within(pump(ours, BrokenStream(lost=True), Traffic()))
        assert client.recv(100) == b"the last words"
