"""What lies between: networks that swallow everything, and servers that are busy, silent or gone."""

import contextlib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.helpers.background import in_background
from tests.helpers.census import Census
from tests.helpers.embedded import raw_server, says
from tests.helpers.furnished import with_stand_in
from tests.helpers.visitor import Guest, is_served, is_told_to_wait, visit
from tests.helpers.waiting import until

KEEPALIVE_S = 0.5
HEALTHY = 19
IMPATIENT = ("ClientAliveInterval 1", "ClientAliveCountMax 2", "LoginGraceTime 3")


@pytest.fixture
def network(laptop, server, networks):
    """The way to the server, which the laptop knows as ``far``."""
    network = networks(server)
    laptop.know(server, "far", extra=network.way)
    return network


def test_a_blackhole_is_found_and_survived(laptop, servers, networks):
    """Twelve keep-alives long nothing comes through: the page says so, then the same viewer is back."""
    server, network = a_deep_hole(laptop, servers, networks)
    session = laptop.connect("far")
    census = Census(laptop, server)
    with Guest(session["url"]) as guest:
        guest.say_hello()
        network.blackhole()
        swallowed = time.monotonic()
        assert guest.until_ended() < 3 * KEEPALIVE_S + 0.5
    is_told_to_wait(session["url"])
    assert laptop.session("far")["state"] == "reconnecting"
    until(lambda: time.monotonic() - swallowed > 12 * KEEPALIVE_S)
    is_told_to_wait(session["url"])

    network.blackhole(active=False)
    is_served(session["url"])
    assert laptop.wait_for("far", "ready")["remote"] == session["remote"]
    census.unchanged()


def a_deep_hole(laptop, servers, networks):
    """A server, known as ``far``, that finds out by itself when connections die; and the way to it.

    A blackhole swallows the news of their ends as well.
    """
    server = with_stand_in(servers("deep", lines=IMPATIENT))
    network = networks(server)
    laptop.know(server, "far", extra=network.way)
    return server, network


def test_a_short_pause_is_not_a_loss(laptop, server, network):
    """A network that stalls for less than the keep-alives allow keeps its connection."""
    session = laptop.connect("far")
    census = Census(laptop, server)
    network.pause()
    stalled = time.monotonic()
    until(lambda: time.monotonic() - stalled > KEEPALIVE_S)
    network.resume()
    assert visit(session["url"]).status == 200
    assert network.accepted == 1
    assert laptop.session("far")["state"] == "ready"
    census.unchanged()


def test_a_port_that_refuses_for_a_while(laptop, server, network):
    """The server's port is closed and open again: no process is left of the tries between."""
    session = laptop.connect("far")
    census = Census(laptop, server)
    network.refuse()
    network.reset()
    for _ in range(3):
        is_told_to_wait(session["url"])
    [host] = laptop.json("status")["hosts"]
    assert host["error"]["kind"] == "host_unreachable"
    assert "connection refused" in host["error"]["message"]

    network.accept()
    assert is_served(session["url"]) < 10
    assert laptop.wait_for("far", "ready")["remote"] == session["remote"]
    census.unchanged()


def test_a_user_who_asks_again_skips_the_backoff(laptop, server, network):
    """After many failures the next try may be far away; ``connect`` makes it now."""
    session = laptop.connect("far")
    network.refuse()
    network.reset()
    until(lambda: pause_of(laptop) > 3, patience_s=30)
    network.accept()
    began = time.monotonic()
    assert laptop.connect("far")["remote"] == session["remote"]
    assert time.monotonic() - began < 2.5


def pause_of(laptop):
    [host] = laptop.json("status")["hosts"]
    return (host["retry_at"] or 0) - time.time()


def test_a_server_with_narrow_limits(laptop, servers, networks):
    """``MaxStartups 2`` with two strangers at the door, ``MaxSessions 1``: it works when they have left."""
    server = with_stand_in(servers("small", lines=["MaxStartups 2", "MaxSessions 1", "LoginGraceTime 60"]))
    network = networks(server)
    laptop.know(server, "small", extra=network.way)
    session = laptop.connect("small")
    assert laptop.json("envs", "small")["environments"]
    census = Census(laptop, server)
    with contextlib.ExitStack() as strangers:
        for _ in range(2):
            stranger = strangers.enter_context(socket.create_connection((server.address, server.port), 10))
            assert stranger.recv(100).startswith(b"SSH-2.0")
        network.reset()
        is_told_to_wait(session["url"])
        assert laptop.session("small")["state"] == "reconnecting"
    is_served(session["url"])
    assert laptop.wait_for("small", "ready")["remote"] == session["remote"]
    census.unchanged()


@pytest.fixture
def many(laptop, server, networks):
    """Nineteen hosts that are ready: their sessions by name. They are doors of one server."""
    names = [f"host-{number}" for number in range(HEALTHY)]
    for name in names:
        laptop.know(server, name, extra=networks(server).way)
    return names


@pytest.mark.slow
def test_a_server_that_never_speaks_beside_nineteen_others(laptop, server, many):
    """It accepts and says nothing: the others connect, answer and stay ready beside it."""
    with in_background(raw_server(says(b""))) as port:
        laptop.know(server, "silent", extra=(f"Port {port}",))
        with laptop.begin("connect", "silent", "--no-browser", "--json") as waiting:
            until(lambda: laptop.session("silent") is not None)
            sessions = connect_all(laptop, many)
            assert all_quick(sessions)
            waiting.wait(20)
        assert waiting.returncode == 1
        given_up = laptop.session("silent")
        assert (given_up["state"], given_up["url"]) == ("failed", None)
        assert given_up["error"]["message"].endswith("the port is open, but nothing was said within 3 s")
    assert undisturbed(laptop, sessions)


@pytest.mark.slow
def test_one_of_twenty_hosts_dies(laptop, server, servers, networks, many):
    """Its nineteen neighbours answer as before and do not even change their state; it comes back."""
    deep, network = a_deep_hole(laptop, servers, networks)
    sessions = connect_all(laptop, many)
    session = laptop.connect("far")
    census = Census(laptop, server, deep)
    network.blackhole()
    laptop.wait_for("far", "reconnecting", patience_s=10)
    assert all_quick(sessions)
    is_told_to_wait(session["url"])
    network.blackhole(active=False)
    is_served(session["url"])
    laptop.wait_for("far", "ready")
    assert undisturbed(laptop, sessions)
    census.unchanged()


def connect_all(laptop, names):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(laptop.connect, names))


def all_quick(sessions):
    """Whether every URL answers at once."""
    return all(page.status == 200 and page.took_s < 1 for page in (visit(each["url"]) for each in sessions))


def undisturbed(laptop, sessions):
    """Whether every session has been ready all the time."""
    now = {session["id"]: session for session in laptop.json("status")["sessions"]}
    return all(
        (now[one["id"]]["state"], now[one["id"]]["since"]) == ("ready", one["since"]) for one in sessions
    )
