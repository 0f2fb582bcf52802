"""The headers that every answer carries, and errors as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    import http

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "runicornd",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Refused(Exception):
    """A request that is not served.

    Args:
        status: The HTTP status.
        kind: A stable word.
        message: "cannot X: why".
        hint: What to do next.
    """

    def __init__(self, status: http.HTTPStatus, kind: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.hint = hint


def failure(status: http.HTTPStatus, kind: str, message: str, hint: str = "") -> web.Response:
    """An error as JSON, in the form of the control plane's errors."""
    return web.json_response(
        {"error": {"kind": kind, "message": message, "hint": hint}}, status=status, reason=status.phrase
    )


def dress(response: web.StreamResponse) -> None:
    """Add the headers that every answer carries."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
