"""A laptop with a real daemon, real servers, and bad networks between them.

Each row of the table of faults is one test: break one thing, look at the URL and at ``status --json`` as
the user would, then count what is left at both ends.
"""

import contextlib
from pathlib import Path

import pytest

from tests.helpers.furnished import with_runicorn, with_stand_in
from tests.helpers.laptop import Laptop
from tests.helpers.network import Network
from tests.helpers.sshd import SSHD, Sshd

# Short enough for three of them to pass quickly, long enough for a busy machine.
KEEPALIVE_S = 0.5


def pytest_collection_modifyitems(items):
    """Without a real server there is nothing to break."""
    if Path(SSHD).exists():
        return
    for item in items:
        if "tests/faults" in item.path.as_posix():
            item.add_marker(pytest.mark.skip(reason="OpenSSH's sshd is not installed"))


@pytest.fixture
def laptops(tmp_path):
    """Makes laptops: ``laptops(hold_time=1)``; the daemon runs and has to stop in order at the end."""
    with contextlib.ExitStack() as stack:

        def make(name="user", **settings):
            return stack.enter_context(Laptop(tmp_path / name, **settings))

        yield make


@pytest.fixture
def hold_time():
    """Seconds after which a waiting visitor is shown the page; tests choose another by parametrize."""
    return 1


@pytest.fixture
def laptop(laptops, hold_time):
    """A laptop that notices a dead link soon, and shows the page after a short while."""
    return laptops(keepalive_interval=KEEPALIVE_S, hold_time=hold_time, connect_timeout=3)


@pytest.fixture
def servers(tmp_path):
    """Makes real OpenSSH servers: ``servers("gpu", lines=[…])``; all end with the test."""
    with contextlib.ExitStack() as stack:

        def make(name, **options):
            return stack.enter_context(Sshd(tmp_path / name, **options))

        yield make


@pytest.fixture
def server(servers, laptop):
    """One server, known to the laptop as ``gpu``, with a stand-in viewer that starts in no time."""
    server = with_stand_in(servers("gpu"))
    laptop.know(server, "gpu")
    return server


@pytest.fixture
def real(servers, laptop):
    """One server, known to the laptop as ``real``, with a real Runicorn."""
    server = with_runicorn(servers("real"))
    laptop.know(server, "real")
    return server


@pytest.fixture
def networks():
    """Makes networks: ``networks(server)``."""
    with contextlib.ExitStack() as stack:

        def make(server, **options):
            return stack.enter_context(Network(server, **options))

        yield make
