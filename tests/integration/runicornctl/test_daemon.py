"""``daemon``: starting, stopping, telling; and the start by itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runicornctl import VERSION, daemon_log
from runicornd import protocol
from runicornd.settings import find_paths
from tests.fakes.daemon import a_session

# Stands in for the daemon's process: takes a lock, serves, and can be told to fail.
MAIN = """
import fcntl, os, sys
home = os.environ["HOME"]
with open(home + "/starts", "a") as starts:
    starts.write("started\\n")
problem = os.environ.get("FAKE_PROBLEM")
if problem:
    sys.exit(problem)
lock = open(home + "/lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(75)
assert os.getsid(0) == os.getpid() and os.getcwd() == "/" and not os.isatty(0)
from tests.fakes.daemon import main
main()
"""


@pytest.fixture
def startable(ctl, tmp_path):
    """A user for whom ``python -m runicornd`` starts a fake; it is ended afterwards."""
    package = tmp_path / "fake" / "runicornd"
    package.mkdir(parents=True)
    real = str(Path(protocol.__file__).parent.parent)
    (package / "__init__.py").write_text(f"__path__.append({real!r})\n")
    (package / "__main__.py").write_text(MAIN)
    ctl.env["PYTHONPATH"] = f"{package.parent}:{ctl.env['PYTHONPATH']}"
    ctl.env["RUNICORND_NO_AUTOSTART"] = "0"
    yield ctl
    assert ctl.run("daemon", "stop").code == 0


def test_start_status_stop(startable):
    """A daemon is started once, tells where its files are, and ends."""
    started = json.loads(startable.run("daemon", "start", "--json").out)
    again = startable.run("daemon", "start")
    assert f"was running already (pid {started['pid']})" in again.out
    status = startable.run("daemon", "status").out
    for text in (
        "runicornd 0.1.0 is running",
        str(started["pid"]),
        str(startable.socket),
        "/etc/config.toml",
    ):
        assert text in status
    assert json.loads(startable.run("daemon", "status", "--json").out)["running"] is True
    assert "The daemon is stopped" in startable.run("daemon", "stop").out
    assert startable.run("daemon", "status").code == 3


def test_stop_of_none_is_fine(ctl):
    """Stopping twice is no failure."""
    done = ctl.run("daemon", "stop")
    assert (done.code, done.out) == (0, "The daemon was not running.\n")


@pytest.mark.parametrize(("words", "keep"), [([], False), (["--keep"], True)])
def test_stop_passes_on_what_becomes_of_viewers(ctl, words, keep):
    """--keep leaves them running."""
    with ctl.daemon() as daemon:
        assert ctl.run("daemon", "stop", *words).code == 0
        assert daemon.asked("daemon.shutdown") == [{"keep": keep}]


def test_a_changing_command_starts_the_daemon(startable):
    """`hosts remove` finds none running, starts it and is answered; it outlives the command."""
    done = startable.run("stop", "gpu")
    assert done.code == 1
    assert "cannot find 'gpu'" in done.err
    assert startable.run("status").code == 0


@pytest.mark.parametrize(
    "words", [["status"], ["wait", "x"], ["logs", "x"], ["open", "x"], ["hosts", "list"]]
)
def test_a_reading_command_does_not(startable, words):
    """Only looking starts nothing."""
    assert startable.run(*words).code == 3
    assert not (startable.home / "starts").exists()


def test_several_starts_at_once_all_succeed(startable):
    """One daemon wins, every command is served by it."""
    commands = [
        subprocess.Popen(
            startable.command("daemon", "start", "--json"), env=startable.env, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    outputs = [command.communicate(timeout=30)[0] for command in commands]
    assert [command.returncode for command in commands] == [0] * 4
    assert len({json.loads(output)["pid"] for output in outputs}) == 1


def test_what_a_dying_daemon_says_is_shown(startable):
    """Problems of the configuration reach the user whose command started it."""
    problem = "error: cannot use the configuration:\n  config.toml: prots: no such key; did you mean 'ports'?"
    done = startable.run("connect", "gpu", "--json", env={"FAKE_PROBLEM": problem})
    assert done.code == 3
    assert "did you mean 'ports'?" in done.err
    assert json.loads(done.out)["error"]["kind"] == "daemon_failed"


def test_the_service_is_started_when_it_is_installed(startable, tmp_path):
    """A user with a unit gets the unit started, not a second daemon beside it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "systemctl").write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/calls"\n[ "$3" != start ] || {{ echo "no bus" >&2; exit 1; }}\n'
    )
    (tools / "systemctl").chmod(0o755)
    unit = startable.home / ".config/systemd/user/runicornd.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    done = startable.run("daemon", "start", env={"PATH": f"{tools}:{os.environ['PATH']}"})
    assert done.code == 1
    assert "cannot start the daemon's service: no bus" in done.err
    assert "--user --no-pager start runicornd.service" in (tmp_path / "calls").read_text()
    assert not (startable.home / "starts").exists()


def log_of(ctl):
    path = ctl.home / ".local/state/runicornd/log/runicornd.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def entry(event, **facts):
    return json.dumps({"timestamp": "2025-01-02T03:04:05Z", "level": "info", "event": event} | facts) + "\n"


def test_the_log_can_be_read_without_a_daemon(ctl):
    """The last lines, readable; whatever is hostile or no JSON is escaped."""
    text = entry("old") + entry("link up", host="gpu", why="two words") + "not json \x1b[2J\n"
    log_of(ctl).write_text(text)
    lines = ctl.run("daemon", "logs", "-n", "2").out.splitlines()
    assert lines[0].endswith('info    link up host=gpu why="two words"')
    assert lines[1] == "not json \\x1b[2J"


def test_the_log_is_where_the_daemon_writes_it(ctl, monkeypatch):
    """The path that is guessed without a daemon is the daemon's own."""
    for name, value in ctl.env.items():
        monkeypatch.setenv(name, value)
    assert daemon_log.default_path() == find_paths().log


def test_the_log_is_followed_through_a_rotation(ctl):
    """New lines come, also after the file was replaced."""
    path = log_of(ctl)
    path.write_text(entry("first"))
    with ctl.begin("daemon", "logs", "-f", env={"PYTHONUNBUFFERED": "1"}) as process:
        assert b"first" in process.stdout.readline()
        with path.open("a") as log:
            log.write(entry("second"))
        assert b"second" in process.stdout.readline()
        path.rename(path.with_suffix(".1"))
        path.write_text(entry("third"))
        assert b"third" in process.stdout.readline()


def test_no_log_is_told(ctl):
    """A daemon that never ran has no log."""
    done = ctl.run("daemon", "logs")
    assert done.code == 1
    assert "does not exist" in done.err


def test_the_version_is_that_of_the_distribution(ctl):
    """The constant and the package's metadata agree."""
    code = "from importlib.metadata import version; print(version('runicornd'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=20)
    assert out.stdout.strip() == VERSION
    assert VERSION in ctl.run("--version").out


def test_facts_count_sessions(ctl, daemon):
    """`daemon status` says how many sessions there are."""
    daemon.sessions["gpu"] = a_session()
    assert "sessions  1" in ctl.run("daemon", "status").out
