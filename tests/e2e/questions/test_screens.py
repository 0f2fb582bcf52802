"""What a person sees while a session gets ready, on several sorts of screens; and how long it may take."""

import re
import socket

from runicornctl.render import width

SECRET = "correct horse battery"


def test_steps_at_a_terminal(laptop, account):
    """Each step is ticked off with a colour, and the address comes last."""
    account(anyone=True)
    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        assert terminal.end() == 0
    assert "\x1b[32m✓\x1b[0m" in terminal.shown
    for step in ("✓ Connected to gpu", "✓ Looked for environments", "✓ Started the viewer"):
        assert step in terminal.text
    assert "http://localhost:" in terminal.text


def test_steps_without_a_terminal(laptop, account):
    """Plain lines on standard error, the result alone on standard output."""
    account(anyone=True)
    done = laptop.run("connect", "gpu", "--no-browser")
    assert done.code == 0
    assert done.err.splitlines()[:2] == ["Connecting to gpu", "Looking for environments"]
    assert "\x1b" not in done.err + done.out
    assert done.out.startswith("http://localhost:")


def test_no_colours_are_asked_for(laptop, account):
    """NO_COLOR leaves the moves of the cursor and drops the colours."""
    account(anyone=True)
    with laptop.at_terminal("connect", "gpu", "--no-browser", env={"NO_COLOR": "1"}) as terminal:
        assert terminal.end() == 0
    assert re.findall(r"\x1b\[[0-9;]*m", terminal.shown) == []
    assert "✓ Connected to gpu" in terminal.text


def test_a_narrow_terminal(laptop, account):
    """At 40 columns no line of the live steps wraps."""
    account(password=SECRET)
    with laptop.at_terminal("connect", "gpu", "--no-browser", columns=40) as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    live = [part for line in terminal.shown.split("\n") for part in line.split("\r\x1b[2K")[1:]]
    assert max(width(re.sub(r"\x1b\[[0-9;]*m", "", part).rstrip("\r")) for part in live) < 40


def test_time_is_up(laptop):
    """Exit 6 says what it was doing, and that the session goes on; it is there, and can be stopped."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = f"ada@127.0.0.1:{silent.getsockname()[1]}"
        error = laptop.connect(target, "--timeout", "0.5", code=6)
        assert error["kind"] == "timed_out"
        assert "connecting" in error["message"]
        (session,) = laptop.json("status")["sessions"]
        assert f"runicornctl stop {session['id']}" in error["hint"]
        assert "goes on" in error["hint"]
        assert session["state"] == "starting"
        laptop.json("stop", session["id"])
        assert laptop.listeners() == set()
