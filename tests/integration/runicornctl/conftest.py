"""A made-up user for each test."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.helpers.ctl import Ctl


@pytest.fixture
def ctl(tmp_path):
    # Short: a socket's path has 107 bytes at most.
    runtime = Path(tempfile.mkdtemp(prefix="ctl-"))
    home = tmp_path / "home"
    home.mkdir()
    yield Ctl(home, runtime)
    shutil.rmtree(runtime)


@pytest.fixture
def daemon(ctl):
    with ctl.daemon() as daemon:
        yield daemon
