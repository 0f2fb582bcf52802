import asyncio
import contextlib

import pytest

from runicornd.tunnels.ports import Ports
from runicornd.tunnels.tunnel import Tunnel
from tests.fakes.streams import Dialer


class Server:
    """A viewer's end: hands every connection to a function of reader and writer."""

    def __init__(self, handle):
        self._handle = handle
        self._tasks = set()
        self._server = None

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 18)
        return self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._handle(reader, writer)
        except asyncio.CancelledError:
            pass  # the end of the test
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def close(self):
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def serve():
    """Starts servers; returns a dialer to each."""
    servers = []

    async def serve(handle):
        server = Server(handle)
        servers.append(server)
        return Dialer(await server.start())

    yield serve
    for server in servers:
        await server.close()


@pytest.fixture
async def open_tunnel():
    """Opens tunnels, attached to a dialer if one is given."""
    tunnels = []

    def open_tunnel(dialer=None, *, label="gpu", **options):
        tunnel = Tunnel("session", label, Ports(0, 0), **options)
        tunnels.append(tunnel)
        tunnel.open()
        if dialer:
            tunnel.attach(dialer)
        return tunnel

    yield open_tunnel
    for tunnel in tunnels:
        await tunnel.close()


@pytest.fixture
async def connect():
    """Connects clients to a tunnel."""
    writers = []

    async def connect(tunnel, host="127.0.0.1", **options):
        reader, writer = await asyncio.open_connection(host, tunnel.port, **options)
        writers.append(writer)
        return reader, writer

    yield connect
    for writer in writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
