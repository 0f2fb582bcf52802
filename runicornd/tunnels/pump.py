"""Moves bytes between a local client's socket and a stream to the viewer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd._lib.race import all_of
from runicornd.errors import RunicorndError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd.ssh.transport import ByteStream

CHUNK = 512 * 1024
"""Bytes that are read at a time, and so the most that waits in each direction."""

MUCH = 128 * 1024

FAREWELL_S = 1.0


@dataclass(slots=True)
class Traffic:
    """Bytes that have passed since the daemon started."""

    to_viewer: int = 0
    to_client: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """What was read before the pump: of the client, and not sent yet; of the viewer, for the client."""

    unsent: bytes = b""
    answer: bytes = b""


async def pump(
    client: socket.socket,
    stream: ByteStream,
    traffic: Traffic,
    on_first: Callable[[bytes], None] = lambda _: None,
    begun: Begun = Begun(),
) -> None:
    """Carry bytes both ways until both sides have finished, or one is gone. Never raises for that.

    Each side's end of sending is passed on while the other direction goes on. A slow reader holds up
    its own direction only. Cancelling drops the stream at once. The socket is left for the caller to close.
    ``on_first`` is called with the client's first bytes, once they are on their way.
    """
    to_viewer = _to_viewer(client, stream, traffic, on_first, begun.unsent)
    try:
        await all_of(to_viewer, _to_client(client, stream, traffic, begun.answer))
        await stream.close()
    except OSError:
        pass  # the client is gone
    except RunicorndError:
        await farewell(client)  # the viewer is, and the client gets what came from it
    finally:
        stream.abort()


async def farewell(client: socket.socket) -> None:
    """Say that nothing more comes, and let the client have what was sent; at most 1 second.

    Closing a socket with unread bytes resets the connection, and the client may lose our last words.
    """
    with contextlib.suppress(OSError, TimeoutError):
        client.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(FAREWELL_S):
            await _discard(client)


async def _to_viewer(
    client: socket.socket,
    stream: ByteStream,
    traffic: Traffic,
    on_first: Callable[[bytes], None],
    data: bytes,
) -> None:
    loop = asyncio.get_running_loop()
    is_first = True
    while data := data or await loop.sock_recv(client, CHUNK):
        try:
            await stream.write(data)
        except RunicorndError:
            # The viewer reads no more; an answer that it gave before may still be on its way.
            await _discard(client)
            return
        traffic.to_viewer += len(data)
        if is_first:
            is_first = False
            on_first(data)
        data = b""
        await asyncio.sleep(0)  # neither call waits while both sides are quick: give others a turn
    with contextlib.suppress(RunicorndError):
        await stream.finish()


async def _to_client(client: socket.socket, stream: ByteStream, traffic: Traffic, data: bytes) -> None:
    loop = asyncio.get_running_loop()
    while data := data or await stream.read(CHUNK):
        await loop.sock_sendall(client, data)
        traffic.to_client += len(data)
        if len(data) >= MUCH:
            await asyncio.sleep(0)  # less than that was all there was: the next read waits
        data = b""
    client.shutdown(socket.SHUT_WR)


async def _discard(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        if not await loop.sock_recv(client, CHUNK):
            return
        await asyncio.sleep(0)
