"""A TCP proxy on loopback that stands in for bad networks: slow, paused, cut, refusing."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Self

from runicornd._lib.race import all_of

PIECE_BYTES = 65536
# A pause in one direction that is longer than this ends a burst; it counts as a turn.
QUEUE_PIECES = 256


class Proxy:
    """``async with Proxy(port) as proxy:`` forwards ``proxy.port`` to the server's port.

    Args:
        target_port: The server's port.
        target_host: Its address.
        delay_s: How long every byte travels in each direction.
    """

    def __init__(self, target_port: int, target_host: str = "127.0.0.1", *, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.port = 0
        self.accepted = 0
        self.turns = 0
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._running = asyncio.Event()
        self._running.set()
        self._is_blackhole = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_direction: str | None = None

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()
        self.resume()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def round_trips(self) -> int:
        """How often the direction has changed from the client's to the server's, so far."""
        return (self.turns + 1) // 2

    def reset_counters(self) -> None:
        """Count round trips from here."""
        self.turns = 0
        self._last_direction = None

    async def accept(self) -> None:
        """Listen, on the same port as before if there was one."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Close the port; connections that exist live on."""
        server, self._server = self._server, None
        if server:
            server.close()

    def pause(self) -> None:
        """Hold all bytes back, in both directions, until ``resume``."""
        self._running.clear()

    def resume(self) -> None:
        """Let the bytes go on."""
        self._running.set()

    def blackhole(self, active: bool = True) -> None:
        """Throw all bytes away without a word, also those of new connections."""
        self._is_blackhole = active

    def lead_to(self, port: int) -> None:
        """Lead new connections to another port of this machine."""
        self._target = ("127.0.0.1", port)

    def reset(self) -> int:
        """Cut every connection with a TCP reset; return how many there were."""
        pairs = list(self._pairs)
        for pair in pairs:
            for writer in pair:
                _reset(writer)
        return len(pairs)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._relay(reader, writer)
        except* (OSError, asyncio.CancelledError):  # of one direction, or of both
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        pair = (writer, far_writer)
        self._pairs.add(pair)
        for end in pair:
            end.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await asyncio.gather(
                self._pump("out", reader, far_writer), self._pump("back", far_reader, writer)
            )
        finally:
            self._pairs.discard(pair)
            far_writer.transport.abort()

    async def _pump(self, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(QUEUE_PIECES)
        await all_of(self._read(direction, reader, queue), self._write(queue, writer))

    async def _read(
        self, direction: str, reader: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]]
    ) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            data = await reader.read(PIECE_BYTES)
            if data and direction != self._last_direction:
                self._last_direction = direction
                self.turns += 1
            await queue.put((clock() + self.delay_s, data))
            if not data:
                return

    async def _write(self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            due, data = await queue.get()
            await asyncio.sleep(due - clock())
            await self._running.wait()
            if self._is_blackhole:
                continue
            if not data:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.transport.get_extra_info("socket")
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
