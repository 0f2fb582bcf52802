"""What breaks under an open page: the network, and the daemon itself. It says so, and recovers by itself."""

import re
import signal

import pytest

from tests.helpers.network import Network
from tests.helpers.sshd import needs_sshd
from tests.helpers.standin import stand_in
from tests.helpers.waiting import until

pytestmark = needs_sshd


@pytest.fixture
def network(server, laptop):
    """A way to the server, as ``far``, that can be cut."""
    with Network(server) as network:
        laptop.know(server, "far", extra=network.way)
        yield network


@pytest.fixture
def session(laptop, home, network):
    """A viewer that runs there."""
    stand_in(home.path)
    return laptop.connect("far")


@pytest.fixture
def row(session, dashboard):
    """Its host on the overview, ready; the page is marked."""
    row = dashboard.page.get_by_role("region", name="far", exact=True)
    dashboard.sees(re.compile("^Ready$"), row)
    dashboard.mark()
    return row


def test_the_network_is_cut_and_comes_back(row, dashboard, network):
    """The session says that it reconnects and the host when; then both are well again, with no reload."""
    network.refuse()
    network.reset()
    dashboard.sees(re.compile("^Reconnecting$"), row)
    dashboard.sees(re.compile("^Next try"), row)
    dashboard.sees("cannot", row)
    assert row.get_by_role("link", name=re.compile("localhost")).count() == 1
    network.accept()
    dashboard.sees(re.compile("^Ready$"), row)
    dashboard.sees(re.compile("^Connected$"), row)
    assert row.get_by_text("cannot").count() == 0
    assert dashboard.has_mark()


def keeps_its_port(laptop):
    """Let the next daemon serve the page where this one does, as it is outside of tests."""
    laptop.env["RUNICORND_DASHBOARD_PORT"] = str(laptop.json("status")["dashboard"]["port"])


def test_the_daemon_is_killed_and_comes_back(row, dashboard, laptop, session):
    """A banner says so and what was shown stays; the next daemon has the page and the session again."""
    keeps_its_port(laptop)
    laptop.stop_daemon(signal.SIGKILL)
    dashboard.sees("The daemon is away.")
    dashboard.sees(re.compile("^Ready$"), row)
    dashboard.click("More for far", row)
    assert dashboard.page.get_by_role("menuitem", name="Restart").is_disabled()
    dashboard.page.keyboard.press("Escape")
    laptop.start_daemon()
    dashboard.page.get_by_text("The daemon is away.").wait_for(state="detached")
    until(lambda: laptop.session("far")["state"] == "ready", "the session is back", 30)
    dashboard.sees(re.compile("^Ready$"), row)
    dashboard.click("More for far", row)
    assert dashboard.page.get_by_role("menuitem", name="Restart").is_enabled()
    dashboard.page.keyboard.press("Escape")
    again = laptop.session("far")
    assert (again["id"], again["url"]) == (session["id"], session["url"])
    assert again["remote"]["pid"] == session["remote"]["pid"]
    assert dashboard.has_mark()
    dashboard.forgive("WebSocket|ERR_CONNECTION")
