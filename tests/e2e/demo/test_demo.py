"""``runicornctl demo`` as a newcomer runs it, with a daemon, a home and folders of its own."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.runicorn_env import NEW, MadeUpHome

DEMO_S = 120
OURS = ("RUNICORN", "SSH_")


@pytest.fixture
def world(tmp_path):
    """Variables that keep the user's daemon and settings out of it; its daemon is ended at the end."""
    # The sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp") as runtime:
        variables = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith(("RUNICORN", "SSH_"))
            },
            "HOME": str(tmp_path / "user"),
            "XDG_CACHE_HOME": str(tmp_path / "cache"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_DATA_HOME": str(tmp_path / "data"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
            "XDG_RUNTIME_DIR": runtime,
            "BROWSER": "true",
        }
        (tmp_path / "user").mkdir()
        yield variables
        runicornctl(variables, "daemon", "stop")


@pytest.fixture
def folder(tmp_path):
    """A demo folder whose environment is already there, so that no minute is spent on it."""
    folder = tmp_path / "demo"
    MadeUpHome(folder / "home").venv(".virtualenvs/runicorn", NEW)
    (folder / "home" / ".virtualenvs" / "runicorn" / "complete").touch()
    return folder


def runicornctl(variables, *words):
    return subprocess.run(
        [sys.executable, "-m", "runicornctl", *words],
        env=variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=DEMO_S,
        stdin=subprocess.DEVNULL,
    )


@contextmanager
def demo(variables, *words):
    """The demo as a running program; killed if the test does not end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runicornctl", "demo", *words],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def processes_in(folder):
    """The command lines of all processes that mention the folder or have their home in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in words and int(entry.name) != os.getpid():
            found.append(words[:200])
    return found


def wait_until_none(folder):
    deadline = time.monotonic() + 10
    while left := processes_in(folder):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.05)
    return []


def test_it_connects_checks_and_leaves_nothing_running(world, folder):
    """With --once it is a check by itself: the page answered, and everything was undone."""
    done = runicornctl(world, "demo", "--once", "--dir", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"The demo's viewer is at http://localhost:\d+", done.stdout)
    assert f"rm -rf {folder}" in done.stdout
    assert wait_until_none(folder) == []
    assert runicornctl(world, "status").returncode == 3


def test_the_viewer_stays_until_ctrl_c(world, folder):
    """A newcomer has time to look around: the runs are there, and Ctrl-C takes all of it away."""
    with demo(world, "--dir", str(folder), "--no-browser") as process:
        url = next(
            match[1] for line in process.stdout if (match := re.search(r"viewer is at (http://\S+)", line))
        )
        with urllib.request.urlopen(f"{url}/api/runs", timeout=20) as response:
            runs = response.read().decode()
        assert "vision/resnet/wide" in runs
        assert "text/tiny-gpt" in runs
        assert "demo" in runicornctl(world, "status").stdout
        process.send_signal(signal.SIGINT)
        assert process.wait(DEMO_S) == 0
    assert wait_until_none(folder) == []


def test_a_host_of_the_user_is_never_replaced(world, folder):
    """When the name is taken, the demo asks for another one instead of overwriting the host."""
    saved = runicornctl(world, "hosts", "add", "demo", "ada@gpu.example.org")
    assert saved.returncode == 0, saved.stderr
    done = runicornctl(world, "demo", "--once", "--dir", str(folder))
    assert done.returncode == 1
    assert "another host of that name" in done.stderr
    assert "--name" in done.stderr
    assert "gpu.example.org" in runicornctl(world, "hosts", "list").stdout


def test_without_a_package_index_it_says_what_is_missing(world, tmp_path):
    """No traceback: what could not be made, why, and what to check."""
    offline = {**world, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    done = runicornctl(offline, "demo", "--once", "--dir", str(tmp_path / "other"))
    assert done.returncode == 1
    assert "cannot make the demo environment" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
