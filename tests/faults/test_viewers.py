"""The far end dies piece by piece, or hangs: viewer, keeper, agent."""

import os
import signal
import time

import pytest

from tests.helpers.census import Census, viewers
from tests.helpers.faults import command_line
from tests.helpers.furnished import with_runicorn, with_stand_in
from tests.helpers.health import health
from tests.helpers.laptop import fetch
from tests.helpers.standin import SERVES
from tests.helpers.waiting import until

NOTICED_S = 1.0
DELAYS = 4  # restarts in a row before a session gives up

BREAKABLE = (
    """
import os, sys
if os.path.exists(os.path.expanduser("~/broken")):
    print("reading the configuration", flush=True)
    sys.exit("the database is locked by process 4711")
"""
    + SERVES
)


@pytest.fixture
def well_asked(laptops):
    """A laptop that asks often whether a viewer is well."""
    return laptops(health_interval=0.5, hold_time=20, keepalive_interval=0.5)


@pytest.fixture
def breakable(servers, well_asked):
    """A server whose viewer exits at its start while ``~/broken`` exists."""
    server = with_stand_in(servers("gpu"), BREAKABLE)
    well_asked.know(server, "gpu")
    return server


def processes(server, mark):
    """The remote processes with that word in their command lines."""
    return [pid for pid in server.processes() if mark in command_line(pid)]


def replaced(laptop, before):
    """Wait until another viewer is ready; return the session."""

    def look():
        now = laptop.session(before["id"])
        return now if now["state"] == "ready" and now["remote"]["pid"] != before["remote"]["pid"] else None

    return until(look, "another viewer", patience_s=30)


def unnoticed_s(laptop, before):
    """For how many seconds from now on ``status`` shows what was before: at least so long, not longer."""
    began = last = time.monotonic()
    while True:
        asked = time.monotonic()
        now = laptop.session(before["id"])
        if (now["state"], now["remote"]) != (before["state"], before["remote"]):
            return last - began
        last = asked
        assert asked - began < 30, f"never noticed\n{laptop.log()}"


@pytest.mark.parametrize("with_viewer", [with_stand_in, with_runicorn])
def test_a_killed_viewer_is_started_again_at_once(servers, well_asked, with_viewer):
    """kill -9 of the viewer: noticed within a second, and the same URL leads to a new one."""
    server = with_viewer(servers("gpu"))
    well_asked.know(server, "gpu")
    session = well_asked.connect("gpu")
    census = Census(well_asked, server)

    os.kill(session["remote"]["pid"], signal.SIGKILL)

    assert unnoticed_s(well_asked, session) < NOTICED_S
    assert health(session) == 200
    after = replaced(well_asked, session)
    assert after["url"] == session["url"]
    assert viewers(server) == [after["remote"]["pid"]]
    census.unchanged()


@pytest.mark.parametrize("with_viewer", [with_stand_in, with_runicorn])
def test_a_viewer_that_hangs_is_replaced(servers, well_asked, with_viewer):
    """SIGSTOP: it accepts and never answers. The requests that wait are answered by the next one."""
    server = with_viewer(servers("gpu"))
    well_asked.know(server, "gpu")
    session = well_asked.connect("gpu")
    census = Census(well_asked, server)

    os.kill(session["remote"]["pid"], signal.SIGSTOP)

    after = replaced(well_asked, session)
    assert (after["url"], health(after)) == (session["url"], 200)
    assert viewers(server) == [after["remote"]["pid"]]
    census.unchanged()


def test_a_viewer_that_crashes_again_and_again(well_asked, breakable):
    """The session fails with the end of the log and says what to do; ``restart`` is the way out."""
    session = well_asked.connect("gpu")
    census = Census(well_asked, breakable)
    broken = breakable.home / "broken"
    broken.touch()

    os.kill(session["remote"]["pid"], signal.SIGKILL)

    failed = well_asked.wait_for("gpu", "failed")
    assert failed["error"]["kind"] == "viewer_crashed"
    assert "the database is locked by process 4711" in failed["error"]["message"]
    assert "runicornctl" in failed["error"]["hint"]
    assert failed["url"] == session["url"]
    status, page = fetch(session["url"])  # at once, though a viewer that comes back is waited for
    assert status == 503
    assert b"it exited with status 1" in page
    assert b"runicornctl restart gpu" in page
    assert viewers(breakable) == []
    assert well_asked.json("logs", "gpu")["lines"][-1] == "the database is locked by process 4711"

    broken.unlink()
    well_asked.json("restart", "gpu")
    after = well_asked.wait_for("gpu", "ready")
    assert (after["url"], health(after)) == (session["url"], 200)
    census.unchanged()


def test_what_was_stable_may_crash_again(laptops, servers):
    """A viewer that has been well for a while is started again, however often that happens."""
    laptop = laptops(viewer_proof=0.2)
    server = with_stand_in(servers("gpu"))
    laptop.know(server, "gpu")
    session = laptop.connect("gpu")
    census = Census(laptop, server)
    for _ in range(DELAYS + 2):
        until(lambda: time.time() - laptop.session("gpu")["since"] > 0.3)
        os.kill(session["remote"]["pid"], signal.SIGKILL)
        session = replaced(laptop, session)
    assert health(session) == 200
    census.unchanged()


def test_a_killed_keeper(well_asked, breakable):
    """Its viewer ends with it, and both are there again at the same URL."""
    session = well_asked.connect("gpu")
    census = Census(well_asked, breakable)

    (keeper,) = processes(breakable, "runicornd-keeper")
    os.kill(keeper, signal.SIGKILL)

    assert unnoticed_s(well_asked, session) < NOTICED_S
    after = replaced(well_asked, session)
    assert (after["url"], health(after)) == (session["url"], 200)
    assert viewers(breakable) == [after["remote"]["pid"]]
    census.unchanged()


def test_a_killed_keeper_and_viewer(well_asked, breakable):
    """Nobody is left to tell how they ended."""
    session = well_asked.connect("gpu")
    census = Census(well_asked, breakable)

    for pid in (*processes(breakable, "runicornd-keeper"), session["remote"]["pid"]):
        os.kill(pid, signal.SIGKILL)

    assert unnoticed_s(well_asked, session) < NOTICED_S
    after = replaced(well_asked, session)
    assert (after["url"], health(after)) == (session["url"], 200)
    census.unchanged()


def test_a_killed_agent(well_asked, breakable):
    """The viewer is not touched; a new agent tells of its end as the old one would have."""
    session = well_asked.connect("gpu")
    census = Census(well_asked, breakable)
    (agent,) = processes(breakable, "runicornd-agent")

    os.kill(agent, signal.SIGKILL)

    assert health(session) == 200
    until(lambda: processes(breakable, "runicornd-agent") not in ([], [agent]))
    after = well_asked.wait_for("gpu", "ready")
    assert after["remote"] == session["remote"]
    census.unchanged()
    os.kill(session["remote"]["pid"], signal.SIGKILL)
    assert unnoticed_s(well_asked, session) < NOTICED_S
    assert health(replaced(well_asked, session)) == 200
    census.unchanged()


def test_a_killed_agent_and_viewer(well_asked, breakable):
    """The exit is found out by the next agent."""
    session = well_asked.connect("gpu")
    census = Census(well_asked, breakable)

    for pid in (*processes(breakable, "runicornd-agent"), session["remote"]["pid"]):
        os.kill(pid, signal.SIGKILL)

    after = replaced(well_asked, session)
    assert (after["url"], health(after)) == (session["url"], 200)
    census.unchanged()


def test_a_connection_that_dies_while_a_viewer_starts(laptop, servers, networks):
    """The viewer whose start nobody heard of is ended: there is one in the end, and it answers."""
    server = with_stand_in(servers("gpu"))
    network = networks(server, delay_s=0.1)
    laptop.know(server, "gpu", extra=network.way)
    session = laptop.connect("gpu")
    census = Census(laptop, server)

    os.kill(session["remote"]["pid"], signal.SIGKILL)
    until(lambda: [pid for pid in viewers(server) if pid != session["remote"]["pid"]])
    assert network.reset() > 0

    after = replaced(laptop, session)
    assert (after["url"], health(after)) == (session["url"], 200)
    until(lambda: viewers(server) == [after["remote"]["pid"]])
    census.unchanged()
