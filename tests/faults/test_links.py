"""The SSH connection itself: killed, stopped, cut off from its port, dropped again and again."""

import contextlib
import signal
import socket
import time

import pytest

from tests.helpers.census import SPARE_MEMORY_BYTES, Census, memory, viewers
from tests.helpers.visitor import Guest, is_served, is_told_to_wait, visit
from tests.helpers.waiting import until

KEEPALIVE_S = 0.5


@pytest.mark.parametrize("hold_time", [10])
def test_a_killed_connection_is_made_again_at_once(laptop, real):
    """kill -9 of the sshd pair: the same URL leads to the same real viewer again."""
    session = laptop.connect("real")
    census = Census(laptop, real)

    assert real.drop_connections() > 0
    page = visit(session["url"])

    assert page.status == 200
    assert b"<!doctype html>" in page.body.lower()
    assert the_same(laptop.wait_for("real", "ready"), session)
    census.unchanged()


def test_a_half_open_connection_is_found_within_three_keepalives(laptop, real):
    """SIGSTOP of the sshd pair: what was open ends, and the URL works over a new connection."""
    session = laptop.connect("real")
    census = Census(laptop, real)
    with Guest(session["url"]) as guest:
        guest.say_hello()
        assert real.drop_connections(signal.SIGSTOP) > 0
        took_s = guest.until_ended()

    assert took_s < 3 * KEEPALIVE_S + 0.5
    is_served(session["url"])
    assert the_same(laptop.wait_for("real", "ready"), session)
    real.drop_connections(signal.SIGCONT)  # the old pair finds that nobody is there any more
    census.unchanged()


def test_nobody_gets_the_port_meanwhile(laptop, laptops, server, networks):
    """While the link is away the port stays taken, for strangers and for other sessions."""
    network = networks(server)
    laptop.know(server, "far", extra=network.way)
    session = laptop.connect("far")
    census = Census(laptop, server)
    network.refuse()
    network.reset()
    laptop.wait_for("far", "reconnecting")

    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            assert not can_take(family, address, session["local_port"], option)
    stranger = laptops("stranger")
    stranger.know(server, "gpu")
    refusal = stranger.connect("gpu", "--local-port", str(session["local_port"]), code=1)
    assert refusal["kind"] == "port_taken"

    network.accept()
    is_served(session["url"])
    assert the_same(laptop.wait_for("far", "ready"), session)
    census.unchanged()


def can_take(family, address, port, option):
    with socket.socket(family) as thief:
        thief.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            thief.bind((address, port))
            thief.listen()
        except OSError:
            return False
        return True


@pytest.mark.parametrize("hold_time", [10])
def test_a_reset_ends_what_was_open(laptop, server, networks):
    """A TCP reset: open connections end in order, the next request is answered."""
    network = networks(server)
    laptop.know(server, "far", extra=network.way)
    session = laptop.connect("far")
    census = Census(laptop, server)
    with Guest(session["url"]) as guest:
        guest.say_hello()
        assert network.reset() == 1
        assert guest.until_ended() < 3 * KEEPALIVE_S + 0.5
    assert visit(session["url"]).status == 200
    assert the_same(laptop.wait_for("far", "ready"), session)
    assert network.accepted == 2
    census.unchanged()


def test_a_browser_waits_while_the_connection_is_made_again(laptop, server, networks):
    """For the hold time a request is held and then answered by the viewer; after that a page says so."""
    network = networks(server)
    laptop.know(server, "far", extra=network.way)
    session = laptop.connect("far")
    census = Census(laptop, server)
    network.refuse()
    network.reset()
    page = is_told_to_wait(session["url"])
    assert 0.9 < page.took_s < 3
    status = laptop.json("status")
    [shown] = status["sessions"]
    [host] = status["hosts"]
    assert (shown["state"], shown["url"]) == ("reconnecting", session["url"])
    assert host["state"] in {"backoff", "connecting"}
    assert host["error"]["kind"] == "host_unreachable"

    network.accept()
    is_served(session["url"])
    assert the_same(laptop.wait_for("far", "ready"), session)
    census.unchanged()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_hundred_drops_leave_nothing(laptop, server):
    """Descriptors, threads and processes are as before at the end, and memory is flat."""
    session = laptop.connect("gpu")
    for _ in range(30):  # caches fill
        drop(server, session)
    laptop.wait_for("gpu", "ready")
    census = Census(laptop, server)
    before = memory(laptop.process.pid)
    for _ in range(200):
        drop(server, session)
    assert the_same(laptop.wait_for("gpu", "ready"), session)
    census.unchanged()
    assert memory(laptop.process.pid) < before + SPARE_MEMORY_BYTES
    assert len(viewers(server)) == 1


def drop(server, session):
    """Kill the connection; return how long it takes until the URL works again."""
    assert server.drop_connections() > 0
    began = time.monotonic()
    until(lambda: answers(session["url"]))
    return time.monotonic() - began


def answers(url):
    with contextlib.suppress(OSError):
        return visit(url).status == 200
    return False


def the_same(after, before):
    """Whether it is the same URL and the same remote viewer."""
    names = ("url", "remote", "root", "env")
    return [after[name] for name in names] == [before[name] for name in names]
