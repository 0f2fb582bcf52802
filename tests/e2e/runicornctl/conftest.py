"""A made-up user with the real daemon, which is ended after each test."""

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
    ctl = Ctl(home, runtime)
    ctl.env["RUNICORND_NO_AUTOSTART"] = "0"
    yield ctl
    assert ctl.run("daemon", "stop").code == 0
    shutil.rmtree(runtime)
