"""``status`` against a daemon on a real socket."""

import json
import socket

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import a_session, an_error
from tests.fakes.stores import a_download, a_store, syncing

HOSTILE = "evil\x1b[2J\u202e\nname\x9b31m"


def test_without_a_daemon_it_says_so_and_starts_none(ctl):
    """The exit code is 3, and no daemon runs afterwards."""
    done = ctl.run("status", env={"RUNICORND_NO_AUTOSTART": "0"})
    assert (done.code, done.out) == (3, "")
    assert "the daemon is not running" in done.err
    assert "runicornctl daemon start" in done.err
    assert not ctl.socket.exists()


def test_a_stale_socket_is_no_daemon(ctl):
    """A socket that nobody answers on counts as not running."""
    ctl.socket.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(ctl.socket))
    assert ctl.run("status").code == 3


def test_json_is_one_versioned_value(ctl, daemon):
    """Standard output has the design's fields and nothing else."""
    daemon.sessions["gpu"] = a_session()
    done = ctl.run("status", "--json")
    value = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert {"schema", "version", "daemon", "hosts", "sessions", "forwards"} <= value.keys()
    assert value["sessions"][0]["url"] == "http://localhost:8081"


def test_an_error_in_json_is_one_value_as_well(ctl):
    """Kind, message and hint are on standard output, words for people on standard error."""
    done = ctl.run("status", "--json")
    error = json.loads(done.out)["error"]
    assert error["kind"] == "daemon_not_running"
    assert error["hint"]
    assert "error:" in done.err


def test_the_table_shows_what_a_user_looks_for(ctl, daemon):
    """State, environment, address and age of a session, and its host."""
    daemon.sessions["gpu"] = a_session()
    daemon.hosts["gpu"] = models.HostState("gpu", "ada@gpu.lab:22", "up", 0.0)
    out = ctl.run("status").out
    for text in ("gpu", "● ready", "torch (0.7.2)", "http://localhost:8081", "2h 14m", "ada@gpu.lab:22"):
        assert text in out
    assert "\x1b" not in out


def test_it_says_what_a_session_waits_for(ctl, daemon):
    """A blocked session shows its error, its hint, its question and how to answer it."""
    daemon.sessions["gpu"] = a_session(state="blocked", prompt="p1", error=an_error())
    daemon.prompts["p1"] = models.PromptInfo("p1", "password", "gpu", "Password of ada@gpu")
    out = ctl.run("status").out
    for text in (
        "blocked",
        "cannot log in",
        "check the key",
        "Password of ada@gpu",
        "runicornctl connect gpu",
    ):
        assert text in out


def test_a_question_about_a_jump_host_is_answered_by_connecting_to_the_target(ctl, daemon):
    """The hint names what the user wants to reach, not the host in between."""
    daemon.hosts["gpu"] = models.HostState("gpu", "ada@gpu", "waiting_for_user", 0.0, prompt="p1")
    daemon.prompts["p1"] = models.PromptInfo("p1", "password", "jump", "Password of ada@jump")
    out = ctl.run("status").out
    assert "Password of ada@jump" in out
    assert out.count("runicornctl connect gpu") == 1
    assert "connect jump" not in out


def test_nothing_yet_says_how_to_begin(ctl, daemon):
    """An empty status names the command to begin with."""
    assert "runicornctl connect TARGET" in ctl.run("status").out


def test_an_unknown_subject_is_the_daemons_error(ctl, daemon):
    """Message and hint of the daemon are shown, and no traceback."""
    done = ctl.run("status", "gpo")
    assert done.code == 1
    assert "cannot show 'gpo'" in done.err
    assert "hint:" in done.err
    assert "Traceback" not in done.err


def test_hostile_names_cannot_steer_the_terminal(ctl, daemon):
    """Control characters, line breaks and bidirectional overrides are spelled out."""
    daemon.sessions["gpu"] = a_session(
        target=HOSTILE,
        env=models.SessionEnv(HOSTILE, "/p", HOSTILE),
        detail=HOSTILE,
        error=an_error(message=HOSTILE, hint=HOSTILE),
    )
    daemon.hosts["gpu"] = models.HostState(HOSTILE, HOSTILE, "up", 0.0)
    for words in (["status"], ["status", "--json"]):
        out = ctl.run(*words).out
        assert not set("\x1b\u202e\x9b") & set(out)
    assert "evil\\x1b[2J\\u202e" in ctl.run("status").out


def test_watch_prints_each_change(ctl, daemon):
    """A change is shown when its event comes."""
    daemon.sessions["gpu"] = a_session(state="starting")
    with ctl.at_terminal("status", "--watch") as terminal:
        terminal.expect("starting")
        daemon.show(a_session(state="ready"))
        terminal.expect("ready")
        daemon.push("topic.of.the.future", {"x": 1})
        daemon.forget("gpu")
        terminal.expect("No sessions")
        terminal.interrupt()
        assert terminal.end() == 130
    assert terminal.shown.endswith("\x1b[?7h\x1b[?25h\x1b[?1049l")


def test_watch_takes_a_new_snapshot_after_a_resync(ctl, daemon):
    """A reader that was too slow asks again instead of showing what is stale."""
    with ctl.at_terminal("status", "--watch") as terminal:
        terminal.expect("No sessions")
        daemon.sessions["gpu"] = a_session()
        daemon.push("resync")
        terminal.expect("ready")


def test_watch_into_a_pipe_has_no_escapes(ctl, daemon):
    """Each change is printed once, as plain lines."""
    with ctl.begin("status", "--watch") as process:
        first = process.stdout.readline()
        daemon.show(a_session())
        rest = b"".join(process.stdout.readline() for _ in range(3))
    assert b"No sessions" in first
    assert b"ready" in rest
    assert b"\x1b" not in first + rest


def test_watch_ends_when_the_daemon_does(ctl, daemon):
    """The end of the daemon is told with the exit code for that."""
    with ctl.at_terminal("status", "--watch") as terminal:
        terminal.expect("No sessions")
        ctl.run("daemon", "stop")
        assert terminal.end() == 3
    assert "lost the connection to the daemon" in terminal.shown


def test_watching_in_json_is_refused(ctl, daemon):
    """One value cannot go on and on."""
    assert ctl.run("status", "--watch", "--json").code == 2


def test_a_daemon_of_another_protocol_is_told_with_the_fix(ctl, daemon):
    """The exit code is 4 and the hint is the daemon's."""
    daemon.protocol = 9
    done = ctl.run("status")
    assert done.code == 4
    assert "pip install -U runicornd" in done.err


@pytest.mark.parametrize(
    "noise", [b"hello\n", b'{"jsonrpc":"2.0"\n', b'{"jsonrpc":"2.0","id":1,"result":7}\n']
)
def test_what_is_no_daemon_is_not_believed(ctl, noise):
    """Whatever else answers on the socket ends in a message, not in a traceback."""
    with ctl.daemon() as daemon:
        daemon.noise = noise
        done = ctl.run("status")
    assert done.code == 4
    assert "Traceback" not in done.err


def test_a_folder_open_to_others_is_not_trusted(ctl, daemon):
    """Somebody else's socket must not get our secrets."""
    ctl.socket.parent.chmod(0o777)
    done = ctl.run("status")
    assert done.code == 1
    assert "cannot trust the daemon's socket" in done.err


def test_a_pipe_that_closes_early_is_no_error(ctl, daemon):
    """`status | head -1` says nothing on standard error."""
    for number in range(300):
        daemon.sessions[f"s{number}"] = a_session(f"s{number}", detail="x" * 500)
    with ctl.begin("status") as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(20)


def test_stores_and_downloads_that_run(ctl, daemon):
    """A line each below the sessions, with what they do or wait for; downloads that ended are left out."""
    daemon.stores["gpu"] = syncing()
    daemon.stores["old"] = a_store("old", "failed", error=an_error(), artifacts=7)
    daemon.downloads["d1"] = a_download()
    daemon.downloads["d2"] = a_download("done", id="d2", ref="model/other:v1")
    out = ctl.run("status").out
    for text in ("STORE", "syncing", "75%", "old", "failed", "cannot log in", "check the key", "d1",
                 "model/resnet50:v3", "8.00 GB", "20.0 MB/s", "1m 40s"):  # fmt: skip
        assert text in out
    assert "d2" not in out
    assert "SESSION" not in out
    assert "No sessions" not in out


def test_sessions_alone_have_no_other_section(ctl, daemon):
    """Nor is there an empty one of stores."""
    daemon.sessions["gpu"] = a_session()
    out = ctl.run("status").out
    assert "STORE" not in out
    assert "DOWNLOAD" not in out
