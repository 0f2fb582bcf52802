import pytest

from runicornd.tunnels.waiting_page import is_http, response


@pytest.mark.parametrize(
    "start",
    [b"GET / HTTP/1.1\r\n", b"POST /api?x=1 HTTP/1.1", b"HEAD /", b"OPTIONS * HTTP/1.1", b"GET http://x/"],
)
def test_requests_are_known(start):
    """What a browser or curl sends is HTTP."""
    assert is_http(start)


@pytest.mark.parametrize(
    "start", [b"", b"GE", b"\x16\x03\x01\x02", b"SSH-2.0-x\r\n", b"get / HTTP/1.1", b"GETX /"]
)
def test_other_beginnings_are_not(start):
    """TLS, SSH, nothing and nonsense are not HTTP."""
    assert not is_http(start)


def test_the_page_is_a_whole_503_that_reloads_itself():
    """Status, headers and length are right, and the page says to whom."""
    head, body = response(b"GET / HTTP/1.1\r\n", "gpu").split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert headers["Retry-After"].isdigit()
    assert headers["Cache-Control"] == "no-store"
    assert headers["Connection"] == "close"
    assert int(headers["Content-Length"]) == len(body)
    assert b"Reconnecting to gpu" in body
    assert b'http-equiv="refresh"' in body


def test_a_hostile_name_is_escaped():
    """The host's name cannot become markup."""
    page = response(b"GET / HTTP/1.1\r\n", "<script>alert('1')</script>\"&")
    assert b"<script" not in page
    assert b"&lt;script&gt;" in page


def test_a_verdict_is_shown_instead():
    """Of a session that has failed the page says so, and does not promise to reconnect."""
    page = response(b"GET / HTTP/1.1\r\n", "gpu", "It crashed <i>again</i>.")
    assert page.startswith(b"HTTP/1.1 503 ")
    assert b"It crashed &lt;i&gt;again&lt;/i&gt;." in page
    assert b"Reconnecting" not in page


def test_head_gets_no_body():
    """The answer to HEAD ends with its headers."""
    assert response(b"HEAD / HTTP/1.1\r\n", "gpu").endswith(b"\r\n\r\n")
