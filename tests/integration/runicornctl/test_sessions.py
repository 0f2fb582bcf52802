"""``open``, ``stop``, ``restart``, ``wait``, ``logs`` and ``envs`` against a daemon on a real socket."""

import json
import signal
import threading

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import Refusal, a_session, an_error, starting, starts


def test_stop_says_so(ctl, daemon):
    """The session is stopped, and what is left behind is told."""
    daemon.sessions["gpu"] = a_session(detail="the viewer could not be reached")
    done = ctl.run("stop", "gpu")
    assert (done.code, done.out) == (0, "gpu is stopped.\n")
    assert "could not be reached" in done.err


def test_stop_can_forget(ctl, daemon):
    """With --forget the session is removed as well."""
    daemon.sessions["gpu"] = a_session()
    daemon.handlers["sessions.remove"] = lambda _params: models.Done()
    assert ctl.run("stop", "gpu", "--forget").code == 0
    assert daemon.asked("sessions.remove") == [{"session": "gpu"}]


@pytest.mark.parametrize("words", [["stop"], ["restart"], ["open"], ["logs"], ["wait"]])
def test_an_unknown_session_is_told_with_a_hint(ctl, daemon, words):
    """Every command on sessions shows the daemon's message and hint, and exits with 1."""
    for method in ("sessions.restart", "sessions.logs"):
        daemon.handlers[method] = lambda params: daemon.find(params["session"])
    done = ctl.run(*words, "gpo")
    assert done.code == 1
    assert "cannot find 'gpo'" in done.err
    assert "hint:  runicornctl status" in done.err


@pytest.mark.parametrize("words", [["stop", "x"], ["restart", "x"], ["connect", "x"], ["envs", "x"]])
def test_no_autostart_is_obeyed(ctl, words):
    """With RUNICORND_NO_AUTOSTART=1 even changing commands end with 3."""
    done = ctl.run(*words)
    assert done.code == 3
    assert "RUNICORND_NO_AUTOSTART" in done.err


def test_restart_stays_until_ready(ctl, daemon):
    """The steps are shown and the address at the end."""
    daemon.sessions["gpu"] = a_session()
    starts(daemon, a_session(state="restarting"), a_session(), method="sessions.restart")
    done = ctl.run("restart", "gpu")
    assert done.code == 0
    assert "http://localhost:8081" in done.out
    assert "Starting the viewer again" in done.err


def test_restart_shows_what_happens_while_the_old_viewer_ends(ctl, daemon):
    """The daemon answers late; its events are shown at once and not lost."""
    daemon.sessions["gpu"] = a_session()
    is_shown = threading.Event()

    def restart(_params):
        first = a_session(state="restarting")
        daemon.show(a_session(state="restarting", detail="ending the old one"))
        daemon.show(a_session())
        assert is_shown.wait(20)
        return first

    daemon.handlers["sessions.restart"] = restart
    with ctl.begin("restart", "gpu") as process:
        assert process.stderr.readline() == b"Starting the viewer again: ending the old one\n"
        is_shown.set()
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_open_prints_the_address_where_there_is_no_browser(ctl, daemon):
    """Without a display the address is all there is."""
    daemon.sessions["gpu"] = a_session()
    done = ctl.run("open", "gpu")
    assert (done.code, done.out) == (0, "http://localhost:8081\n")
    assert "no browser" in done.err


def test_open_of_a_failed_session_says_why(ctl, daemon):
    """What has no address has a reason."""
    daemon.sessions["gpu"] = a_session(state="failed", url=None, error=an_error())
    done = ctl.run("open", "gpu", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["kind"] == "auth_failed"


def test_wait_ends_when_the_session_is_ready(ctl, daemon):
    """It waits for the event, and does not mind a session that is blocked in between."""
    daemon.sessions["gpu"] = starting()
    with ctl.begin("wait", "gpu", "--json") as process:
        while not daemon.asked("sessions.get"):
            assert process.poll() is None
        daemon.show(a_session(state="blocked", error=an_error()))
        daemon.show(a_session())
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out)["state"] == "ready"


def test_wait_for_ready_fails_at_once_when_it_failed(ctl, daemon):
    """There is nothing to wait for any more."""
    daemon.sessions["gpu"] = a_session(state="failed", error=an_error())
    done = ctl.run("wait", "gpu", "--for", "ready")
    assert done.code == 1
    assert "cannot log in" in done.err


@pytest.mark.parametrize("state", ["ready", "stopped"])
def test_wait_times_out_with_6(ctl, daemon, state):
    """The message says what the session is doing."""
    daemon.sessions["gpu"] = starting(detail="waiting for a password")
    done = ctl.run("wait", "gpu", "--for", state, "--timeout", "0.2")
    assert done.code == 6
    assert "waiting for a password" in done.err


def test_wait_for_stopped_takes_a_removed_session(ctl, daemon):
    """Gone is stopped."""
    daemon.sessions["gpu"] = a_session()
    with ctl.begin("wait", "gpu", "--for", "stopped") as process:
        while not daemon.asked("sessions.get"):
            assert process.poll() is None
        daemon.forget("gpu")
        process.communicate(timeout=20)
    assert process.returncode == 0


def has_log(daemon, *lines):
    daemon.sessions["gpu"] = a_session()
    daemon.handlers["sessions.logs"] = lambda params: models.LogsResult(
        "gpu", list(lines)[-params["lines"] :]
    )


def test_logs_shows_the_last_lines_harmlessly(ctl, daemon):
    """As many as asked for; tabs are spaces, everything else that is no text is spelled out."""
    has_log(daemon, "one", "two\tx", "three\x1b[2J")
    assert ctl.run("logs", "gpu", "-n", "2").out == "two     x\nthree\\x1b[2J\n"
    assert json.loads(ctl.run("logs", "gpu", "--json").out)["lines"] == ["one", "two\tx", "three\x1b[2J"]


def test_logs_follows_until_the_session_ends(ctl, daemon):
    """Old lines once, then new ones as they come, then a word about the end."""
    has_log(daemon, "old")
    with ctl.begin("logs", "gpu", "-f") as process:
        assert process.stdout.readline() == b"old\n"
        daemon.push("log", models.LogLines("gpu", ["new", "newer"]))
        assert process.stdout.readline() == b"new\n"
        assert process.stdout.readline() == b"newer\n"
        daemon.show(a_session(state="stopped"))
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"(gpu is stopped)" in err
    assert daemon.asked("events.subscribe")[0]["topics"] == ["log:gpu"]


def test_following_ends_quietly_with_an_interrupt(ctl, daemon):
    """Ctrl-C is how one stops to look; it is no error."""
    has_log(daemon, "old")
    with ctl.begin("logs", "gpu", "-f") as process:
        assert process.stdout.readline() == b"old\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, b"")


def test_following_shows_each_line_once(ctl, daemon):
    """A line pushed before the answer is part of the answer; one right behind it is new."""
    has_log(daemon)

    def logs(_params):
        def later():
            daemon.push("log", models.LogLines("gpu", ["new"]))
            daemon.show(a_session(state="stopped"))

        daemon.push("log", models.LogLines("gpu", ["both"]))
        return models.LogsResult("gpu", ["both"]), later

    daemon.handlers["sessions.logs"] = logs
    assert ctl.run("logs", "gpu", "-f").out == "both\nnew\n"


ENVIRONMENTS = models.EnvsResult(
    "gpu",
    [
        models.Environment("torch", "conda", "/opt/torch/bin/python", "3.10.8", "0.7.2", "/data", True),
        models.Environment(
            "tf", "venv", "/home/ada/tf/bin/python", "3.8.12", None, None, False,
            reason="runicorn is not installed", fix="/home/ada/tf/bin/python -m pip install runicorn",
        ),
    ],
    chosen="/opt/torch/bin/python",
)  # fmt: skip


def test_envs_lists_what_is_there(ctl, daemon):
    """Versions, root and path; what cannot be used has a reason and a line that mends it."""
    daemon.handlers["envs.list"] = lambda _params: ENVIRONMENTS
    done = ctl.run("envs", "gpu")
    for text in ("torch", "conda", "3.10.8", "0.7.2", "/data", "not installed", "-m pip install runicorn"):
        assert text in done.out
    assert "'connect' takes torch" in done.err


def test_envs_in_json(ctl, daemon):
    """The design's fields, in one value."""
    daemon.handlers["envs.list"] = lambda _params: ENVIRONMENTS
    value = json.loads(ctl.run("envs", "gpu", "--json").out)
    assert value["target"] == "gpu"
    fields = {
        "name",
        "kind",
        "python",
        "python_version",
        "runicorn_version",
        "storage_root",
        "usable",
        "reason",
    }
    assert fields <= value["environments"][0].keys()


def test_envs_without_a_terminal_needs_input(ctl, daemon):
    """A question of that host ends it with 5."""

    def listing(_params):
        daemon.ask(models.PromptInfo("p1", "password", "gpu", "Password of ada"))
        daemon.ended.wait(20)
        raise Refusal("needs_input", "too late")

    daemon.handlers["envs.list"] = listing
    done = ctl.run("envs", "gpu", "--json")
    assert done.code == 5
    assert json.loads(done.out)["error"]["context"]["prompt"] == "p1"
