"""The viewer's page in a real browser."""

import os
import shutil
import subprocess

import pytest

from tests.helpers.runicorn_env import NEW, log_runs, runicorn_env

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def chromium():
    program = shutil.which("chromium")
    if program is None:
        assert os.environ.get("CI") != "true", "CI must have chromium"
        pytest.skip("chromium is not installed")
    return program


def test_the_page_shows_the_runs_of_the_server(laptop, server, home, chromium, tmp_path):
    """Its scripts load and its requests are answered through the tunnel."""
    home.venv("envs/train", NEW)
    log_runs(runicorn_env(NEW), home.path / "RunicornData")
    url = laptop.connect("gpu", "--env", "train")["url"]
    shown = subprocess.run(
        [
            chromium,
            *QUIET,
            f"--user-data-dir={tmp_path / 'profile'}",
            "--virtual-time-budget=15000",
            "--dump-dom",
            url,
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout
    assert "vision/baseline" in shown
    assert "vision/broken" in shown
