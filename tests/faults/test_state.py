"""What is written down is lost, wrong, or cannot be written: on the laptop and on the server."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.helpers.census import Census, viewers
from tests.helpers.disks import SmallDisk, fill, missing
from tests.helpers.furnished import with_runicorn, with_stand_in
from tests.helpers.health import health
from tests.helpers.laptop import Laptop, fetch
from tests.helpers.standin import SERVES
from tests.helpers.waiting import until

NEEDS_SPACE = (
    """
import os
name = "index-%d.db" % os.getpid()
with open(os.path.join(os.environ["RUNICORN_DIR"], name), "wb") as file:
    file.write(bytes(65536))
"""
    + SERVES
)

WRITES_ITS_LOG = (
    """
import sys, threading, time
def chat():
    while True:
        print("x" * 2000, flush=True)
        time.sleep(0.01)
threading.Thread(target=chat, daemon=True).start()
"""
    + SERVES
)


def session_file(laptop):
    return laptop.state / "sessions" / "gpu.json"


@contextlib.contextmanager
def a_stranger():
    """A process that is none of ours; it must live to the end of the block."""
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        try:
            yield process
            assert process.poll() is None, "a stranger was killed"
        finally:
            process.kill()


def started(pid):
    """The start time of a process, as records have it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def rewrite(path, change):
    """Change a JSON file as somebody else would."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


# Records that lie


def test_a_reboot_of_the_server(laptop, server):
    """Nothing runs any more, pids belong to others: a fresh viewer at the same URL, nobody is signalled."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    folder = Path(session["remote"]["endpoint"]).parent
    kept = folder.with_name("kept")  # the folder outlives a real reboot where /tmp is on a disk
    shutil.copytree(folder, kept, ignore=lambda _, names: [each for each in names if each.endswith("sock")])
    laptop.stop_daemon(signal.SIGKILL)
    for pid in server.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: server.processes() == [])
    shutil.rmtree(folder, ignore_errors=True)
    kept.rename(folder)
    with a_stranger() as one, a_stranger() as other:

        def reboot(record, prefix=""):
            record["boot_id"] = "00000000-1111-2222-3333-444444444444"
            record["pid"], record["start_time"] = one.pid, started(one.pid)

        def reboot_all(record):
            reboot(record)
            record["keeper_pid"], record["keeper_start_time"] = other.pid, started(other.pid)

        rewrite(session_file(laptop), lambda saved: reboot(saved["session"]["record"]["identity"]))
        rewrite(folder / "record.json", reboot_all)
        laptop.start_daemon()
        after = laptop.wait_for("gpu", "ready")
        assert (after["url"], health(after)) == (session["url"], 200)
        assert after["remote"]["pid"] != one.pid
        until(lambda: not folder.exists())
        census.unchanged()


def test_a_record_that_points_at_a_stranger(laptop, server):
    """The pid of the saved record is somebody else's process, start time and boot id included."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    laptop.stop_daemon(signal.SIGKILL)
    with a_stranger() as stranger:

        def point(record):
            record["pid"], record["start_time"] = stranger.pid, started(stranger.pid)

        rewrite(session_file(laptop), lambda saved: point(saved["session"]["record"]["identity"]))
        laptop.start_daemon()
        after = laptop.wait_for("gpu", "ready")
        assert (after["url"], health(after)) == (session["url"], 200)
        assert after["remote"]["pid"] != stranger.pid
        # The viewer that nobody has a record of any more is found by what it is for, and ended.
        until(lambda: viewers(server) == [after["remote"]["pid"]])
        laptop.json("stop", "gpu")
        laptop.json("restart", "gpu")
        laptop.wait_for("gpu", "ready")
    census.unchanged()


def test_a_viewer_of_somebody_elses_session(laptop, server):
    """A saved record that leads to the viewer of another session of this account is not adopted."""
    first = laptop.connect("gpu")
    other_root = server.home / "other"
    other_root.mkdir()
    second = laptop.connect("gpu", "--root", str(other_root))
    census = Census(laptop, server)
    laptop.stop_daemon(signal.SIGKILL)
    theirs = json.loads((laptop.state / "sessions" / "gpu-2.json").read_text())["session"]["record"]

    rewrite(session_file(laptop), lambda saved: saved["session"].update(record=theirs))
    laptop.start_daemon()

    roots = {}
    for before in (first, second):
        after = laptop.wait_for(before["id"], "ready")
        assert after["url"] == before["url"]
        roots[before["id"]] = json.loads(fetch(after["url"] + "/api/health")[1])["storage"]
    assert roots == {"gpu": first["root"], "gpu-2": str(other_root)}
    assert laptop.session("gpu-2")["remote"] == second["remote"]
    until(lambda: len(viewers(server)) == 2)
    census.unchanged()


# Session files


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b'{"version": 1, "session": {"id": "gpu"'])
def test_a_session_file_that_is_damaged_before_the_daemon_starts(laptop, server, content):
    """It is set aside, the daemon serves, and ``connect`` makes the session anew."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    laptop.json("stop", "gpu")
    laptop.stop_daemon()
    session_file(laptop).write_bytes(content)

    laptop.start_daemon()

    (aside,) = session_file(laptop).parent.glob("gpu.json.corrupt-*")
    assert aside.read_bytes() == content
    assert laptop.json("status")["sessions"] == []
    again = laptop.connect("gpu")
    assert (again["id"], health(again)) == (session["id"], 200)
    assert json.loads(session_file(laptop).read_text())["session"]["id"] == "gpu"
    laptop.json("stop", "gpu", "--forget")
    assert [path.name for path in session_file(laptop).parent.iterdir()] == [aside.name]
    census.before["local listeners"] = []
    census.before["server 1 processes"].pop("viewer")
    census.before["server 1 processes"].pop("keeper")
    census.unchanged()


def test_a_session_file_that_is_damaged_while_the_daemon_runs(laptop, server):
    """The daemon does not need it, and writes it again when it ends: the next one finds everything."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    session_file(laptop).write_bytes(b"\xff garbage")
    assert health(session) == 200

    laptop.stop_daemon()
    laptop.start_daemon()

    after = laptop.wait_for("gpu", "ready")
    assert (after["url"], after["remote"], health(after)) == (session["url"], session["remote"], 200)
    assert not list(session_file(laptop).parent.glob("*.corrupt-*"))
    census.unchanged()


# Full disks


@pytest.fixture
def small(tmp_path, servers):
    """A laptop whose state is on a disk of 1 MiB, that disk, and a server."""
    laptop = Laptop(tmp_path / "small", keepalive_interval=0.5, hold_time=20)
    server = with_stand_in(servers("gpu"))
    laptop.know(server, "gpu")
    with SmallDisk(laptop.state) as disk:
        laptop.wrapper = disk.wrapper
        with laptop:
            yield laptop, disk, server


def test_no_space_left_for_the_state(small):
    """What runs goes on and is mended as ever; what is wrong is told; with space, all is as it was."""
    laptop, disk, server = small
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    filler = fill(disk.seen)

    assert health(session) == 200
    server.drop_connections()
    assert health(session) == 200
    os.kill(session["remote"]["pid"], signal.SIGKILL)
    assert health(session) == 200
    after = laptop.wait_for("gpu", "ready")
    assert after["detail"].startswith("cannot save session gpu: No space left on device")
    assert str(laptop.state) in after["detail"]

    laptop.stop_daemon(signal.SIGKILL)
    laptop.start_daemon()
    again = laptop.wait_for("gpu", "ready")
    assert (again["url"], health(again)) == (session["url"], 200)
    until(lambda: viewers(server) == [again["remote"]["pid"]])

    filler.unlink()
    laptop.stop_daemon()
    laptop.start_daemon()
    last = laptop.wait_for("gpu", "ready")
    assert (last["url"], last["remote"], last["detail"]) == (session["url"], again["remote"], "")
    assert [path.name for path in (disk.seen / "sessions").iterdir()] == ["gpu.json"]
    census.unchanged()


@pytest.fixture
def small_servers(tmp_path, servers):
    """Makes servers for which a shell line is executed first, in mounts that nobody else sees."""
    if os.getuid() != 0:
        pytest.skip("sshd cannot be started in a user namespace, and only root has mounts without one")

    with contextlib.ExitStack() as stack:

        def make(line, **variables):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rd-", dir="/tmp")))
            command = ["unshare", "--mount", "sh", "-c", f'{line} && exec "$@"', str(folder)]
            tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
            if tried.returncode != 0:
                missing(f"mounts for one process alone are not permitted here: {tried.stderr.strip()}")
            variables = {name: value.format(folder) for name, value in variables.items()}
            return servers("gpu", wrapper=command, variables=variables), folder

        yield make


def test_no_space_left_for_a_viewers_log(laptop, small_servers):
    """It goes on and so does its log, as far as it is remembered; if it dies it is started again."""
    server, folder = small_servers('mount -t tmpfs -o size=512k tmpfs "$0"', RUNICORND_RUN_DIR="{}/run")
    with_stand_in(server, WRITES_ITS_LOG)
    laptop.know(server, "gpu")
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    until(lambda: shutil.disk_usage(f"/proc/{server.pid}/root{folder}").free == 0, patience_s=20)

    assert health(session) == 200
    assert laptop.json("logs", "gpu", "-n", "1")["lines"] == ["x" * 2000]
    os.kill(session["remote"]["pid"], signal.SIGKILL)
    assert health(session) == 200
    after = laptop.wait_for("gpu", "ready")
    assert viewers(server) == [after["remote"]["pid"]]
    census.unchanged()


def test_no_space_left_in_the_storage_root(laptop, small_servers):
    """The viewer cannot be started again: that is said at once, and with space ``restart`` works."""
    server, folder = small_servers('mount -t tmpfs -o size=512k tmpfs "$0"')
    with_stand_in(server, NEEDS_SPACE)
    laptop.know(server, "gpu")
    session = laptop.connect("gpu", "--root", str(folder))
    census = Census(laptop, server)
    filler = fill(Path(f"/proc/{server.pid}/root{folder}"))

    os.kill(session["remote"]["pid"], signal.SIGKILL)

    failed = laptop.wait_for("gpu", "failed")
    assert failed["error"]["kind"] == "disk_full"
    assert "free some space there" in failed["error"]["hint"]
    assert (failed["url"], viewers(server)) == (session["url"], [])
    filler.unlink()
    laptop.json("restart", "gpu")
    after = laptop.wait_for("gpu", "ready")
    assert (after["url"], health(after)) == (session["url"], 200)
    census.unchanged()


def test_a_home_that_is_read_only(laptop, small_servers, tmp_path):
    """Nothing of ours needs it: a real Runicorn runs, is found again and restarted."""
    home = tmp_path / "gpu" / "home"
    server, folder = small_servers(
        f"mkdir -p {home} && mount --bind {home} {home} && mount -o remount,ro,bind {home}"
    )
    with_runicorn(server)
    laptop.know(server, "gpu")
    assert not os.access(f"/proc/{server.pid}/root{home}", os.W_OK)
    session = laptop.connect("gpu", "--root", str(folder))
    census = Census(laptop, server)

    laptop.stop_daemon(signal.SIGKILL)
    laptop.start_daemon()
    assert laptop.wait_for("gpu", "ready")["remote"] == session["remote"]
    os.kill(session["remote"]["pid"], signal.SIGKILL)
    assert health(session) == 200
    after = laptop.wait_for("gpu", "ready")
    census.unchanged()
    folder = Path(after["remote"]["endpoint"]).parent
    assert (folder / "home").exists()
    laptop.json("stop", "gpu")
    assert not folder.exists()
