"""A daemon that cannot start, is not alone, or finds its own files damaged, full or gone."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.ctl import ROOT
from tests.helpers.faults import Traces, paths_below, refused
from tests.helpers.laptop import Laptop, fetch
from tests.helpers.runicorn_env import MadeUpHome
from tests.helpers.standin import HANGS, SERVES, stand_in
from tests.helpers.waiting import until

SAMPLE = Path(__file__).parents[2] / "unit/sessions/files/v1/gpu-server.json"


@pytest.fixture
def own_laptop(tmp_path):
    """A laptop of the test's own; its daemon does not run yet."""
    laptop = Laptop(tmp_path)
    try:
        yield laptop
    finally:
        laptop.__exit__()


@pytest.fixture
def ctl(own_laptop):
    """A user whose commands start the daemon by themselves."""
    del own_laptop.env["RUNICORND_NO_AUTOSTART"]
    return own_laptop


def local_viewer(laptop, viewer=SERVES):
    """Make ``connect local`` work on the laptop."""
    home = MadeUpHome(laptop.home)
    home.root()
    stand_in(home.path, viewer=viewer)


def write_session(laptop, name, **changes):
    """Write the file of a session that nobody wants at the moment."""
    document = json.loads(SAMPLE.read_text())
    document["session"] |= {"id": name, "target": "local", "wanted": False, "record": None} | changes
    path = laptop.state / "sessions" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


# Not alone


def test_two_daemons(laptop):
    """The second one leaves at once and says which process the first one is; that one goes on."""
    before = {path: Path(path).read_bytes() for path in paths_below(laptop.state, with_folders=False)}
    second = subprocess.run(
        [sys.executable, "-m", "runicornd", "--foreground"],
        env=laptop.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 75
    assert f"cannot start the daemon: it runs already (process {laptop.process.pid})" in second.stderr
    assert "'runicornctl status' talks to it" in second.stderr
    assert "Traceback" not in second.stderr
    assert laptop.json("daemon", "status")["pid"] == laptop.process.pid
    after = {path: Path(path).read_bytes() for path in paths_below(laptop.state, with_folders=False)}
    logs = {path for path in after if path.endswith(".log")}
    assert {path: after[path] for path in after.keys() - logs} == {
        path: before[path] for path in before.keys() - logs
    }


def test_a_stale_socket_after_kill_9(own_laptop):
    """It is in the way of nobody: commands say that no daemon runs, and the next daemon serves."""
    own_laptop.start_daemon()
    own_laptop.stop_daemon(signal.SIGKILL)
    assert own_laptop.socket.exists()
    refusal = refused(own_laptop, "status", code=3)
    assert refusal.kind == "daemon_not_running"
    assert refusal.hint == "start it with: runicornctl daemon start"
    own_laptop.start_daemon()
    assert own_laptop.json("status")["sessions"] == []


# Damaged files


def test_damaged_session_files(own_laptop):
    """They are set aside whole, and told; the other sessions are there."""
    write_session(own_laptop, "good")
    folder = own_laptop.state / "sessions"
    newer = write_session(own_laptop, "newer")
    newer.write_text(newer.read_text().replace('"version": 1', '"version": 99', 1))
    damaged = {
        "garbage": b"\x00\xff not json",
        "half": SAMPLE.read_bytes()[:200],
        "empty": b"",
        "wrong": b'{"version": 1, "session": {"id": 5}}',
        "list": b"[]",
    }
    for name, data in damaged.items():
        (folder / f"{name}.json").write_bytes(data)
    own_laptop.start_daemon()
    assert [session["id"] for session in own_laptop.json("status")["sessions"]] == ["good"]
    for name, data in damaged.items():
        assert not (folder / f"{name}.json").exists()
        (aside,) = folder.glob(f"{name}.json.corrupt-*")
        assert aside.read_bytes() == data
        assert f"{name}.json.corrupt-" in own_laptop.log()
    assert newer.exists()


def test_a_session_file_with_another_id_inside(own_laptop):
    """The name of a file and what is in it cannot lead out of the folder."""
    path = write_session(own_laptop, "good")
    document = json.loads(path.read_text())
    document["session"]["id"] = "../../evil"
    (path.parent / "evil.json").write_text(json.dumps(document))
    own_laptop.start_daemon()
    sessions = [session["id"] for session in own_laptop.json("status")["sessions"]]
    assert sessions == ["good"]
    assert list(path.parent.glob("evil.json.corrupt-*"))


def test_damaged_saved_hosts(own_laptop):
    """The same for the file of saved hosts."""
    own_laptop.state.mkdir(parents=True)
    (own_laptop.state / "hosts.json").write_bytes(b"{")
    own_laptop.start_daemon()
    assert own_laptop.json("hosts", "list")["saved"] == []
    (aside,) = own_laptop.state.glob("hosts.json.corrupt-*")
    assert aside.read_bytes() == b"{"


def test_too_many_sessions(own_laptop):
    """The limit is told, and how to make room."""
    for number in range(1000):
        write_session(own_laptop, f"old-{number}")
    own_laptop.start_daemon()
    before = Traces(own_laptop)
    params = {"target": "local", "root": "/elsewhere", "viewer": "runicorn"}
    done = own_laptop.run("rpc", "sessions.start", json.dumps(params))
    error = json.loads(done.err)["error"]
    assert done.code == 1
    assert error["kind"] == "invalid_params"
    assert error["message"] == "cannot start another session: there are 1000"
    assert "runicornctl stop --forget" in error["hint"]
    before.nothing_added()


# What cannot be written


def cannot_start(ctl, *words):
    """A command that would start the daemon fails and says why; nothing of a daemon is there."""
    done = ctl.run(*words)
    assert done.code == 3, done
    assert "error: cannot start the daemon: " in done.err
    assert "runicornd: cannot " in done.err
    assert "\nTraceback" not in done.err
    assert not ctl.socket.exists()
    return done.err


def test_a_state_folder_that_cannot_be_made(ctl):
    """Something else has its name: for root as well."""
    ctl.state.parent.mkdir(parents=True)
    ctl.state.touch()
    shown = cannot_start(ctl, "connect", "local", "--no-browser")
    assert f"cannot use the state folder {ctl.state}" in shown
    assert "see that it is yours to write" in shown


@pytest.mark.skipif(os.getuid() == 0, reason="nothing keeps root from writing")
def test_a_state_folder_that_may_not_be_written(ctl):
    """Its mode forbids it."""
    ctl.state.mkdir(parents=True, mode=0o500)
    shown = cannot_start(ctl, "connect", "local", "--no-browser")
    assert f"cannot use the state folder {ctl.state}: Permission denied" in shown


@pytest.fixture
def small_disk(own_laptop):
    """Puts the laptop's state on a disk of its own; returns how to fill it up."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounts for one process alone are not permitted here")
    own_laptop.state.mkdir(parents=True)
    script = 'mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"'
    own_laptop.wrapper = ["unshare", "--mount", "sh", "-c", script, str(own_laptop.state)]

    def fill():
        filler = Path(f"/proc/{own_laptop.process.pid}/root{own_laptop.state}/filler")
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        return filler

    return fill


def test_a_full_disk_when_a_session_starts(own_laptop, small_disk):
    """Nothing begins that could not be remembered, and the daemon lives on."""
    local_viewer(own_laptop)
    own_laptop.start_daemon()
    filler = small_disk()
    before = Traces(own_laptop)
    refusal = refused(own_laptop, "connect", "local", "--no-browser", "--env", "train")
    assert refusal.kind == "state_unwritable"
    assert refusal.message == "cannot save session local: No space left on device"
    assert refusal.hint.startswith(f"make room in {own_laptop.state}/sessions")
    before.nothing_added()
    filler.unlink()
    assert own_laptop.connect("local", "--env", "train")["state"] == "ready"
    own_laptop.json("stop", "local", "--forget")


def test_a_full_disk_when_a_session_stops(own_laptop, small_disk):
    """It stops all the same: what cannot be remembered must not keep a viewer alive."""
    local_viewer(own_laptop)
    own_laptop.start_daemon()
    session = own_laptop.connect("local", "--env", "train")
    filler = small_disk()
    refusal = refused(own_laptop, "stop", "local")
    assert refusal.kind == "state_unwritable"
    assert own_laptop.listeners() == set()
    assert own_laptop.session("local")["state"] == "stopped"
    assert not Path(f"/proc/{session['remote']['pid']}").exists()
    filler.unlink()
    again = own_laptop.connect("local", "--env", "train")
    assert fetch(again["url"] + "/api/health")[0] == 200
    own_laptop.json("stop", "local", "--forget")


def test_a_session_file_that_cannot_be_removed(own_laptop):
    """What was wrong with the session is told all the same, and its address is closed."""
    local_viewer(own_laptop, HANGS)
    own_laptop.env["RUNICORND_VIEWER_START_TIMEOUT"] = "1"
    own_laptop.start_daemon()
    path = own_laptop.state / "sessions" / "local.json"
    command = ["connect", "local", "--env", "train", "--no-browser", "--json"]
    with own_laptop.begin(*command) as connecting:
        until(lambda: '"record": {' in (path.read_text() if path.exists() else ""))
        path.unlink()
        (path / "in the way").mkdir(parents=True)
        output, _ = connecting.communicate(timeout=20)
    assert connecting.returncode == 1
    assert json.loads(output)["error"]["kind"] == "viewer_unresponsive"
    assert own_laptop.listeners() == set()
    assert own_laptop.session("local")["state"] == "failed"


# A daemon that dies as it starts


def test_a_configuration_with_several_mistakes(ctl):
    """All of them are told by the command that would have started the daemon."""
    config = ctl.home / ".config/runicornd/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('log_levle = "info"\nlocal_ports = "9000"\nviewer_lease = -1\nhold_time = "long"\n')
    shown = cannot_start(ctl, "connect", "local", "--no-browser")
    assert "cannot use the configuration" in shown
    for name in (
        "log_levle: no such key; did you mean 'log_level'?",
        "local_ports: ",
        "viewer_lease: ",
        "hold_time: ",
    ):
        assert f"{config}: {name}" in shown
    assert "runicornd --print-config" in shown


def test_a_socket_path_that_is_too_long(ctl):
    """The variable to mend is named."""
    ctl.env["RUNICORND_SOCKET"] = str(ctl.runtime / ("x" * 120) / "d.sock")
    refusal = refused(ctl, "connect", "local", "--no-browser", code=3)
    assert refusal.kind == "config_invalid"
    assert "its path is longer than" in refusal.message
    assert refusal.hint == "set RUNICORND_SOCKET to a shorter path"


def test_an_installation_that_is_broken(ctl, tmp_path):
    """What the daemon said before it died is shown."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "structlog.py").write_text("raise ImportError('libcrypto.so.3: no such file')\n")
    ctl.env["PYTHONPATH"] = f"{tmp_path / 'broken'}:{ROOT}"
    done = ctl.run("connect", "local", "--no-browser")
    assert done.code == 3
    assert "error: cannot start the daemon: " in done.err
    assert "libcrypto.so.3: no such file" in done.err
    assert not ctl.socket.exists()


def test_a_folder_of_the_socket_that_is_open_to_others(ctl):
    """Neither daemon nor client uses it."""
    ctl.socket.parent.mkdir(mode=0o755)
    ctl.socket.parent.chmod(0o755)
    refusal = refused(ctl, "connect", "local", "--no-browser")
    assert refusal.kind == "socket_unsafe"
    assert "is open to other users (mode 755)" in refusal.message
    assert "chmod 700" in refusal.hint
    assert not ctl.socket.exists()
