"""Folders, the lock, the socket and the state files of this machine, without a daemon."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from runicornd._lib.lockfile import LockFile
from runicornd.doctor.amounts import is_low, seconds, size
from runicornd.doctor.folders import folder_finding
from runicornd.doctor.instance import holder, look_at_daemon, look_at_lock, look_at_socket
from runicornd.doctor.machine import Machine, machine_steps
from runicornd.doctor.ports import ports_step
from runicornd.doctor.run import run_steps
from runicornd.settings import Paths


@pytest.fixture
def short(tmp_path):
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="rd-") as name:
        yield Path(name)


@pytest.fixture
def machine(tmp_path, short):
    """A machine with folders of its own, nothing in them yet."""
    paths = Paths(
        tmp_path / "config.toml", tmp_path / "state", tmp_path / "cache", tmp_path / "log" / "daemon.log"
    )
    return Machine(
        paths,
        short / "run" / "d.sock",
        "9.9",
        {"RUNICORND_CONFIG": str(paths.config), "PATH": "/usr/bin:/bin"},
    )


async def examine(machine):
    checks = await run_steps(machine_steps(machine), lambda _check: None)
    return {check.name: check.finding for check in checks}


async def test_a_machine_that_never_ran_a_daemon_is_well(machine, tmp_path):
    """Nothing is there, nothing is wrong, and nothing is made by looking."""
    found = await examine(machine)
    assert {name: str(each.verdict) for name, each in found.items() if each.verdict == "failure"} == {}
    assert found["daemon"].verdict == "warning"
    assert "runicornctl daemon start" in found["daemon"].hint
    assert list(tmp_path.iterdir()) == []


async def test_all_problems_of_the_configuration_are_told(machine):
    """A broken configuration is one failure; what needs it is skipped, the rest is looked at."""
    machine.paths.config.write_text("hold_tme = 3\nlog_level = 7\n")
    found = await examine(machine)
    assert "hold_tme" in found["configuration"].text
    assert "log_level" in found["configuration"].text
    assert found["local_ports"].verdict == "skipped"
    assert found["openssh"].verdict in {"ok", "failure"}


async def test_damaged_state_files_are_named_and_left_alone(machine):
    """Looking does not set anything aside."""
    sessions = machine.paths.state / "sessions"
    sessions.mkdir(parents=True, mode=0o700)
    (sessions / "gpu.json").write_text("{")
    (machine.paths.state / "hosts.json").write_text("[]")
    found = await examine(machine)
    assert found["state_files"].verdict == "warning"
    assert "gpu.json" in found["state_files"].text
    assert "hosts.json" in found["state_files"].text
    assert sorted(path.name for path in sessions.iterdir()) == ["gpu.json"]
    assert (machine.paths.state / "hosts.json").read_text() == "[]"


async def test_files_that_were_set_aside_are_named(machine):
    """They are the user's to look at."""
    machine.paths.state.mkdir()
    (machine.paths.state / "hosts.json.corrupt-20260101T000000Z").touch()
    assert "corrupt-2026" in (await examine(machine))["state_files"].text


def test_a_folder_that_is_open_to_others_is_a_failure(tmp_path):
    """Who may write there could put a socket in the daemon's place."""
    tmp_path.chmod(0o777)
    found = folder_finding(tmp_path, is_private=True)
    assert found.verdict == "failure"
    assert "chmod 700" in found.hint
    tmp_path.chmod(0o755)
    assert folder_finding(tmp_path, is_private=True).verdict == "warning"
    assert folder_finding(tmp_path, is_private=False).verdict == "ok"
    tmp_path.chmod(0o700)
    assert folder_finding(tmp_path, is_private=True).verdict == "ok"


def test_a_file_in_the_place_of_a_folder(tmp_path):
    """It is in the way."""
    (tmp_path / "x").touch()
    assert folder_finding(tmp_path / "x", is_private=True).verdict == "failure"
    assert folder_finding(tmp_path / "x" / "y", is_private=True).verdict == "failure"


def test_the_lock_names_its_holder_and_is_not_touched(short):
    """Looking neither takes the lock nor writes to the file."""
    path = short / "daemon.lock"
    assert holder(path) == (False, None)
    with LockFile(path):
        assert holder(path) == (True, os.getpid())
        assert look_at_lock(path, short / "none").text == f"held by process {os.getpid()}"
        assert path.read_text() == f"{os.getpid()}\n"
        found = look_at_daemon(short / "none", path)
        assert found.verdict == "failure"
        assert "does not answer" in found.text
    assert holder(path) == (False, None)
    with LockFile(path):
        pass


def test_a_stale_socket_is_a_warning(short):
    """The next daemon replaces it."""
    path = short / "d.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        path.chmod(0o600)
        found = look_at_socket(path)
    assert found.verdict == "warning"
    assert "daemon start" in found.hint


def test_sockets_that_clients_would_not_trust(short):
    """Open to others, no socket at all, and a path that is too long."""
    path = short / "d.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o600)
        assert look_at_socket(path).verdict == "ok"
        path.chmod(0o666)
        assert "chmod 600" in look_at_socket(path).hint
    (short / "file").touch()
    assert "no socket" in look_at_socket(short / "file").text
    assert "RUNICORND_SOCKET" in look_at_socket(short / ("x" * 120)).hint


async def test_ports_that_are_taken():
    """A range in which somebody listens everywhere has none left."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert (await ports_step((port, port)).look()).verdict == "failure"
    assert (await ports_step((port, port)).look()).verdict == "ok"
    assert (await ports_step((0, 0)).look()).verdict == "ok"


@pytest.mark.parametrize(
    ("free", "total", "low"),
    [
        (500_000_000, 100_000_000_000, True),
        (4_000_000_000, 100_000_000_000, True),
        (6_000_000_000, 100_000_000_000, False),
        (900_000, 1_000_000, False),  # a small disk with room
        (0, 0, False),  # nobody knows
    ],
)
def test_when_a_disk_is_nearly_full(free, total, low):
    """Less than 1 GB or 5 %."""
    assert is_low(free, total) is low


def test_amounts_are_readable():
    """Sizes and times with their units."""
    assert [size(999), size(1_500_000), size(2e12)] == ["999 B", "1.5 MB", "2.0 TB"]
    assert [seconds(0.0123), seconds(1.5), seconds(600), seconds(9000)] == [
        "12.3 ms",
        "1.5 s",
        "10 min",
        "2.5 h",
    ]
