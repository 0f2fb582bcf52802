"""``runicornctl doctor`` without a target: the daemon that runs, the one that does not, and broken ones."""

import json
import signal

import pytest

from tests.helpers.laptop import Laptop

NAMES = [
    "daemon",
    "configuration",
    "runtime_folder",
    "state_folder",
    "cache_folder",
    "log_folder",
    "socket",
    "lock",
    "state_files",
    "service",
    "python",
    "openssh",
    "known_hosts",
    "local_ports",
]


@pytest.fixture
def quiet(tmp_path):
    """A laptop whose daemon does not run."""
    return Laptop(tmp_path / "quiet")


def look(laptop, code=0):
    """``doctor --json``; the checks by name."""
    done = laptop.run("doctor", "--json")
    assert done.code == code, f"{done.out}{done.err}"
    answer = json.loads(done.out)
    assert (answer["schema"], answer["target"]) == (1, None)
    return {check["name"]: check for check in answer["checks"]}


def test_a_daemon_that_runs_looks_at_itself(laptop, examine):
    """It is well, names itself, and holds its own lock."""
    checks = examine()
    assert list(checks) == NAMES
    assert {check["verdict"] for name, check in checks.items() if name != "service"} == {"ok"}, checks
    assert f"process {laptop.process.pid}" in checks["daemon"]["finding"]
    assert checks["lock"]["finding"] == f"held by process {laptop.process.pid}"
    assert checks["socket"]["verdict"] == "ok"


def test_without_a_daemon_it_looks_from_outside(quiet):
    """No daemon is started for it, and the same things are looked at."""
    checks = look(quiet)
    assert list(checks) == NAMES
    assert checks["daemon"]["verdict"] == "warning"
    assert not quiet.socket.exists()


def test_what_it_says_to_a_person(quiet):
    """A line each, the next step below it, and what it all comes to."""
    out = quiet.run("doctor").out
    assert "! Daemon          it is not running\n" in out
    assert "→ commands start it when they need it" in out
    assert out.rstrip().endswith("1 warning.")


def test_a_broken_configuration_is_told_whole(quiet):
    """No daemon can start with it; the doctor still works."""
    config = quiet.home / ".config/runicornd/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('hold_tme = 3\nlog_level = "loud"\n')
    checks = look(quiet, code=1)
    assert checks["configuration"]["verdict"] == "failure"
    assert len(checks["configuration"]["context"]["problems"]) == 2
    assert checks["openssh"]["verdict"] == "ok"


def test_a_killed_daemon_leaves_a_stale_socket(laptop):
    """It is told, and nothing is held."""
    laptop.stop_daemon(signal.SIGKILL)
    checks = look(laptop)
    assert "nobody listens" in checks["socket"]["finding"]
    assert checks["lock"]["finding"] == "free"


def test_a_daemon_that_hangs(laptop):
    """A stopped daemon is a failure, and what can be seen from outside is."""
    laptop.process.send_signal(signal.SIGSTOP)
    try:
        checks = look(laptop, code=1)
    finally:
        laptop.process.send_signal(signal.SIGCONT)
    assert checks["daemon"]["verdict"] == "failure"
    assert "does not answer" in checks["daemon"]["finding"]
    assert "daemon logs" in checks["daemon"]["hint"]
    assert checks["lock"]["finding"] == f"held by process {laptop.process.pid}"


def test_a_runtime_folder_that_is_open_to_others(quiet):
    """Clients refuse such a socket, and the doctor says why."""
    quiet.socket.parent.mkdir(mode=0o777)
    quiet.socket.parent.chmod(0o777)
    checks = look(quiet, code=1)
    assert checks["daemon"]["verdict"] == "failure"
    assert checks["runtime_folder"]["verdict"] == "failure"


def test_no_openssh_client(quiet, tmp_path):
    """Without ssh no target can be resolved; what to install is said."""
    empty = tmp_path / "bin"
    empty.mkdir()
    quiet.env["PATH"] = str(empty)
    checks = look(quiet, code=1)
    assert checks["openssh"]["verdict"] == "failure"
    assert "install" in checks["openssh"]["hint"]
    assert checks["known_hosts"]["verdict"] == "skipped"
