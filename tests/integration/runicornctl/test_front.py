"""``dashboard`` and ``forward`` against a daemon on a real socket."""

import json

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import Refusal, an_error

LINK = "http://localhost:23300/#enter=CODE"


def a_forward(state="ready", **changes):
    """A forward from 16006 to port 6006 of gpu."""
    values = {
        "id": "gpu-6006",
        "target": "gpu",
        "remote": "localhost:6006",
        "local_port": 16006,
        "address": "localhost:16006",
        "state": state,
        "since": 1_700_000_000.0,
        "created": 1_700_000_000.0,
    }
    return models.Forward(**(values | changes))


@pytest.fixture
def dashboard(daemon):
    """A daemon that serves the dashboard."""
    daemon.handlers["dashboard.link"] = lambda _: models.DashboardLink(LINK, 23300, 1_700_000_120.0)
    daemon.handlers["dashboard.token"] = lambda _: models.DashboardToken("TOKEN")
    daemon.handlers["dashboard.revoke"] = lambda _: models.Done()
    return daemon


def test_the_link_is_printed(ctl, dashboard):
    """Alone on a line, so that it can be taken from there."""
    done = ctl.run("dashboard", "--no-browser")
    assert (done.code, done.out) == (0, f"{LINK}\n")


def test_the_link_as_json(ctl, dashboard):
    """With when it lapses."""
    found = json.loads(ctl.run("dashboard", "--no-browser", "--json").out)
    assert found == {"schema": 1, "url": LINK, "port": 23300, "expires": 1_700_000_120.0}


def test_no_browser_here(ctl, dashboard):
    """It is said that there is none; the link is printed all the same."""
    done = ctl.run("dashboard")
    assert (done.code, done.out) == (0, f"{LINK}\n")
    assert "no browser" in done.err


def test_a_token(ctl, dashboard):
    """It is printed alone, for a variable."""
    assert ctl.run("dashboard", "--token").out == "TOKEN\n"
    assert dashboard.asked("dashboard.link") == []


def test_revoking(ctl, dashboard):
    """Everybody is logged out."""
    done = ctl.run("dashboard", "--revoke")
    assert (done.code, done.out) == (0, "Every page and program is logged out.\n")


def test_two_wishes_at_once(ctl, dashboard):
    """They exclude each other."""
    assert ctl.run("dashboard", "--revoke", "--token").code == 2


def test_a_dashboard_that_is_off(ctl, daemon):
    """The daemon's own words are shown."""

    def off(_params):
        raise Refusal("dashboard_off", "cannot let anyone in: the dashboard is not served", "set dashboard")

    daemon.handlers["dashboard.link"] = off
    done = ctl.run("dashboard")
    assert done.code == 1
    assert "not served" in done.err


def test_a_forward_that_comes_up(ctl, daemon):
    """Its address is told once it leads there."""

    def open_forward(_params):
        return a_forward("connecting"), lambda: daemon.push("forward", a_forward())

    daemon.handlers["forwards.open"] = open_forward
    done = ctl.run("forward", "gpu", "16006:6006")
    assert (done.code, done.out) == (0, "localhost:16006 leads to localhost:6006 of gpu.\n")
    assert "forward --close gpu-6006" in done.err
    (params,) = daemon.asked("forwards.open")
    assert (params["target"], params["spec"]) == ("gpu", "16006:6006")


def test_a_forward_that_cannot_connect(ctl, daemon):
    """It is told why, and stays: it goes on trying."""
    blocked = a_forward("blocked", error=an_error())
    daemon.handlers["forwards.open"] = lambda _: (
        a_forward("connecting"),
        lambda: daemon.push("forward", blocked),
    )
    done = ctl.run("forward", "gpu", "6006")
    assert done.code == 1
    assert "every way was refused" in done.err


def test_a_forward_as_json(ctl, daemon):
    """One value."""
    daemon.handlers["forwards.open"] = lambda _: a_forward()
    found = json.loads(ctl.run("forward", "gpu", "6006", "--json").out)
    assert (found["schema"], found["id"], found["address"]) == (1, "gpu-6006", "localhost:16006")


def test_listing(ctl, daemon):
    """A table, or how to begin."""
    daemon.handlers["forwards.list"] = lambda _: models.ForwardsResult([])
    assert "Open one with" in ctl.run("forward", "--list").out
    daemon.handlers["forwards.list"] = lambda _: models.ForwardsResult([a_forward(target="\x1b[2Jgpu")])
    done = ctl.run("forward", "--list")
    assert "localhost:16006" in done.out
    assert "\x1b" not in done.out


def test_closing(ctl, daemon):
    """By its id; an unknown one is told."""
    daemon.handlers["forwards.close"] = lambda _: models.Done()
    assert ctl.run("forward", "--close", "gpu-6006").out == "gpu-6006 is closed.\n"
    assert daemon.asked("forwards.close") == [{"forward": "gpu-6006"}]


@pytest.mark.parametrize(
    "words", [[], ["gpu"], ["gpu", "1", "--list"], ["--list", "--close", "x"], ["gpu", "1", "2"]]
)
def test_wrong_usage(ctl, daemon, words):
    """It is said what can be named."""
    done = ctl.run("forward", *words)
    assert done.code == 2
    assert daemon.asked("forwards.open") == []


def test_the_shell_is_offered_forwards(ctl, daemon):
    """Ids that begin with the word."""
    daemon.handlers["forwards.list"] = lambda _: models.ForwardsResult([a_forward()])
    env = {"_RUNICORNCTL_COMPLETE": "bash_complete", "COMP_WORDS": "runicornctl forward --close g"}
    done = ctl.run(env=env | {"COMP_CWORD": "3"})
    assert "gpu-6006" in done.out


def test_the_status_shows_both(ctl, daemon):
    """Forwards and the dashboard's address."""
    plain = daemon.status()
    plain.forwards = [a_forward()]
    plain.dashboard = models.DashboardInfo("http://localhost:23300/", 23300)
    daemon.handlers["daemon.status"] = lambda _: plain
    out = ctl.run("status").out
    assert "gpu-6006" in out
    assert "Dashboard: http://localhost:23300/" in out
    assert json.loads(ctl.run("status", "--json").out)["dashboard"]["port"] == 23300
