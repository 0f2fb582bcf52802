"""A sync that is broken off, however that comes, leaves the mirror as it was; the next one completes."""

import signal
import time

import pytest

from tests.helpers.calling import Calls
from tests.helpers.many_artifacts import write_many
from tests.helpers.network import Network
from tests.helpers.real_roots import OLD, real_root
from tests.helpers.sshd import needs_sshd
from tests.helpers.waiting import until

pytestmark = needs_sshd
MORE = 400
EACH_BYTES = 40_000


@pytest.fixture
def root(server):
    return real_root(OLD, server.home / "RunicornData").path


@pytest.fixture
def network(server, laptop):
    """A way to the same server, as ``far``, that can be cut."""
    with Network(server) as network:
        laptop.know(server, "far", extra=[f"Port {network.port}"])
        yield network


@pytest.fixture
def before(root, network, call):
    """The names in the mirror, before there is much more at the source."""
    call("stores.add", target="far")
    call("stores.sync")
    names = listed(call)
    write_many(root, MORE, each_bytes=EACH_BYTES)
    return names


def listed(call):
    return [one["name"] for one in call.pages("artifacts.list", "artifacts", limit=200, sort="name")]


def begin(call, network):
    """Start a sync and stop the network in the middle of it."""
    call("stores.sync", wait=False)

    def in_the_middle():
        progress = call("stores.status")["progress"]
        return progress and progress["phase"] == "receiving" and progress["files_done"]

    until(in_the_middle)
    network.pause()
    progress = call("stores.status")["progress"]
    assert progress["files_done"] < progress["files_total"] == 3 * MORE
    assert progress["bytes_total"] > MORE * EACH_BYTES
    assert progress["current"].startswith("artifacts/model/net-")


def completes(call, before):
    call("stores.sync")
    assert listed(call) == sorted([*before, *(f"net-{number:06}" for number in range(MORE))])
    assert call("stores.status")["unreadable"] == 0


def test_a_killed_daemon_leaves_the_old_state(laptop, network, call, before):
    """Kill -9 in the middle of a sync: the mirror is the one before, and the next sync brings the rest."""
    begin(call, network)
    laptop.stop_daemon(signal.SIGKILL)
    network.refuse()
    network.resume()
    network.reset()
    laptop.start_daemon()
    with Calls(laptop.socket) as again:
        assert listed(again) == before
        network.accept()
        completes(again, before)
    staged = laptop.home / ".cache/runicornd"
    assert not list(staged.glob("*/staging/*"))


def test_a_cut_leaves_the_old_state_and_is_made_up_for(network, call, before):
    """The connection is reset in the middle of a sync."""
    begin(call, network)
    network.reset()
    network.resume()
    cut = until(lambda: (store := call("stores.status"))["state"] != "syncing" and store)
    assert (cut["state"], cut["error"]["kind"], listed(call)) == ("waiting", "not_connected", before)
    completes(call, before)


def test_a_sync_can_be_cancelled(network, call, before):
    """It ends at once, nothing has changed, and nothing runs at the server any more."""
    begin(call, network)
    began = time.monotonic()
    call("stores.cancel")
    assert time.monotonic() - began < 5
    assert call("stores.status")["state"] == "idle"
    assert listed(call) == before
    network.resume()
    completes(call, before)


def test_two_at_once_are_one(network, call, laptop, before):
    """A second sync joins the one that runs."""
    begin(call, network)
    with Calls(laptop.socket) as other:
        other("stores.sync", wait=False)
        network.resume()
        completes(call, before)
        assert other("stores.status")["last_sync"]["changed"] == 0 or listed(other) == listed(call)
