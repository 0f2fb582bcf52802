"""``connect`` without a terminal: steps, results, errors and exit codes."""

import json
import os
import signal
import time

import msgspec
import pytest

from runicornd.protocol import models
from tests.fakes.daemon import Refusal, a_session, an_error, starting, starts


def test_it_ends_with_the_address(ctl, daemon):
    """The steps go to standard error, one plain line each; the address and what it shows to output."""
    starts(daemon, starting("environments"), starting("launching"), starting("answering"), a_session())
    done = ctl.run("connect", "gpu", "--no-browser")
    assert done.code == 0
    assert done.out.splitlines()[0] == "http://localhost:8081"
    for text in ("torch (0.7.2)", "/opt/torch/bin/python", "/data/runs"):
        assert text in done.out
    assert done.err.splitlines() == [
        "Connecting to gpu",
        "Looking for environments",
        "Starting the viewer",
        "Waiting for the viewer's answer",
    ]


def test_json_is_the_session(ctl, daemon):
    """Standard output is one value with the design's fields."""
    starts(daemon, a_session())
    done = ctl.run("connect", "gpu", "--no-browser", "--json")
    value = json.loads(done.out)
    assert value["schema"] == 1
    assert (value["id"], value["target"], value["viewer"], value["state"]) == (
        "gpu",
        "gpu",
        "runicorn",
        "ready",
    )
    assert value["env"] == {"name": "torch", "python": "/opt/torch/bin/python", "runicorn_version": "0.7.2"}
    assert value["remote"] == {"pid": 4711, "endpoint": "/run/v.sock", "exposed": False}
    assert {"url", "local_port", "root", "since"} <= value.keys()


def test_what_was_asked_for_reaches_the_daemon(ctl, daemon):
    """Options arrive as they are; a key's path is made absolute, because the daemon is elsewhere."""
    starts(daemon, a_session())
    words = ["--env", "my env", "--root", "/data/é $(x)", "--local-port", "8090", "--viewer", "runicorn"]
    ctl.run("connect", "gpu", *words, "--identity", "~/keys/id", "--no-browser")
    (params,) = daemon.asked("sessions.start")
    assert (params["env"], params["root"], params["local_port"]) == ("my env", "/data/é $(x)", 8090)
    assert params["auth"]["identity_file"] == str(ctl.home / "keys/id")


@pytest.mark.parametrize(("socket", "sent"), [("/run/agent", "/run/agent"), ("agent", None), ("", None)])
def test_the_agent_of_the_shell_reaches_the_daemon(ctl, daemon, socket, sent):
    """The daemon's own may be that of an earlier login; a relative path means nothing to it."""
    starts(daemon, a_session())
    assert ctl.run("connect", "gpu", "--no-browser", env={"SSH_AUTH_SOCK": socket}).code == 0
    auth = daemon.asked("sessions.start")[0]["auth"]
    assert (auth and auth["agent_socket"]) == sent


def test_a_key_can_be_piped_in(ctl, daemon):
    """With --paste-key the key's text comes from standard input."""
    starts(daemon, a_session())
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----\n"
    assert ctl.run("connect", "gpu", "--paste-key", "--no-browser", stdin=key).code == 0
    assert daemon.asked("sessions.start")[0]["auth"]["private_key"] == key


def test_no_key_on_standard_input_is_a_usage_error(ctl, daemon):
    """Nothing is started when the key is missing."""
    done = ctl.run("connect", "gpu", "--paste-key")
    assert done.code == 2
    assert "standard input is empty" in done.err
    assert not daemon.asked("sessions.start")


def test_events_that_overtake_the_answer_are_not_lost(ctl, daemon):
    """The session may be ready before `sessions.start` has answered."""

    def start(_params):
        first = daemon.show(starting())
        daemon.show(a_session())
        return first

    daemon.handlers["sessions.start"] = start
    assert ctl.run("connect", "gpu", "--no-browser").code == 0


def test_a_failure_has_message_hint_and_kind(ctl, daemon):
    """The daemon's own words are shown; in JSON they are on standard output."""
    failed = starting(error=an_error())
    starts(daemon, msgspec.structs.replace(failed, state="failed", step=None))
    done = ctl.run("connect", "gpu", "--json")
    assert done.code == 1
    error = json.loads(done.out)["error"]
    assert (error["kind"], error["hint"]) == ("auth_failed", "check the key")
    assert "error: cannot log in to gpu" in done.err
    assert "hint:  check the key" in done.err


def test_a_failed_first_try_is_told_although_the_session_is_gone(ctl, daemon):
    """The daemon forgets a session that never was ready; its reason must not get lost."""

    def start(_params):
        def fail():
            daemon.show(a_session(state="failed", error=an_error()))
            daemon.forget("gpu")

        return daemon.show(starting()), fail

    daemon.handlers["sessions.start"] = start
    done = ctl.run("connect", "gpu")
    assert done.code == 1
    assert "cannot log in to gpu" in done.err


def test_several_lines_of_a_message_stay_lines_but_their_content_is_escaped(ctl, daemon):
    """A log tail in an error is readable and harmless."""
    error = an_error(message="cannot start:\n  Traceback\n  \x1b]0;pwned\x07boom")
    starts(daemon, a_session(state="failed", error=error))
    err = ctl.run("connect", "gpu").err
    assert "\n    Traceback" in err
    assert "\\x1b]0;pwned\\x07boom" in err


def test_a_blocked_session_is_an_error(ctl, daemon):
    """Without a question to answer there is nothing to wait for."""
    starts(
        daemon, a_session(state="blocked", error=an_error("host_key_changed", "cannot trust gpu: changed"))
    )
    done = ctl.run("connect", "gpu")
    assert done.code == 1
    assert "cannot trust gpu" in done.err


def test_a_session_that_was_blocked_gets_a_moment_to_go_on(ctl, daemon):
    """`sessions.start` may answer with the state from just before it took effect."""
    blocked = a_session(state="blocked", error=an_error())

    def start(_params):
        return blocked, lambda: daemon.show(a_session())

    daemon.sessions["gpu"] = blocked
    daemon.handlers["sessions.start"] = start
    assert ctl.run("connect", "gpu", "--no-browser").code == 0


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_question_without_a_terminal_is_exit_5(ctl, daemon, words):
    """It says what is waited for and how to answer; the session goes on waiting."""

    def start(_params):
        def ask():
            daemon.ask(models.PromptInfo("p1", "passphrase", "gpu", "Passphrase of ~/.ssh/id"))
            daemon.show(starting(prompt="p1"))

        return daemon.show(starting()), ask

    daemon.handlers["sessions.start"] = start
    done = ctl.run("connect", "gpu", *words)
    assert done.code == 5
    assert "Passphrase of ~/.ssh/id" in done.err
    assert "runicornctl connect gpu" in done.err
    assert not daemon.asked("sessions.stop")
    if words:
        assert json.loads(done.out)["error"]["kind"] == "needs_input"


def test_it_gives_up_after_its_timeout(ctl, daemon):
    """Exit 6, with what it was doing; the session goes on."""
    starts(daemon, starting("launching", detail="uploading"))
    done = ctl.run("connect", "gpu", "--timeout", "0.3")
    assert done.code == 6
    assert "still starting the viewer: uploading" in done.err
    assert not daemon.asked("sessions.stop")


def test_a_refusal_is_shown(ctl, daemon):
    """An error of `sessions.start` itself, with the hint."""

    def refuse(_params):
        raise Refusal("port_taken", "cannot use port 8090: taken", "choose another")

    daemon.handlers["sessions.start"] = refuse
    done = ctl.run("connect", "gpu", "--local-port", "8090", "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["kind"] == "port_taken"


def test_an_exposed_viewer_is_warned_about(ctl, daemon):
    """Where the viewer listens on TCP, other accounts can open it."""
    starts(daemon, a_session(remote=models.Remote(1, "127.0.0.1:4000", exposed=True)))
    assert "warning: the viewer listens on TCP" in ctl.run("connect", "gpu", "--no-browser").err


def test_a_resync_on_the_way_is_survived(ctl, daemon):
    """After it the new snapshot decides."""

    def start(_params):
        def later():
            daemon.sessions["gpu"] = a_session()
            daemon.push("resync")

        return daemon.show(starting()), later

    daemon.handlers["sessions.start"] = start
    assert ctl.run("connect", "gpu", "--no-browser").code == 0


def test_another_sessions_news_do_not_matter(ctl, daemon):
    """Only the own session decides."""
    starts(daemon, a_session("other", state="failed", error=an_error()), a_session())
    assert ctl.run("connect", "gpu", "--no-browser").code == 0


def interrupted(ctl, daemon):
    """Begin to connect, interrupt it when it has begun, and return exit code and errors."""
    with ctl.begin("connect", "gpu") as process:
        assert process.stderr.readline() == b"Connecting to gpu\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    return process.returncode, err.decode()


def test_an_interrupt_stops_the_session_that_it_started(ctl, daemon):
    """Ctrl-C cancels what this command began."""
    starts(daemon)
    code, err = interrupted(ctl, daemon)
    assert code == 130
    assert "is stopped" in err
    assert daemon.asked("sessions.stop") == [{"session": "gpu"}]


def test_an_interrupt_leaves_a_session_that_was_there_before(ctl, daemon):
    """Somebody else's session goes on, and it is said how to stop it."""
    daemon.sessions["gpu"] = a_session(state="reconnecting")
    starts(daemon)
    code, err = interrupted(ctl, daemon)
    assert code == 130
    assert "runicornctl stop gpu" in err
    assert not daemon.asked("sessions.stop")


class Browser:
    """A browser that writes down what it was asked to open."""

    def __init__(self, folder):
        self.log = folder / "opened"
        program = folder / "my browser"
        program.write_text(f'#!/bin/sh\necho noise; echo noise >&2\necho "$1" >> "{self.log}"\n')
        program.chmod(0o755)
        self.env = {"DISPLAY": ":99", "BROWSER": f"'{program}'"}

    def opened(self):
        """What was opened, once something was."""
        deadline = time.monotonic() + 10
        while not (self.log.exists() and self.log.read_text().endswith("\n")):
            assert time.monotonic() < deadline, "no browser was opened"
            os.sched_yield()
        return self.log.read_text().split()


def test_the_browser_opens_at_the_end(ctl, daemon, tmp_path):
    """`$BROWSER` gets the address; its own output is not seen."""
    browser = Browser(tmp_path)
    starts(daemon, a_session())
    done = ctl.run("connect", "gpu", env=browser.env)
    assert browser.opened() == ["http://localhost:8081"]
    assert "noise" not in done.out + done.err


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--no-browser"], {}),
        (["--json"], {}),
        ([], {"DISPLAY": ""}),
        ([], {"DISPLAY": "", "SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}),
    ],
)
def test_no_browser_where_none_is_wanted_or_seen(ctl, daemon, tmp_path, words, env):
    """Not with --no-browser or --json, and not without a display."""
    browser = Browser(tmp_path)
    starts(daemon, a_session())
    assert ctl.run("connect", "gpu", *words, env=browser.env | env).code == 0
    starts(daemon, a_session(url="http://localhost:9999"))
    ctl.run("connect", "gpu", env=browser.env)
    assert browser.opened() == ["http://localhost:9999"]


def test_bytes_that_are_no_text_are_a_usage_error(ctl, daemon):
    """An argument that is not UTF-8 ends in a message."""
    done = ctl.run("connect", os.fsdecode(b"gpu\xff"))
    assert done.code == 2
    assert "not valid UTF-8" in done.err
