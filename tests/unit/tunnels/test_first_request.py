"""Which requests may be sent again."""

import pytest

from runicornd.tunnels.first_request import may_be_repeated


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_whole_requests_that_change_nothing_may(method):
    """With their headers, and nothing behind them."""
    assert may_be_repeated(f"{method} /a?b=c HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"",
        b"POST /run HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"DELETE /run HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: local",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody",
        b"GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"GETTING somewhere\r\n\r\n",
    ],
)
def test_nothing_else_may(request_bytes):
    """Changes, parts, more than one, and what is no HTTP."""
    assert not may_be_repeated(request_bytes)
