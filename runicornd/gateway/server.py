"""The gateway: one port of the loopback, its routes, and their guard."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

import msgspec
import structlog
from aiohttp import web

from runicornd.errors import DashboardOff, RunicorndError
from runicornd.gateway.security import MAX_BODY_BYTES, Guard, failure, middleware
from runicornd.gateway.static import StaticFiles
from runicornd.gateway.tokens import CODE_LIFE_S
from runicornd.gateway.websocket import Sockets
from runicornd.rpc.services.dashboard import Served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd._lib.clock import Clock
    from runicornd.gateway.tokens import Tokens
    from runicornd.rpc.plane import ControlPlane
    from runicornd.tunnels.ports import Listener, Ports

OWNER = "dashboard"
CLOSE_S = 2.0
_MAX_ENTRY_BYTES = 4096

_log = structlog.get_logger("gateway")


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    code: str


class Gateway:
    """Serves the dashboard.

    Args:
        ports: Hands out the port: the preferred one, or the next that is free.
        tokens: Who may come in.
        clock: The time.
        routes: Further routes that need a token, such as those of the REST facade.
    """

    def __init__(
        self, ports: Ports, tokens: Tokens, clock: Clock, routes: Sequence[web.RouteDef] = ()
    ) -> None:
        self._ports = ports
        self._tokens = tokens
        self._clock = clock
        self._routes = routes
        self._files = StaticFiles()
        self._listener: Listener | None = None
        self._runner: web.AppRunner | None = None
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
        served = self.served
        if served is None:
            raise DashboardOff(
                "cannot open the dashboard: it is not served",
                hint="'runicornctl daemon logs' says why",
            )
        url = f"{served.url}#enter={self._tokens.new_code()}"
        return Served(url, served.port), self._clock.wall() + CODE_LIFE_S

    def token(self) -> str:
        """Return a token for programs. Raises StateUnwritable."""
        return self._tokens.new_token()

    async def revoke(self) -> None:
        """Log out every page and program. Raises StateUnwritable."""
        self._tokens.revoke_all()
        if self._sockets is not None:
            await self._sockets.close()

    async def start(self, plane: ControlPlane) -> None:
        """Listen and serve from now on.

        Raises:
            PortTaken: No port is free.
        """
        self._tokens.load()
        self._listener = self._ports.take(OWNER)
        self._sockets = Sockets(plane)
        guard = Guard(self._listener.port, self._tokens, self._is_public)
        app = web.Application(middlewares=[middleware(guard)], client_max_size=MAX_BODY_BYTES)
        app.add_routes(self._routes)
        app.router.add_get("/rpc", self._sockets.serve)
        app.router.add_post("/enter", self._enter)
        app.router.add_get("/token", _is_good)
        app.router.add_get("/{path:.*}", self._files.serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSE_S, handle_signals=False)
        await self._runner.setup()
        for each in self._listener.sockets:
            await web.SockSite(self._runner, each).start()
        _log.info("dashboard is served", url=f"http://localhost:{self._listener.port}/")

    async def close(self) -> None:
        """Stop serving, at most 4 seconds from now. Safe to call again."""
        if self._sockets is not None:
            await self._sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _is_public(self, request: web.Request) -> bool:
        """The page itself tells nothing, and the entry is for those who have no token yet."""
        if request.method == "POST":
            return request.path == "/enter"
        return request.method in {"GET", "HEAD"} and self._files.has(request.path)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        """Trade the code of a link for a token."""
        body = await request.content.read(_MAX_ENTRY_BYTES)
        try:
            token = self._tokens.redeem(msgspec.json.decode(body, type=_Entry).code)
        except msgspec.MsgspecError:
            return failure(http.HTTPStatus.BAD_REQUEST, "invalid_params", "cannot enter: the code is missing")
        except RunicorndError as error:
            return failure(http.HTTPStatus.FORBIDDEN, error.kind, error.message, error.hint)
        return web.json_response({"token": token})


async def _is_good(_request: web.Request) -> web.StreamResponse:
    """Say that the token is good: nobody gets here without. A WebSocket cannot say why it is refused."""
    return web.Response(status=http.HTTPStatus.NO_CONTENT)
