"""What a browser sees while the viewer cannot be reached: a page that reloads itself."""

from __future__ import annotations

import html
import re

RETRY_S = 2
START_BYTES = 16384

_REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [/*h]")

_AWAY = "The viewer cannot be reached at the moment."

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="{retry}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 20vh auto 0; padding: 0 1rem }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{words} This page reloads itself; the address stays the same.</p>
<p>In a terminal, <code>runicornctl status</code> says more.</p>
</body>
</html>
"""


def is_http(start: bytes) -> bool:
    """Whether a client that began with these bytes speaks HTTP/1."""
    return _REQUEST.match(start) is not None


def response(request: bytes, label: str, verdict: str = "") -> bytes:
    """Return the whole HTTP answer to the start of a request.

    Args:
        request: At least its method.
        label: To whom we reconnect; shown escaped.
        verdict: Why we do not, in a sentence, and what to do; shown escaped.
    """
    title = f"No viewer on {label}" if verdict else f"Reconnecting to {label}"
    words = html.escape(verdict or _AWAY)
    body = _PAGE.format(title=html.escape(title), words=words, retry=RETRY_S).encode()
    head = (
        "HTTP/1.1 503 Service Unavailable\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Retry-After: {RETRY_S}\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n"
        "\r\n"
    ).encode()
    return head if request.startswith(b"HEAD ") else head + body
