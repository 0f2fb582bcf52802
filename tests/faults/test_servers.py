"""The server is another one, or lets nobody in, or talks too much, when the connection is made again."""

import json

import asyncssh
import pytest

from tests.helpers.background import in_background
from tests.helpers.census import Census, memory
from tests.helpers.embedded import EmbeddedServer
from tests.helpers.furnished import with_stand_in
from tests.helpers.visitor import is_served, is_told_to_wait, visit
from tests.helpers.waiting import stays, until

HONEST_FOR_S = 2.0
NOISY_MEMORY_BYTES = 64 * 1024 * 1024

# Runs what it is asked to run, but says this first while there is a file of that name.
FORCED = """#!/bin/sh
if [ -e "$HOME/noisy" ]; then
    head -c 1000000000 /dev/zero | tr '\\0' x
fi
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
"""


@pytest.fixture
def network(laptop, server, networks):
    """The way to the server, which the laptop knows as ``far``."""
    network = networks(server)
    laptop.know(server, "far", extra=network.way)
    return network


def test_another_host_key_is_told_nothing(laptop, server, network):
    """No login, no second try, both fingerprints shown; with the right server back, ``connect`` goes on."""
    session = laptop.connect("far")
    census = Census(laptop, server)
    with in_background(EmbeddedServer(anyone=True)) as impostor:
        network.lead_to(impostor.port)
        network.reset()
        blocked = laptop.wait_for("far", "blocked")
        assert blocked["error"]["kind"] == "host_key_changed"
        told = json.dumps(blocked["error"])
        for fingerprint in fingerprints(server.public_host_key, impostor.known_hosts_line):
            assert fingerprint in told
        is_told_to_wait(session["url"])
        seen = impostor.connections
        stays(lambda: impostor.connections == seen, for_s=HONEST_FOR_S)
        assert (impostor.logins, impostor.attempts) == ([], [])
        network.lead_to(server.port)
    assert laptop.session("far")["state"] == "blocked"
    assert laptop.connect("far")["remote"] == session["remote"]
    is_served(session["url"])
    census.unchanged()


def fingerprints(*keys):
    return [asyncssh.import_public_key(" ".join(key.split()[-2:])).get_fingerprint() for key in keys]


def test_a_truncated_known_hosts_file_asks(laptop, server, network):
    """Its key is unknown then: the question waits in ``status``, and the answer brings the session back."""
    session = laptop.connect("far")
    census = Census(laptop, server)
    whole = server.known_hosts.read_bytes()
    server.known_hosts.write_bytes(whole[:30])
    server.drop_connections()
    blocked = laptop.wait_for("far", "blocked", "reconnecting")
    until(lambda: laptop.session("far")["prompt"], "the question")
    [question] = laptop.rpc("prompts.list")["prompts"]
    assert (question["kind"], question["target"]) == ("host_key", "far")
    assert fingerprints(server.public_host_key)[0] in question["message"] + question["detail"]
    assert blocked["url"] == session["url"]
    tries = network.accepted
    stays(lambda: network.accepted == tries, for_s=HONEST_FOR_S)

    laptop.rpc("prompts.answer", {"prompt": question["id"], "values": ["yes"]})
    is_served(session["url"])
    assert laptop.wait_for("far", "ready")["remote"] == session["remote"]
    assert server.known_hosts.read_bytes() == whole[:30]
    census.unchanged()


def test_an_unreadable_known_hosts_file_blocks(laptop, server, network):
    """Nothing can be judged, so nobody is asked and nothing is tried; mended, ``connect`` goes on."""
    session = laptop.connect("far")
    census = Census(laptop, server)
    whole = server.known_hosts.read_bytes()
    server.known_hosts.unlink()
    server.known_hosts.mkdir()  # root may read any file
    server.drop_connections()
    blocked = laptop.wait_for("far", "blocked")
    assert blocked["error"]["kind"] == "known_hosts_unreadable"
    assert str(server.known_hosts) in blocked["error"]["message"]
    assert blocked["error"]["hint"]
    tries = network.accepted
    stays(lambda: network.accepted == tries, for_s=HONEST_FOR_S)
    is_told_to_wait(session["url"])

    server.known_hosts.rmdir()
    server.known_hosts.write_bytes(whole)
    assert laptop.connect("far")["remote"] == session["remote"]
    is_served(session["url"])
    census.unchanged()


@pytest.mark.parametrize("way_out", ["connect", "restart"])
def test_a_key_that_is_let_in_no_more(laptop, server, network, way_out):
    """Removed from authorized_keys, it is offered once and never in a loop; put back, the user goes on."""
    session = laptop.connect("far")
    census = Census(laptop, server)
    keys = server.authorized_keys.read_text()
    server.authorized_keys.write_text("")
    server.drop_connections()
    blocked = laptop.wait_for("far", "blocked")
    assert blocked["error"]["kind"] == "auth_failed"
    assert blocked["error"]["hint"]
    tries = network.accepted
    stays(lambda: network.accepted == tries, for_s=HONEST_FOR_S)
    is_told_to_wait(session["url"])

    server.authorized_keys.write_text(keys)
    laptop.json(way_out, "far", *(["--no-browser"] if way_out == "connect" else []))
    is_served(session["url"])
    after = laptop.wait_for("far", "ready")
    assert after["url"] == session["url"]
    assert (after["remote"] == session["remote"]) is (way_out == "connect")
    census.unchanged()


def test_banners_and_a_gigabyte_of_noise(laptop, servers, tmp_path):
    """A banner harms nothing. A server that shouts before the agent is told so, and fills no memory."""
    banner, forced = tmp_path / "banner", tmp_path / "forced"
    banner.write_text("Authorised users only.\n" * 2000)
    forced.write_text(FORCED)
    forced.chmod(0o755)
    server = with_stand_in(servers("loud", lines=[f"Banner {banner}", f"ForceCommand {forced}"]))
    laptop.know(server, "loud")
    session = laptop.connect("loud")
    assert visit(session["url"]).status == 200
    census = Census(laptop, server)
    before = memory(laptop.process.pid)

    (server.home / "noisy").touch()
    server.drop_connections()
    failed = laptop.wait_for("loud", "failed", patience_s=40)
    assert failed["error"]["kind"] == "agent_failed"
    assert "the server sent too much before it" in failed["error"]["message"]
    assert memory(laptop.process.pid) < before + NOISY_MEMORY_BYTES
    assert laptop.json("status")["hosts"][0]["state"] == "up"
    page = visit(session["url"])
    assert page.status == 503
    assert b"the server sent too much before it" in page.body

    (server.home / "noisy").unlink()
    laptop.json("restart", "loud")
    is_served(session["url"])
    assert laptop.wait_for("loud", "ready")["url"] == session["url"]
    census.unchanged()
