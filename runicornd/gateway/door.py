"""The gateway's connections: how many there may be, and how long one may say nothing."""

from __future__ import annotations

import asyncio
import http
import secrets
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from runicornd.gateway.answers import Refused, dress, failure

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

    from runicornd.tunnels.ports import Listener

MAX_STRANGERS = 64
MAX_GUESTS = 128
LINGER_S = 1.0
BACKLOG = 128

_log = structlog.get_logger("gateway")


class Door:
    """Accepts connections on the gateway's sockets.

    Whoever has not shown a token yet is a stranger: of too many of them the oldest is cut off, so that
    connections that say nothing keep nobody out. Whoever has shown one is a guest.

    Args:
        app: Answers requests.
        silence_s: How long a connection may go without a whole request, in seconds.
        close_s: How long answers that are under way may take at the end, in seconds.
    """

    def __init__(self, app: web.Application, *, silence_s: float, close_s: float) -> None:
        self._silence_s = silence_s
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=close_s, handle_signals=False)
        self._servers: list[asyncio.Server] = []
        self._strangers: dict[asyncio.BaseTransport, None] = {}
        self._guests: set[asyncio.BaseTransport] = set()

    async def open(self, listener: Listener) -> None:
        """Accept from now on. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        for each in listener.sockets:
            self._servers.append(await loop.create_server(self._new_connection, sock=each, backlog=BACKLOG))

    async def close(self) -> None:
        """Accept nobody any more, and end all connections. Safe to call again."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        await self._runner.cleanup()
        for transport in (*self._strangers, *self._guests):
            _cut(transport)

    def admit(self, request: web.Request) -> None:
        """Make a stranger that has shown a token a guest.

        Raises:
            Refused: There are too many.
        """
        transport = request.transport
        if transport is None or transport in self._guests:
            return
        if len(self._guests) >= MAX_GUESTS:
            raise Refused(
                http.HTTPStatus.SERVICE_UNAVAILABLE,
                "too_many_connections",
                f"cannot serve another connection: {MAX_GUESTS} are open",
                "close some pages or end some programs",
            )
        self._strangers.pop(transport, None)
        self._guests.add(transport)

    def came(self, transport: asyncio.BaseTransport) -> None:
        """Take note of a new connection."""
        while len(self._strangers) >= MAX_STRANGERS:
            oldest = next(iter(self._strangers))
            del self._strangers[oldest]
            _cut(oldest)
        self._strangers[transport] = None

    def went(self, transport: asyncio.BaseTransport) -> None:
        """Take note of a connection that has ended."""
        self._strangers.pop(transport, None)
        self._guests.discard(transport)

    def _new_connection(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None  # it was set up before anyone could come
        return _Connection(self, server, self._silence_s)


class _Connection(web.RequestHandler):
    """One connection."""

    def __init__(self, door: Door, server: web.Server, silence_s: float) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=silence_s,
            lingering_time=LINGER_S,
            access_log=None,  # type: ignore[arg-type] # its own way to say: none
            auto_decompress=False,
        )
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of it."""
        super().connection_made(transport)
        self._ours = transport
        self._door.came(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Take note of it."""
        super().connection_lost(exc)
        self._door.went(self._ours)

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - aiohttp's words may repeat what was sent
    ) -> web.StreamResponse:
        """Answer what cannot be read, or what we failed at, with no word of why."""
        if request.writer.output_size > 0:
            raise ConnectionError("the answer has begun already")
        if status < http.HTTPStatus.INTERNAL_SERVER_ERROR:
            answer = failure(http.HTTPStatus(status), "bad_request", "cannot read the request")
        else:
            reference = secrets.token_hex(4)
            _log.error("request failed", reference=reference, exc_info=exc)
            text = f"cannot serve this: internal error {reference}"
            hint = f"this is a mistake in runicornd; look for {reference} in its log"
            answer = failure(http.HTTPStatus.INTERNAL_SERVER_ERROR, "internal", text, hint)
        dress(answer)
        answer.force_close()
        return answer


def _cut(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()
