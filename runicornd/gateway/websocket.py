"""The control plane on a WebSocket: the same conversation as on the Unix socket, a message a frame."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from aiohttp import WSCloseCode, WSMsgType, web

from runicornd.gateway.security import SUBPROTOCOL
from runicornd.protocol.framing import MAX_LINE_BYTES
from runicornd.rpc.failures import ClientGone

if TYPE_CHECKING:
    from runicornd.rpc.conversation import Conversation
    from runicornd.rpc.plane import ControlPlane

MAX_SOCKETS = 32
HELLO_S = 30.0
WRITE_S = 30.0
HEARTBEAT_S = 30.0
FINISH_S = 1.0


class Sockets:
    """All pages that are connected.

    Args:
        plane: What they talk to.
    """

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._open: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one page until it leaves."""
        if len(self._open) >= MAX_SOCKETS:
            raise web.HTTPServiceUnavailable(reason=f"{MAX_SOCKETS} pages are open already")
        socket = web.WebSocketResponse(
            protocols=[SUBPROTOCOL],
            heartbeat=HEARTBEAT_S,
            max_msg_size=MAX_LINE_BYTES,
            compress=False,  # what comes from servers must not be guessed from lengths; loopback is fast
        )
        self._open.add(socket)
        try:
            await socket.prepare(request)
            await self._converse(request, socket)
        finally:
            self._open.discard(socket)
        return socket

    async def close(self) -> None:
        """Tell every page that the daemon goes away."""
        await self._end(WSCloseCode.GOING_AWAY)

    async def send_away(self) -> None:
        """Tell every page that its token is not good any more."""
        await self._end(WSCloseCode.POLICY_VIOLATION)

    async def _end(self, code: WSCloseCode) -> None:
        closings = (socket.close(code=code) for socket in set(self._open) if socket.prepared)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISH_S):
                await asyncio.gather(*closings, return_exceptions=True)

    async def _converse(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        turn = asyncio.Lock()

        async def send(line: bytes) -> None:
            try:
                async with turn, asyncio.timeout(WRITE_S):
                    await socket.send_str(line.rstrip(b"\n").decode())
            except (ConnectionError, TimeoutError, RuntimeError) as error:
                abort()
                raise ClientGone from error

        def abort() -> None:
            if request.transport is not None:
                request.transport.abort()

        conversation = self._plane.converse(send, abort, is_browser=True)
        try:
            await self._read(socket, conversation)
        finally:
            await conversation.close(FINISH_S)

    async def _read(self, socket: web.WebSocketResponse, conversation: Conversation) -> None:
        with contextlib.suppress(ClientGone, TimeoutError):
            while True:
                limit_s = HELLO_S if conversation.protocol is None else None
                async with asyncio.timeout(limit_s):
                    message = await socket.receive()
                if message.type is not WSMsgType.TEXT:
                    break
                await conversation.take(message.data.encode())
        if not socket.closed:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
