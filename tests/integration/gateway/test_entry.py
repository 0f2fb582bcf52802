"""How a browser comes in, and how it is shown out."""

import json
import stat

import pytest

from runicornd.errors import DashboardOff
from runicornd.gateway.server import Gateway
from runicornd.gateway.tokens import Tokens
from runicornd.rpc.plane import ControlPlane
from runicornd.tunnels.ports import Ports
from tests.helpers.raw_http import Ask, send


def code_of(gateway):
    served, _ = gateway.link()
    return served.url.partition("#enter=")[2]


async def enter(port, code):
    """Do what the page does with the code of a link."""
    headers = (
        ("Host", f"localhost:{port}"),
        ("Origin", f"http://localhost:{port}"),
        ("Content-Type", "application/json"),
    )
    return await send(port, Ask("POST", "/enter", headers, json.dumps({"code": code}).encode()))


async def is_in(port, token):
    headers = (("Host", f"localhost:{port}"), ("Authorization", f"Bearer {token}"))
    return (await send(port, Ask(headers=headers))).status == 204


async def test_a_link_lets_in_one_browser(gateway, port):
    """Its code is traded for a token that opens everything."""
    answer = await enter(port, code_of(gateway))
    assert answer.status == 200
    assert await is_in(port, answer.json["token"])


async def test_the_address_of_a_link(gateway, port, clock):
    """The code is behind the #, which no server and no log ever sees; it lapses in two minutes."""
    served, expires = gateway.link()
    assert served.url.startswith(f"http://localhost:{port}/#enter=")
    assert expires == clock.wall() + 120


async def test_a_code_that_comes_twice(gateway, port):
    """The second is refused, and whoever was first is out: one of the two is a stranger."""
    code = code_of(gateway)
    first = (await enter(port, code)).json["token"]
    second = await enter(port, code)
    assert (second.status, second.kind) == (403, "wrong_code")
    assert not await is_in(port, first)
    assert (await enter(port, code)).kind == "wrong_code"


async def test_a_code_lapses(gateway, port, clock):
    """After two minutes it is worth nothing."""
    code = code_of(gateway)
    await clock.advance(121)
    assert (await enter(port, code)).kind == "wrong_code"


@pytest.mark.parametrize("code", ["", "x", "ü" * 1000, "\0", "../../etc/passwd"])
async def test_codes_that_never_were(gateway, port, code):
    """They are refused in words."""
    answer = await enter(port, code)
    assert (answer.status, answer.kind) == (403, "wrong_code")


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"{", b'{"code":1}', b'{"code":"a","more":1}', b"\xff", b"[" * 9999]
)
async def test_bodies_that_are_no_entry(gateway, port, body):
    """They are refused in words."""
    headers = (("Host", f"localhost:{port}"), ("Origin", f"http://localhost:{port}"))
    ask = Ask("POST", "/enter", (*headers, ("Content-Type", "application/json")), body)
    answer = await send(port, ask)
    assert (answer.status, answer.kind) == (400, "invalid_params")


async def test_revoking(gateway, port, token):
    """Every token and every open link is worth nothing from then on."""
    code = code_of(gateway)
    assert await is_in(port, token)
    await gateway.revoke()
    assert not await is_in(port, token)
    assert (await enter(port, code)).kind == "wrong_code"


async def test_tokens_outlive_the_daemon(gateway, port, token, folder, clock, daemon):
    """The next daemon knows them, though what is kept does not let anyone in."""
    kept = folder / "dashboard.json"
    assert token not in kept.read_text()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    second = Gateway(Ports(0, 0), Tokens(kept, clock), clock)
    await second.start(ControlPlane(daemon.services))
    try:
        assert await is_in(second.served.port, token)
    finally:
        await second.close()


async def test_a_dashboard_that_is_not_served(folder, clock):
    """There is no way in, and the reason is said."""
    off = Gateway(Ports(0, 0), Tokens(folder / "dashboard.json", clock), clock)
    assert off.served is None
    with pytest.raises(DashboardOff, match="not served"):
        off.link()
    with pytest.raises(DashboardOff):
        off.token()
    await off.close()


async def test_the_port_of_last_time(folder, clock, daemon):
    """It is taken again, for the pages that know it, unless another one is wanted now."""
    plane = ControlPlane(daemon.services)
    kept = folder / "dashboard.json"

    async def port_of(**options):
        gateway = Gateway(Ports(0, 0), Tokens(kept, clock), clock, **options)
        await gateway.start(plane)
        await gateway.close()
        return gateway_port(kept)

    first = await port_of()
    assert await port_of() == first
    assert await port_of(allowed=range(1, 2)) != first


def gateway_port(kept):
    return json.loads(kept.read_text())["port"]
