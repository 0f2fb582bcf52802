"""What somebody with a browser sees at a session's URL."""

import http.client
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.helpers.waiting import until

PATIENCE_S = 30.0


@dataclass(frozen=True)
class Page:
    """An answer; ``took_s`` is how long it took."""

    status: int
    headers: dict
    body: bytes
    took_s: float


def visit(url, *, timeout_s=PATIENCE_S):
    """GET a page on a new connection."""
    address = urlsplit(url)
    began = time.monotonic()
    client = http.client.HTTPConnection(address.hostname, address.port, timeout=timeout_s)
    try:
        client.request("GET", address.path or "/")
        answer = client.getresponse()
        body = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Page(answer.status, headers, body, time.monotonic() - began)
    finally:
        client.close()


def is_told_to_wait(url):
    """The page that is shown while the link is away: it says so, and reloads itself."""
    page = visit(url)
    assert page.status == 503, page
    assert int(page.headers["retry-after"]) > 0
    assert b"Reconnecting to" in page.body
    assert b'http-equiv="refresh"' in page.body
    return page


def is_served(url, patience_s=PATIENCE_S):
    """Reload until the viewer answers, as the page does by itself; return how long it took in seconds."""
    began = time.monotonic()
    until(lambda: visit(url).status == 200, f"the viewer at {url}", patience_s)
    return time.monotonic() - began


class Guest:
    """A connection through the tunnel that says nothing: it ends when the daemon ends it."""

    def __init__(self, url):
        address = urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=PATIENCE_S)
        self._socket.settimeout(PATIENCE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def say_hello(self):
        """Send a request that never ends, so that the viewer waits for more."""
        self._socket.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")

    def until_ended(self):
        """Wait for the end; return how long it took in seconds. It has to be an end in order."""
        began = time.monotonic()
        while self._socket.recv(65536):
            pass
        return time.monotonic() - began
