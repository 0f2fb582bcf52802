"""Every route against everything that must not pass."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from runicornd.gateway.rest.routes import OPERATIONS
from tests.helpers.raw_http import Ask, send, send_raw

HEADERS = {
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-frame-options",
}
UPGRADE = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)
_WORD = re.compile(r"\{version[^}]*\}\}|\{[^}]*\}")

ROUTES = [(each.verb, _WORD.sub("1", each.path)) for each in OPERATIONS]
ROUTES += [("GET", "/openapi.json"), ("GET", "/token"), ("GET", "/rpc"), ("POST", "/enter"), ("GET", "/")]
ROUTES += [("GET", "/assets/app-1a2b.js"), ("GET", "/docs"), ("GET", "/docs.js"), ("GET", "/no/such")]
PUBLIC = {"/enter", "/", "/assets/app-1a2b.js", "/docs", "/docs.js"}


def right(verb, path, port, token):
    """A request of our own page, right in every way."""
    headers = [("Host", f"localhost:{port}"), ("Origin", f"http://localhost:{port}")]
    if path == "/rpc":
        return Ask(verb, path, (*headers, *UPGRADE, ("Sec-WebSocket-Protocol", f"runicornd, token.{token}")))
    headers.append(("Authorization", f"Bearer {token}"))
    if verb == "POST":
        return Ask(verb, path, (*headers, ("Content-Type", "application/json")), b"{}")
    return Ask(verb, path, tuple(headers))


def without(ask, *names):
    return replace(ask, headers=tuple(pair for pair in ask.headers if pair[0] not in names))


def with_(ask, name, value):
    return replace(without(ask, name), headers=(*without(ask, name).headers, (name, value)))


def also(ask, name, value):
    return replace(ask, headers=(*ask.headers, (name, value)))


def no_token(ask):
    return (
        with_(without(ask, "Authorization"), "Sec-WebSocket-Protocol", "runicornd")
        if (ask.target == "/rpc")
        else without(ask, "Authorization")
    )


def wrong_token(ask):
    if ask.target == "/rpc":
        return with_(ask, "Sec-WebSocket-Protocol", "runicornd, token.AAAA")
    return with_(ask, "Authorization", "Bearer AAAA")


def as_post(ask, kind, body=b"code=1"):
    return replace(with_(ask, "Content-Type", kind), body=body)


# What is done to a request that is right: name, change, the statuses that refuse it.
WRONGS = {
    "no host": (lambda ask, _: without(ask, "Host"), {400, 421}),
    "another host": (lambda ask, port: with_(ask, "Host", f"evil.example:{port}"), {421}),
    "a rebound name": (lambda ask, port: with_(ask, "Host", f"localhost.evil.example:{port}"), {421}),
    "the host of another port": (lambda ask, port: with_(ask, "Host", f"localhost:{port + 1}"), {421}),
    "a host without port": (lambda ask, _: with_(ask, "Host", "localhost"), {421}),
    "two hosts": (lambda ask, port: also(ask, "Host", f"localhost:{port}"), {400, 421}),
    "two different hosts": (lambda ask, _: also(ask, "Host", "evil.example"), {400, 421}),
    "all interfaces": (lambda ask, port: with_(ask, "Host", f"0.0.0.0:{port}"), {421}),
    "another origin": (lambda ask, _: with_(ask, "Origin", "https://evil.example"), {403}),
    "another local port": (lambda ask, port: with_(ask, "Origin", f"http://localhost:{port + 1}"), {403}),
    "the other scheme": (lambda ask, port: with_(ask, "Origin", f"https://localhost:{port}"), {403}),
    "no page's origin": (lambda ask, _: with_(ask, "Origin", "null"), {403}),
    "two origins": (lambda ask, port: also(ask, "Origin", f"http://localhost:{port}"), {403}),
    "HEAD": (lambda ask, _: replace(ask, method="HEAD", body=b""), {405}),
    "OPTIONS": (lambda ask, _: replace(ask, method="OPTIONS", body=b""), {405}),
    "TRACE": (lambda ask, _: replace(ask, method="TRACE", body=b""), {405}),
    "PUT": (lambda ask, _: replace(ask, method="PUT"), {405}),
    "CONNECT": (lambda ask, _: replace(ask, method="CONNECT", body=b""), {400, 405}),
    "a path above": (lambda ask, _: replace(ask, target="/.." + ask.target), {400}),
    "a path above, encoded": (lambda ask, _: replace(ask, target="/..%2f" + ask.target[1:]), {400}),
    "a path above, all encoded": (lambda ask, _: replace(ask, target="/%2e%2e/" + ask.target[1:]), {400}),
    "another server's path": (lambda ask, _: replace(ask, target="//evil.example" + ask.target), {400}),
    "an absolute target": (
        lambda ask, _: replace(ask, target="http://evil.example" + ask.target),
        {400, 421},
    ),
    "a long path": (lambda ask, _: replace(ask, target=ask.target + "?" + "x" * 5000), {400}),
}
PRIVATE_WRONGS = {
    "no token": (lambda ask, _: no_token(ask), {401}),
    "a wrong token": (lambda ask, _: wrong_token(ask), {401}),
    "a token in the query": (lambda ask, _: _in_query(ask), {401}),
    "a token in a cookie": (lambda ask, _: also(no_token(ask), "Cookie", f"token={_token_of(ask)}"), {401}),
    "two tokens": (lambda ask, _: _twice(ask), {401}),
}
POST_WRONGS = {
    "a form": (lambda ask, _: as_post(ask, "application/x-www-form-urlencoded"), {415}),
    "a form with files": (lambda ask, _: as_post(ask, "multipart/form-data; boundary=x"), {415}),
    "plain text": (lambda ask, _: as_post(ask, "text/plain", b'{"code":"1"}'), {415}),
    "no type": (lambda ask, _: without(ask, "Content-Type"), {415}),
    "a body too large": (lambda ask, _: also(without(ask), "Content-Length", str(2**30)), {413, 400}),
    "a body without end": (
        lambda ask, _: replace(also(ask, "Transfer-Encoding", "chunked"), body=b"2\r\n{}\r\n0\r\n\r\n"),
        {411},
    ),
    "no origin and no token": (lambda ask, _: without(ask, "Origin", "Authorization"), {403}),
}


def _token_of(ask):
    given = dict(ask.headers)
    return (
        given.get("Authorization", given.get("Sec-WebSocket-Protocol", ""))
        .rpartition("token.")[2]
        .split()[-1]
    )


def _in_query(ask):
    token = _token_of(ask)
    return replace(no_token(ask), target=f"{ask.target}?token={token}&access_token={token}")


def _twice(ask):
    if ask.target == "/rpc":
        token = _token_of(ask)
        return with_(ask, "Sec-WebSocket-Protocol", f"runicornd, token.{token}, token.{token}")
    return also(ask, "Authorization", dict(ask.headers)["Authorization"])


async def refused(port, ask, statuses):
    """See that a request is refused, with every header and no word of what is behind."""
    answer = await send(port, ask)
    assert answer.status in statuses, (ask, answer)
    assert answer.headers.keys() >= HEADERS, (ask, answer.headers)
    assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in answer.headers["content-security-policy"]
    if ask.method != "HEAD":
        assert answer.json["error"]["message"].startswith("cannot ")


@pytest.mark.parametrize("name", WRONGS)
async def test_every_route_refuses(gateway, port, token, name):
    """Whatever is asked for: the host, the page that asks and the form must be right."""
    change, statuses = WRONGS[name]
    for verb, path in ROUTES:
        ask = change(right(verb, path, port, token), port)
        body = b"" if "body" in name else ask.body
        await refused(port, replace(ask, body=body), statuses)


@pytest.mark.parametrize("name", PRIVATE_WRONGS)
async def test_every_private_route_wants_a_token(gateway, port, token, name):
    """In its header and nowhere else; also for what is not there."""
    change, statuses = PRIVATE_WRONGS[name]
    for verb, path in ROUTES:
        if path not in PUBLIC:
            await refused(port, change(right(verb, path, port, token), port), statuses)


@pytest.mark.parametrize("name", POST_WRONGS)
async def test_what_changes_anything_takes_json_only(gateway, port, token, name):
    """A page elsewhere can send forms and plain text without being asked; here they mean nothing."""
    change, statuses = POST_WRONGS[name]
    for verb, path in ROUTES:
        if verb == "POST":
            ask = right(verb, path, port, token)
            ask = change(replace(ask, body=b"") if "large" in name else ask, port)
            await refused(port, ask, statuses)


async def test_nothing_but_the_socket_can_upgrade(gateway, port, token):
    """A WebSocket, or anything else, on another route is refused."""
    for verb, path in ROUTES:
        if path != "/rpc":
            ask = right(verb, path, port, token)
            protocol = ("Sec-WebSocket-Protocol", f"runicornd, token.{token}")
            await refused(port, replace(ask, headers=(*ask.headers, *UPGRADE, protocol)), {400})


async def test_a_get_changes_nothing(gateway, port, token, daemon):
    """Those that change something are not there as GET."""
    for verb, path in ROUTES:
        if verb != "GET":
            answer = await send(port, right("GET", path, port, token))
            assert answer.status in {404, 405}, path
    assert not daemon.sessions.requests


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
async def test_the_right_names_pass(gateway, port, token, address, name):
    """This machine's own, on both of its addresses."""
    headers = (("Host", f"{name}:{port}"), ("Authorization", f"Bearer {token}"))
    assert (await send(port, Ask(headers=headers), address)).status == 204


def _listening(port):
    """The addresses, as Linux writes them, that the port is open on."""
    found = set()
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]]
        found |= {row[1].split(":")[0] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
    return found


async def test_nothing_else_listens(gateway, port):
    """Only the two loopback addresses have the port."""
    assert _listening(port) == {"0100007F", "00000000000000000000000001000000"}


async def test_the_page_itself(gateway, port):
    """It is for all who come from the right place, and tells nothing."""
    host = (("Host", f"localhost:{port}"),)
    page = await send(port, Ask(target="/", headers=host))
    assert (page.status, page.headers["cache-control"]) == (200, "no-cache")
    assert page.headers.keys() >= HEADERS
    script = await send(port, Ask(target="/assets/app-1a2b.js", headers=host))
    assert script.headers["content-type"].startswith("text/javascript")
    assert "immutable" in script.headers["cache-control"]
    icon = await send(port, Ask(target="/icons/rest.svg", headers=host))
    assert (icon.status, icon.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    "target", ["/secret.txt", "/assets/secret.txt", "/static/index.html", "/.hidden", "/%00"]
)
async def test_no_other_file(gateway, port, target):
    """What is not of the page is not there, and nobody without a token is told so."""
    answer = await send(port, Ask(target=target, headers=(("Host", f"localhost:{port}"),)))
    assert answer.status in {400, 401}
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n",
        b"POST /enter HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_request(gateway, port, data):
    """It gets an error with every header, and none of its own words back."""
    answer = await send_raw(port, data)
    assert answer.status == 400
    assert answer.headers.keys() >= HEADERS
    assert answer.kind == "bad_request"
    assert b"xxxx" not in answer.body


async def test_a_wrong_expectation(gateway, port, token):
    """It is refused with every header as well."""
    ask = also(right("GET", "/token", port, token), "Expect", "miracles")
    answer = await send(port, ask)
    assert answer.status == 417
    assert answer.headers.keys() >= HEADERS
