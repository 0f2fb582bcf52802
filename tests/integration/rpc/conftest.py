"""A served control plane in a short folder: a Unix socket's path has little room."""

import tempfile
from pathlib import Path

import pytest

from runicornd.rpc.plane import ControlPlane
from runicornd.rpc.server import Server
from tests.fakes.services import FakeDaemon


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="rcd-") as name:
        yield Path(name)


@pytest.fixture
def daemon(folder):
    return FakeDaemon(folder)


@pytest.fixture
async def server(daemon):
    server = Server(ControlPlane(daemon.services), daemon.socket)
    await server.start()
    yield server
    await server.close()
