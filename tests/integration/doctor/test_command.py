"""``runicornctl doctor`` against a daemon that is told what to find."""

import json
import tempfile
from pathlib import Path

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import Refusal
from tests.helpers.ctl import Ctl

HOSTILE = "evil\x1b[2J\u202e\nname"


@pytest.fixture
def ctl(tmp_path):
    """A user whose paths are short enough for a socket."""
    (tmp_path / "home").mkdir()
    with tempfile.TemporaryDirectory(prefix="rd-") as runtime:
        yield Ctl(tmp_path / "home", Path(runtime))


@pytest.fixture
def daemon(ctl):
    with ctl.daemon() as daemon:
        yield daemon


def a_check(name="tcp", verdict="ok", **more):
    return models.Check(
        name=name, title=name.title(), verdict=verdict, finding=f"{name} is {verdict}", **more
    )


def finds(daemon, *checks, verdict="ok", ticks=True):
    """Let the daemon tick through these checks, then answer with them."""

    def run(params):
        for check in checks if ticks else ():
            for each in (models.Check(name=check.name, title=check.title, verdict="running"), check):
                daemon.push("doctor", models.DoctorTick(run=params["run"], target=None, check=each))
        return models.DoctorResult(target=params.get("target"), verdict=verdict, checks=list(checks))

    daemon.handlers["doctor.run"] = run


def test_what_it_asks_for(ctl, daemon):
    """Without a terminal nobody is there to ask; the run has a mark of its own."""
    finds(daemon, a_check())
    assert ctl.run("doctor", "gpu").code == 0
    assert ctl.run("doctor", "gpu").code == 0
    first, second = daemon.asked("doctor.run")
    assert (first["target"], first["ask"]) == ("gpu", False)
    assert first["run"] != second["run"]


def test_at_a_terminal_somebody_is_there(ctl, daemon):
    """Questions may wait for this person."""
    finds(daemon, a_check())
    with ctl.at_terminal("doctor", "gpu") as terminal:
        assert terminal.end() == 0
    assert daemon.asked("doctor.run")[0]["ask"] is True


@pytest.mark.parametrize("ticks", [True, False])
def test_each_check_is_shown_once(ctl, daemon, ticks):
    """Whether its event came or was lost."""
    finds(daemon, a_check("dns"), a_check("tcp", "warning", hint="look"), verdict="warning", ticks=ticks)
    done = ctl.run("doctor", "gpu")
    assert done.out == (
        "✓ Dns             dns is ok\n! Tcp             tcp is warning\n"
        "                  → look\n\n1 warning.\n"
    )
    assert done.code == 0


def test_a_failure_ends_with_one(ctl, daemon):
    """Scripts see it by the exit code and in the JSON."""
    finds(daemon, a_check("dns", "failure", hint="mend it", context={"kind": "x"}), verdict="failure")
    assert ctl.run("doctor", "gpu").code == 1
    done = ctl.run("doctor", "gpu", "--json")
    assert (done.code, done.err) == (1, "")
    value = json.loads(done.out)
    assert (value["schema"], value["target"], value["verdict"]) == (1, "gpu", "failure")
    assert value["checks"][0]["context"] == {"kind": "x"}


def test_another_run_is_not_shown(ctl, daemon):
    """Events of somebody else's run are passed over."""

    def run(_params):
        daemon.push("doctor", models.DoctorTick(run="other", target=None, check=a_check("stranger")))
        return models.DoctorResult(target="gpu", verdict="ok", checks=[a_check("own")])

    daemon.handlers["doctor.run"] = run
    out = ctl.run("doctor", "gpu").out
    assert "stranger" not in out
    assert "own is ok" in out


def test_nothing_steers_the_terminal(ctl, daemon):
    """What a server says is spelled out."""
    finds(
        daemon,
        models.Check(name="a", title=HOSTILE, verdict="warning", finding=HOSTILE, hint=HOSTILE),
        verdict="warning",
    )
    out = ctl.run("doctor", "gpu").out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_daemon_of_another_version_is_told(ctl, daemon):
    """Its own word about itself is replaced by what is wrong with it."""
    hello = daemon.handlers["daemon.hello"]

    def greet(params):
        return models.HelloResult(**{**_fields(hello(params)), "version": "0.0.1"})

    daemon.handlers["daemon.hello"] = greet
    finds(daemon, a_check("daemon"), a_check("lock"))
    value = json.loads(ctl.run("doctor", "--json").out)
    assert [check["name"] for check in value["checks"]] == ["daemon", "lock"]
    assert value["verdict"] == "warning"
    assert "0.0.1" in value["checks"][0]["finding"]
    assert ctl.run("doctor").out.count("Daemon ") == 1


def test_a_daemon_that_knows_no_doctor_is_looked_at_from_outside(ctl, daemon):
    """One of an earlier version is no obstacle."""

    def refuse(_params):
        raise Refusal("method_not_found", "cannot do doctor.run: no such method")

    daemon.handlers["doctor.run"] = refuse
    checks = json.loads(ctl.run("doctor", "--json").out)["checks"]
    assert "openssh" in {check["name"] for check in checks}


def _fields(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
