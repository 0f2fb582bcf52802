"""The daemon dies, sleeps, is started twenty times, or is replaced: the same sessions go on."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.census import Census, viewers
from tests.helpers.clocked_daemon import Clock
from tests.helpers.ctl import ROOT
from tests.helpers.furnished import with_stand_in
from tests.helpers.health import health
from tests.helpers.laptop import Laptop, fetch
from tests.helpers.sshd import has_ended
from tests.helpers.waiting import until

RUNS_ALREADY = 75
YEAR_S = 365 * 86400


@pytest.fixture
def hosts(servers, laptop):
    """Three servers that the laptop knows by their names."""
    found = {name: with_stand_in(servers(name)) for name in ("ada", "bob", "eve")}
    for name, server in found.items():
        laptop.know(server, name)
    return found


def same(laptop, sessions):
    """All are ready again, at the same addresses, with the same remote processes."""
    for before in sessions:
        after = laptop.wait_for(before["id"], "ready")
        assert (after["url"], after["remote"]) == (before["url"], before["remote"])
        assert health(after) == 200


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_daemon_that_ends_finds_everything_again(laptop, hosts, number):
    """kill -9, or an orderly end that keeps the viewers: same sessions, ports and processes, none twice."""
    sessions = [laptop.connect(name) for name in hosts]
    census = Census(laptop, *hosts.values())

    laptop.stop_daemon(number)
    laptop.start_daemon()

    same(laptop, sessions)
    assert [viewers(server) for server in hosts.values()] == [[each["remote"]["pid"]] for each in sessions]
    census.unchanged()


def test_a_killed_daemon_whose_links_are_dead_when_it_starts_again(laptop, servers, networks):
    """It waits for the network, and then finds the same viewer."""
    server = with_stand_in(servers("gpu"))
    network = networks(server)
    laptop.know(server, "gpu", extra=network.way)
    session = laptop.connect("gpu")
    census = Census(laptop, server)

    laptop.stop_daemon(signal.SIGKILL)
    network.refuse()
    network.reset()
    laptop.start_daemon()
    waiting = laptop.wait_for("gpu", "reconnecting")
    assert waiting["url"] == session["url"]
    assert fetch(session["url"])[0] == 503
    network.accept()

    same(laptop, [session])
    assert viewers(server) == [session["remote"]["pid"]]
    census.unchanged()


def test_a_daemon_that_is_killed_while_a_session_starts(laptop, servers, networks):
    """The next one starts it to its end; the viewer of which nobody had heard is gone."""
    server = with_stand_in(servers("gpu"))
    network = networks(server, delay_s=0.1)
    laptop.know(server, "gpu", extra=network.way)
    with laptop.begin("connect", "gpu", "--no-browser"):
        (unheard,) = until(lambda: viewers(server), patience_s=20)
        laptop.stop_daemon(signal.SIGKILL)
    laptop.start_daemon()
    session = laptop.wait_for("gpu", "ready")
    assert health(session) == 200
    until(lambda: viewers(server) == [session["remote"]["pid"]])
    assert session["remote"]["pid"] == unheard or has_ended(unheard)
    laptop.json("stop", "gpu")
    until(lambda: viewers(server) == [])


def test_twenty_daemons_at_once(laptop, server):
    """One of them serves, with the session that there was; the others end and say so."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    laptop.stop_daemon()
    command = [sys.executable, "-m", "runicornd"]
    with contextlib.ExitStack() as stack:
        daemons = [
            stack.enter_context(
                subprocess.Popen(command, env=laptop.env, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=-1)
            )
            for _ in range(20)
        ]
        stack.callback(lambda: [each.kill() for each in daemons])
        until(lambda: sum(each.poll() is not None for each in daemons) == 19, patience_s=60)
        (laptop.process,) = (each for each in daemons if each.poll() is None)
        for each in daemons:
            if each is not laptop.process:
                assert each.returncode == RUNS_ALREADY
                assert b"it runs already" in each.stderr.read()
        until(lambda: laptop.run("daemon", "status").code == 0)  # the others ended before it served
        same(laptop, [session])
        assert laptop.json("daemon", "status")["pid"] == laptop.process.pid
        census.unchanged()
        laptop.stop_daemon()


def test_a_socket_and_a_lock_that_are_left_over(laptop, server):
    """After kill -9 both are there; the lock even names a process that runs, which is left alone."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    laptop.stop_daemon(signal.SIGKILL)
    assert laptop.socket.exists()
    with subprocess.Popen(["sleep", "600"]) as stranger:
        try:
            (laptop.state / "daemon.lock").write_text(f"{stranger.pid}\n")
            laptop.start_daemon()
            same(laptop, [session])
            assert stranger.poll() is None
        finally:
            stranger.kill()
    census.unchanged()


def test_a_daemon_that_was_stopped_for_a_while(laptop, server):
    """SIGSTOP for longer than a link may be silent, then SIGCONT: nothing was lost."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    laptop.process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    until(lambda: time.monotonic() - stopped > 2.5)
    laptop.process.send_signal(signal.SIGCONT)
    same(laptop, [session])
    census.unchanged()


@pytest.fixture
def clocked(tmp_path):
    """A laptop whose clocks can be moved, and the hand that does it."""
    laptop = Laptop(tmp_path / "clocked", keepalive_interval=0.5, connect_timeout=3, hold_time=30)
    clock = Clock(laptop)
    with laptop:
        yield laptop, clock


def test_ten_minutes_of_sleep_without_a_network(clocked, servers, networks):
    """The laptop wakes up and connects at once, however long it would still have waited."""
    laptop, clock = clocked
    server = with_stand_in(servers("gpu"))
    network = networks(server)
    laptop.know(server, "gpu", extra=network.way)
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    network.refuse()
    network.reset()
    # The pauses double from 0.1 s on: from now on it would wait for 3 s at least.
    tried = until(lambda: retry_in(laptop) > 3.5 and time.monotonic(), patience_s=30)

    laptop.process.send_signal(signal.SIGSTOP)
    clock.move(asleep=600)
    network.accept()
    laptop.process.send_signal(signal.SIGCONT)

    assert health(session) == 200
    assert time.monotonic() - tried < 3.0
    same(laptop, [session])
    census.unchanged()


def retry_in(laptop):
    """In how many seconds the link is tried again."""
    (host,) = laptop.json("status")["hosts"]
    return (host["retry_at"] or 0) - time.time()


@pytest.mark.parametrize("ahead_s", [YEAR_S, -YEAR_S])
def test_a_wall_clock_that_moves_by_a_year(clocked, servers, ahead_s):
    """Nothing waits for a date: sessions go on, restart and are adopted, and ages make sense."""
    laptop, clock = clocked
    server = with_stand_in(servers("gpu"))
    laptop.know(server, "gpu")
    session = laptop.connect("gpu")
    census = Census(laptop, server)

    clock.move(wall=ahead_s)
    same(laptop, [session])
    server.drop_connections()
    same(laptop, [session])
    os.kill(session["remote"]["pid"], signal.SIGKILL)
    assert health(session) == 200
    again = laptop.wait_for("gpu", "ready")
    assert laptop.run("status").code == 0

    laptop.stop_daemon(signal.SIGKILL)
    clock.move(wall=0)  # the file is now of another year
    laptop.start_daemon()
    same(laptop, [again])
    assert laptop.run("status").code == 0
    census.unchanged()


def test_nobody_comes_back(laptops, servers):
    """The daemon is gone for good: when the lease lapses, nothing is left on the server."""
    laptop = laptops(viewer_lease=3)
    server = with_stand_in(servers("gpu"))
    laptop.know(server, "gpu")
    session = laptop.connect("gpu")
    folder = Path(session["remote"]["endpoint"]).parent
    held = time.monotonic()
    until(lambda: time.monotonic() - held > 4)  # while the daemon lives, it renews the lease
    assert laptop.session("gpu")["remote"] == session["remote"]

    laptop.stop_daemon(signal.SIGKILL)

    until(lambda: server.processes() == [], patience_s=15)
    assert not folder.exists()
    laptop.start_daemon()
    after = laptop.wait_for("gpu", "ready")
    assert (after["url"], health(after)) == (session["url"], 200)
    assert after["remote"]["pid"] != session["remote"]["pid"]


def test_a_daemon_that_is_told_to_stop_ends_its_viewers(laptop, hosts):
    """``daemon stop``: nothing is left at either end."""
    sessions = [laptop.connect(name) for name in hosts]
    ports = laptop.listeners()
    assert laptop.run("daemon", "stop").code == 0
    laptop.await_end()
    for server in hosts.values():
        until(lambda server=server: server.processes() == [])
    assert not laptop.socket.exists()
    laptop.start_daemon()
    assert {laptop.session(each["id"])["state"] for each in sessions} == {"stopped"}
    assert laptop.listeners().isdisjoint(ports)


def test_a_daemon_that_is_told_to_keep_the_viewers(laptop, hosts):
    """``daemon stop --keep``: they wait for the next one."""
    sessions = [laptop.connect(name) for name in hosts]
    census = Census(laptop, *hosts.values())
    assert laptop.run("daemon", "stop", "--keep").code == 0
    laptop.await_end()
    assert [viewers(server) for server in hosts.values()] == [[each["remote"]["pid"]] for each in sessions]
    laptop.start_daemon()
    same(laptop, sessions)
    census.unchanged()


def test_an_upgrade(laptop, server, tmp_path):
    """A daemon of another version goes on with the sessions of this one, and back."""
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    info = tmp_path / "newer" / "runicornd-9.9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: runicornd\nVersion: 9.9.9\n")
    ours = laptop.env["PYTHONPATH"]

    for path, is_newer in ((f"{info.parent}:{ours}", True), (ours, False)):
        laptop.stop_daemon()
        laptop.env["PYTHONPATH"] = path
        laptop.start_daemon()
        assert (laptop.json("daemon", "status")["version"] == "9.9.9") == is_newer
        same(laptop, [session])

    assert viewers(server) == [session["remote"]["pid"]]
    census.unchanged()
