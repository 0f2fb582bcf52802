"""What every request must pass before anything looks at it: nothing is open that is not said to be.

Another page in the same browser is as hostile as another machine: a remote viewer's page runs on another
port of this very host. So the name that was asked for, the page that asks, and a token that only our page
has must all be right.
"""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Handler, Middleware

    from runicornd.gateway.tokens import Tokens

SUBPROTOCOL = "runicornd"
TOKEN_PREFIX = "token."  # noqa: S105 - a word on the wire, no secret
JSON = "application/json"
MAX_BODY_BYTES = 16 * 1024 * 1024

_SAFE = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_log = structlog.get_logger("gateway")


class Refused(Exception):
    """A request that must not be served.

    Args:
        status: The HTTP status.
        kind: A stable word.
        message: "cannot X: why".
    """

    def __init__(self, status: http.HTTPStatus, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class Guard:
    """Decides about every request to one port.

    Args:
        port: The gateway's own port.
        tokens: Who may come in.
        public: Whether a route is open to all who come from the right place.
    """

    def __init__(self, port: int, tokens: Tokens, public: Callable[[web.Request], bool]) -> None:
        names = ("localhost", "127.0.0.1", "[::1]")
        self._hosts = frozenset(f"{name}:{port}" for name in names)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._tokens = tokens
        self._public = public

    def check(self, request: web.Request) -> None:
        """Let the request pass.

        Raises:
            Refused: It must not.
        """
        self._check_host(request)
        self._check_origin(request)
        self._check_body(request)
        if not self._public(request) and not self._has_token(request):
            raise Refused(
                http.HTTPStatus.UNAUTHORIZED,
                "unauthorized",
                "cannot serve this without a token: 'runicornctl dashboard' opens the page with one",
            )

    def _check_host(self, request: web.Request) -> None:
        hosts = request.headers.getall("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            raise Refused(
                http.HTTPStatus.MISDIRECTED_REQUEST,
                "wrong_host",
                "cannot serve this host: it is not this machine's",
            )

    def _check_origin(self, request: web.Request) -> None:
        origins = request.headers.getall("Origin", [])
        is_socket = is_upgrade(request)
        if not origins and not is_socket and (request.method in _SAFE or _bearer(request) is not None):
            return  # no browser: those name the origin of whatever is not a plain GET
        if is_socket and request.method != "GET":
            raise Refused(http.HTTPStatus.BAD_REQUEST, "bad_request", "cannot upgrade: it is no GET")
        if len(origins) != 1 or origins[0].lower() not in self._origins:
            raise Refused(http.HTTPStatus.FORBIDDEN, "wrong_origin", "cannot serve a page of another origin")

    def _check_body(self, request: web.Request) -> None:
        if request.method in _SAFE:
            return
        if request.content_type != JSON and (request.body_exists or "Content-Type" in request.headers):
            raise Refused(
                http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "wrong_type",
                f"cannot read the body: it must be {JSON}",
            )

    def _has_token(self, request: web.Request) -> bool:
        token = _socket_token(request) if is_upgrade(request) else _bearer(request)
        return token is not None and self._tokens.is_good(token)


def is_upgrade(request: web.Request) -> bool:
    """Whether the request wants to become a WebSocket."""
    return "upgrade" in request.headers


def middleware(guard: Guard) -> Middleware:
    """Return the middleware that lets nothing pass which the guard refuses, and adds the headers."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            guard.check(request)
            response = await handler(request)
        except Refused as refused:
            _log.warning("request refused", kind=refused.kind, method=request.method, path=request.path[:200])
            response = failure(refused.status, refused.kind, str(refused))
        except web.HTTPException as error:
            response = failure(
                http.HTTPStatus(error.status), "not_found", f"cannot serve this: {error.reason}"
            )
        if not response.prepared:
            response.headers.update(_HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return guarded


def failure(status: http.HTTPStatus, kind: str, message: str, hint: str = "") -> web.Response:
    """An error as JSON, in the form of the control plane's errors."""
    return web.json_response(
        {"error": {"kind": kind, "message": message, "hint": hint}}, status=status, reason=status.phrase
    )


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _socket_token(request: web.Request) -> str | None:
    offered = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    found = [word.removeprefix(TOKEN_PREFIX) for word in offered if word.startswith(TOKEN_PREFIX)]
    return found[0] if len(found) == 1 and SUBPROTOCOL in offered else None
