"""One client on the Unix socket: reads its lines, writes ours, and ends both in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from runicornd.protocol.framing import LineBuffer, LineTooLong
from runicornd.rpc.conversation import MAX_IN_FLIGHT
from runicornd.rpc.dispatch import refusal
from runicornd.rpc.failures import ClientGone, LineRefused

if TYPE_CHECKING:
    import socket

    from runicornd.rpc.plane import ControlPlane

READ_BYTES = 64 * 1024
_LAST_WORDS_S = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use. Times are in seconds.

    Args:
        connections: Clients at once.
        in_flight: Requests of one client that run at once; more wait unread.
        hello_s: How long a client may stay without having said hello.
        write_s: How long a client may leave what we send unread before it is cut off.
        finish_s: How long requests go on after the client has stopped sending.
        linger_s: How long a client may take to read the last words, or to stop sending after them.
    """

    connections: int = 64
    in_flight: int = MAX_IN_FLIGHT
    hello_s: float = 30.0
    write_s: float = 30.0
    finish_s: float = 5.0
    linger_s: float = 2.0


class Connection:
    """A client. ``serve`` is its whole life.

    Args:
        plane: What it talks to.
        limits: What it may use.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        plane: ControlPlane,
        limits: Limits,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._turn = asyncio.Lock()
        self._conversation = plane.converse(
            self._send, writer.transport.abort, max_in_flight=limits.in_flight
        )

    async def serve(self) -> None:
        """Answer until the client goes away, breaks a rule, or this is cancelled."""
        grace_s, linger_s = self._limits.finish_s, self._limits.linger_s
        try:
            await self._read_lines()
        except LineTooLong as exc:
            await self._refuse(LineRefused(str(exc), hint="send less in one request"))
        except (ClientGone, ConnectionError, TimeoutError):
            grace_s = 0.0
        except asyncio.CancelledError:
            # The daemon ends. What is nearly done, such as the answer to daemon.shutdown, gets through.
            grace_s = linger_s = _LAST_WORDS_S
            raise
        finally:
            try:
                await self._conversation.close(grace_s)
            finally:
                await close_writer(self._writer, linger_s)

    async def _read_lines(self) -> None:
        lines = LineBuffer()
        while data := await self._read():
            for line in lines.feed(data):
                await self._conversation.take(line)

    async def _read(self) -> bytes:
        if self._conversation.protocol is not None:
            return await self._reader.read(READ_BYTES)
        async with asyncio.timeout(self._limits.hello_s):
            return await self._reader.read(READ_BYTES)

    async def _send(self, line: bytes) -> None:
        """Send one line.

        Raises:
            ClientGone: The client is gone, or does not read.
        """
        async with self._turn:
            if self._writer.is_closing():
                raise ClientGone
            self._writer.write(line)
            try:
                async with asyncio.timeout(self._limits.write_s):
                    await self._writer.drain()
            except TimeoutError as exc:
                _log.warning("client does not read; cut off", waited_s=self._limits.write_s)
                self._writer.transport.abort()
                raise ClientGone from exc
            except ConnectionError as exc:
                raise ClientGone from exc

    async def _refuse(self, error: LineRefused) -> None:
        """Say why the connection ends, then read on for a moment: a client that writes does not listen."""
        with contextlib.suppress(ClientGone, ConnectionError, TimeoutError):
            await self._send(refusal(error, None))
            async with asyncio.timeout(self._limits.linger_s):
                while await self._reader.read(READ_BYTES):
                    pass


async def open_streams(accepted: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Streams over an accepted socket, which they own from now on."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=READ_BYTES, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def close_writer(writer: asyncio.StreamWriter, timeout_s: float) -> None:
    """Send what is left and close, within so many seconds; then cut."""
    writer.close()
    try:
        async with asyncio.timeout(timeout_s):
            await writer.wait_closed()
    except (TimeoutError, ConnectionError):
        writer.transport.abort()
