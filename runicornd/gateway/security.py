"""What every request must pass before anything looks at it: nothing is open that is not said to be.

Another page in the same browser is as hostile as another machine: a remote viewer's page runs on another
port of this very host. So the name that was asked for, the page that asks, and a token that only our page
has must all be right.
"""

from __future__ import annotations

import http
import re
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from runicornd.gateway.answers import Refused, failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.typedefs import Handler, Middleware

    from runicornd.gateway.tokens import Tokens

SUBPROTOCOL = "runicornd"
SOCKET_PATH = "/rpc"
TOKEN_PREFIX = "token."  # noqa: S105 - a word on the wire, no secret
JSON = "application/json"
MAX_BODY_BYTES = 1024 * 1024
MAX_TARGET_CHARACTERS = 4096

_METHODS = frozenset({"GET", "POST", "DELETE"})
# Nothing that we serve is called so; such a path means to reach something else.
_ODD_PATH = re.compile(r"//|\\|/\.{1,2}(/|$)|%(2f|5c|00|2e%2e)|%2e(/|$)", re.IGNORECASE)
_HTTP_PORT = 80

_log = structlog.get_logger("gateway")


class Guard:
    """Decides about every request to one port.

    Args:
        port: The gateway's own port.
        tokens: Who may come in.
        is_public: Whether a request is open to all who come from the right place.
    """

    def __init__(self, port: int, tokens: Tokens, is_public: Callable[[web.Request], bool]) -> None:
        names = ("localhost", "127.0.0.1", "[::1]")
        self._hosts = frozenset(name if port == _HTTP_PORT else f"{name}:{port}" for name in names)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._tokens = tokens
        self._is_public = is_public

    def check(self, request: web.Request) -> bool:
        """Let the request pass; return whether it has a token.

        Raises:
            Refused: It must not pass.
        """
        self._check_host(request)
        _check_form(request)
        self._check_origin(request)
        _check_body(request)
        if self._has_token(request):
            return True
        if self._is_public(request):
            return False
        raise Refused(
            http.HTTPStatus.UNAUTHORIZED,
            "unauthorized",
            "cannot serve this: the token is missing, or not good any more",
            "'runicornctl dashboard' lets a browser in; 'runicornctl dashboard --token' prints a token",
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
        """A browser names the page that asks, except with what it takes for a harmless GET of its own."""
        origins = request.headers.getall("Origin", [])
        is_plain = request.method == "GET" and not is_upgrade(request)
        is_program = not is_upgrade(request) and _bearer(request) is not None
        if not origins and (is_plain or is_program):
            return
        if len(origins) != 1 or origins[0].lower() not in self._origins:
            raise Refused(http.HTTPStatus.FORBIDDEN, "wrong_origin", "cannot serve a page of another origin")

    def _has_token(self, request: web.Request) -> bool:
        token = _socket_token(request) if is_upgrade(request) else _bearer(request)
        return token is not None and self._tokens.is_good(token)


def is_upgrade(request: web.Request) -> bool:
    """Whether the request wants to become something else, such as a WebSocket."""
    return "Upgrade" in request.headers


def middleware(guard: Guard, admit: Callable[[web.Request], None]) -> Middleware:
    """Return the middleware that lets nothing pass which the guard refuses.

    Args:
        guard: Decides.
        admit: Hears of every request that has a token.
    """

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if guard.check(request):
                admit(request)
            return await handler(request)
        except Refused as refused:
            _log.debug("request refused", kind=refused.kind, method=request.method, path=request.path[:200])
            return failure(refused.status, refused.kind, str(refused), refused.hint)
        except web.HTTPException as error:
            status = http.HTTPStatus(error.status)
            kind = "not_found" if status is http.HTTPStatus.NOT_FOUND else "bad_request"
            return failure(status, kind, f"cannot serve this: {error.reason}")

    return guarded


def _check_form(request: web.Request) -> None:
    """Refuse what none of our pages and no honest program sends."""
    path = request.raw_path.partition("?")[0]
    if request.method not in _METHODS:
        raise Refused(
            http.HTTPStatus.METHOD_NOT_ALLOWED, "bad_request", f"cannot serve {request.method[:20]}"
        )
    if not path.startswith("/") or len(request.raw_path) > MAX_TARGET_CHARACTERS or _ODD_PATH.search(path):
        raise Refused(http.HTTPStatus.BAD_REQUEST, "bad_request", "cannot serve such a path")
    if is_upgrade(request) and (path != SOCKET_PATH or request.method != "GET"):
        raise Refused(http.HTTPStatus.BAD_REQUEST, "bad_request", f"cannot upgrade: only {SOCKET_PATH} can")


def _check_body(request: web.Request) -> None:
    has_body = request.body_exists or bool(request.content_length)
    if request.method == "GET":
        if has_body:
            raise Refused(http.HTTPStatus.BAD_REQUEST, "bad_request", "cannot take a body: this is a GET")
        return
    if (has_body or "Content-Type" in request.headers) and request.content_type != JSON:
        raise Refused(
            http.HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "wrong_type", f"cannot read the body: it must be {JSON}"
        )
    if has_body and request.content_length is None:
        raise Refused(
            http.HTTPStatus.LENGTH_REQUIRED, "bad_request", "cannot read the body: its length is missing"
        )
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise Refused(
            http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too_large",
            f"cannot read the body: it may have {MAX_BODY_BYTES} bytes",
        )


def _bearer(request: web.Request) -> str | None:
    given = request.headers.getall("Authorization", [])
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _socket_token(request: web.Request) -> str | None:
    offered = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
    found = [word.removeprefix(TOKEN_PREFIX) for word in offered if word.startswith(TOKEN_PREFIX)]
    return found[0] if len(found) == 1 and SUBPROTOCOL in offered else None
