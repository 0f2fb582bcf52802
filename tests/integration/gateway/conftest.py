"""A gateway on a port of its own, before a daemon without hosts."""

import tempfile
from pathlib import Path

import pytest

from runicornd.gateway.server import Gateway
from runicornd.gateway.static import StaticFiles
from runicornd.gateway.tokens import Tokens
from runicornd.rpc.plane import ControlPlane
from runicornd.tunnels.ports import Ports
from tests.fakes.clock import FakeClock
from tests.fakes.services import FakeDaemon


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="rcd-") as name:
        yield Path(name)


@pytest.fixture
def daemon(folder):
    return FakeDaemon(folder)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def page(folder):
    """The built page, as small as can be."""
    built = folder / "static"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>page</title>")
    (built / "assets" / "app-1a2b.js").write_text("1")
    (built / "icons").mkdir()
    (built / "icons" / "rest.svg").write_text("<svg/>")
    (built / ".hidden").write_text("secret")
    (folder / "secret.txt").write_text("secret")
    return built


@pytest.fixture
def tokens(folder, clock):
    return Tokens(folder / "dashboard.json", clock)


@pytest.fixture
async def gateway(daemon, tokens, clock, page):
    served = Gateway(Ports(0, 0), tokens, clock, StaticFiles(page))
    await served.start(ControlPlane(daemon.services))
    yield served
    await served.close()


@pytest.fixture
def port(gateway):
    return gateway.served.port


@pytest.fixture
def token(gateway):
    return gateway.token()
