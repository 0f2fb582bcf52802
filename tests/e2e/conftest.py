"""A laptop with a real daemon, and servers with real environments."""

import contextlib

import pytest

from tests.helpers.laptop import Laptop
from tests.helpers.runicorn_env import MadeUpHome
from tests.helpers.sshd import Sshd


@pytest.fixture
def laptop(tmp_path):
    """A laptop whose daemon runs; at the end it has to stop in order."""
    with Laptop(tmp_path) as laptop:
        yield laptop


@pytest.fixture
def servers(tmp_path):
    """Makes real OpenSSH servers: ``servers("gpu", lines=[…])``; all end with the test."""
    with contextlib.ExitStack() as stack:

        def make(name, **options):
            return stack.enter_context(Sshd(tmp_path / name, **options))

        yield make


@pytest.fixture
def server(servers, laptop):
    """One server, known to the laptop as ``gpu``."""
    server = servers("gpu")
    laptop.know(server, "gpu")
    return server


@pytest.fixture
def home(server):
    """The home of an account on that server, empty but for a storage root."""
    home = MadeUpHome(server.home)
    home.root()
    return home
