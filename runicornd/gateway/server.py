"""The gateway: one port of the loopback, its routes, and their guard."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import web

from runicornd.errors import DashboardOff, RunicorndError, StateUnwritable
from runicornd.gateway.answers import dress, failure
from runicornd.gateway.bodies import SILENCE, decoded, read_body
from runicornd.gateway.door import Door
from runicornd.gateway.rest.routes import Rest
from runicornd.gateway.security import MAX_BODY_BYTES, SOCKET_PATH, Guard, middleware
from runicornd.gateway.static import StaticFiles
from runicornd.gateway.tokens import CODE_LIFE_S, UsedTwice
from runicornd.gateway.websocket import Sockets
from runicornd.rpc.services.dashboard import Served

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.gateway.tokens import Tokens
    from runicornd.rpc.plane import ControlPlane
    from runicornd.tunnels.ports import Listener, Ports

OWNER = "dashboard"
CLOSE_S = 2.0
SILENCE_S = 10.0
MAX_PORT = 65535

_log = structlog.get_logger("gateway")


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    code: str


class Gateway:
    """Serves the dashboard, once it is started.

    Args:
        ports: Hands out the port: the preferred one, or the next that is free.
        tokens: Who may come in.
        clock: The time.
        files: The page.
        allowed: The ports among which the one of last time is taken again, for the pages that know it.
        silence_s: How long a connection may go without a whole request, in seconds.
    """

    def __init__(
        self,
        ports: Ports,
        tokens: Tokens,
        clock: Clock,
        files: StaticFiles | None = None,
        *,
        allowed: range = range(MAX_PORT + 1),
        silence_s: float = SILENCE_S,
    ) -> None:
        self._allowed = allowed
        self._silence_s = silence_s
        self._ports = ports
        self._tokens = tokens
        self._clock = clock
        self._files = files or StaticFiles()
        self._listener: Listener | None = None
        self._door: Door | None = None
        self._sockets: Sockets | None = None

    @property
    def served(self) -> Served | None:
        """Where it is, while it serves."""
        port = self._listener.port if self._listener else None
        return None if port is None else Served(f"http://localhost:{port}/", port)

    def link(self) -> tuple[Served, float]:
        """Return an address that lets one browser in, and until when, in seconds since the epoch.

        Raises:
            DashboardOff: It is not served.
        """
        served = self._served()
        url = f"{served.url}#enter={self._tokens.new_code()}"
        return Served(url, served.port), self._clock.wall() + CODE_LIFE_S

    def token(self) -> str:
        """Return a token for programs. Raises DashboardOff, StateUnwritable."""
        self._served()
        return self._tokens.new_token()

    async def revoke(self) -> None:
        """Log out every page and program. Raises StateUnwritable."""
        self._tokens.revoke_all()
        if self._sockets is not None:
            await self._sockets.send_away()

    async def start(self, plane: ControlPlane) -> None:
        """Listen and serve from now on. The daemon's lock must be held.

        Raises:
            PortTaken: No port is free.
            OSError: It is not possible to serve there.
        """
        self._tokens.load()
        known = self._tokens.port
        listener = self._ports.take(OWNER, known if known in self._allowed else None)
        try:
            self._sockets = Sockets(plane)
            app = self._app(plane, Guard(listener.port, self._tokens, self._is_public))
            self._door = Door(app, silence_s=self._silence_s, close_s=CLOSE_S)
            await self._door.open(listener)
        except BaseException:
            listener.close()
            raise
        self._listener = listener
        self._remember(listener.port)
        _log.info("dashboard is served", url=f"http://localhost:{listener.port}/")

    async def close(self) -> None:
        """Stop serving, at most 4 seconds from now. Safe to call again."""
        if self._sockets is not None:
            await self._sockets.close()
        if self._door is not None:
            await self._door.close()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _remember(self, port: int) -> None:
        try:
            self._tokens.remember_port(port)
        except StateUnwritable as error:
            _log.warning("port is not remembered", reason=error.message)

    def _served(self) -> Served:
        if self.served is None:
            raise DashboardOff(
                "cannot let anyone in: the dashboard is not served",
                hint="set dashboard = true and start the daemon again, or see 'runicornctl daemon logs'",
            )
        return self.served

    def _app(self, plane: ControlPlane, guard: Guard) -> web.Application:
        assert self._sockets is not None
        app = web.Application(
            middlewares=[middleware(guard, self._admit)], client_max_size=MAX_BODY_BYTES + 1
        )
        app[SILENCE] = self._silence_s
        app.on_response_prepare.append(_dressed)
        app.add_routes(Rest(plane).routes())
        app.router.add_get(SOCKET_PATH, self._sockets.serve)
        app.router.add_post("/enter", self._enter)
        app.router.add_get("/token", _is_good)
        app.router.add_get("/{path:.*}", self._files.serve)
        return app

    def _admit(self, request: web.Request) -> None:
        if self._door is not None:
            self._door.admit(request)

    def _is_public(self, request: web.Request) -> bool:
        """The page itself tells nothing, and the entry is for those who have no token yet."""
        if request.method == "POST":
            return request.path == "/enter"
        return request.method == "GET" and self._files.has(request.path)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Trade the code of a link for a token."""
        entry = decoded(await read_body(request), _Entry)
        try:
            return web.json_response({"token": self._tokens.redeem(entry.code)})
        except UsedTwice as error:
            if self._sockets is not None:
                await self._sockets.send_away()  # those whose token is good come back by themselves
            return failure(http.HTTPStatus.FORBIDDEN, error.kind, error.message, error.hint)
        except RunicorndError as error:
            return failure(http.HTTPStatus.FORBIDDEN, error.kind, error.message, error.hint)


async def _dressed(_request: web.Request, response: web.StreamResponse) -> None:
    dress(response)


async def _is_good(_request: web.Request) -> web.StreamResponse:
    """Say that the token is good: nobody gets here without. A WebSocket cannot say why it is refused."""
    return web.Response(status=http.HTTPStatus.NO_CONTENT)
