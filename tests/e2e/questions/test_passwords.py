"""Passwords: typed at the terminal, kept in memory, written nowhere."""

import termios

from tests.helpers.laptop import fetch

SECRET = "correct horse battery"
WRONG = "wrong mule"


def echoes(terminal):
    return bool(termios.tcgetattr(terminal.slave)[3] & termios.ECHO)


def log_in(laptop, *passwords, target="gpu", code=0):
    """Connect at a terminal and type these passwords, one after the other; return the terminal."""
    with laptop.at_terminal("connect", target, "--no-browser") as terminal:
        for password in passwords:
            terminal.expect("Password: ")
            assert not echoes(terminal)
            terminal.type(password)
        assert terminal.end() == code, terminal.text
        assert echoes(terminal)
    return terminal


def test_a_password_is_written_nowhere(laptop, account, written):
    """Not on the screen, in no file of the laptop, in no process's words; a wrong one neither."""
    gpu = account(password=SECRET)
    terminal = log_in(laptop, WRONG, SECRET)
    assert "The last one was refused." in terminal.text
    assert gpu.server.attempts == ["password"] * 2
    for secret in (SECRET, WRONG):
        assert secret not in terminal.shown
        assert written(secret) == []
    assert written(gpu.address), "the search finds what is there"


def test_a_dropped_connection_needs_no_password(laptop, account):
    """It was given once, and is used again from memory."""
    gpu = account(password=SECRET)
    log_in(laptop, SECRET)
    url = laptop.session("gpu")["url"]
    assert gpu.drop() == 1
    assert fetch(f"{url}/api/health")[0] == 200
    assert laptop.wait_for("gpu", "ready")["url"] == url
    assert gpu.server.attempts == ["password"] * 2


def test_three_wrong_passwords(laptop, account):
    """The login has failed: no more questions, no more tries, nothing left; the next connect asks afresh."""
    gpu = account(password=SECRET)
    terminal = log_in(laptop, "a", "b", "c", code=1)
    assert f"error: cannot log in to {gpu.address}: it refused password" in terminal.text
    assert gpu.server.attempts == ["password"] * 3
    assert laptop.listeners() == set()
    assert laptop.json("status")["prompts"] == []
    assert laptop.connect("gpu", code=5)["context"]["prompt_kind"] == "password"
    assert gpu.server.attempts == ["password"] * 3


def test_a_new_daemon_has_to_be_told_again(laptop, account):
    """Secrets die with the daemon; the session says what it waits for, and goes on where it was."""
    account(password=SECRET)
    log_in(laptop, SECRET)
    before = laptop.session("gpu")
    laptop.stop_daemon()
    laptop.start_daemon()
    error = laptop.connect("gpu", code=5)
    assert (error["kind"], error["context"]["prompt_kind"]) == ("needs_input", "password")
    waiting = laptop.session("gpu")
    assert (waiting["state"], waiting["local_port"]) == ("starting", before["local_port"])
    assert "waits for you: Password for ada@" in laptop.run("status").out

    log_in(laptop, SECRET)
    after = laptop.session("gpu")
    assert (after["state"], after["url"], after["remote"]) == ("ready", before["url"], before["remote"])


def test_a_server_that_does_not_wait(laptop, account):
    """It hangs up while nobody answers: the question stays, and nobody knocks again before it is answered."""
    gpu = account(password=SECRET, options={"login_timeout": 1})
    laptop.connect("gpu", code=5)
    session = laptop.wait_for("gpu", "blocked")
    assert session["error"]["kind"] == "needs_input"
    assert gpu.server.connections == 1
    (prompt,) = laptop.json("status")["prompts"]
    assert (prompt["kind"], prompt["id"]) == ("password", session["prompt"])
    gpu.reconfigure(options={})
    log_in(laptop, SECRET)
    assert laptop.session("gpu")["state"] == "ready"


def test_a_jump_host_that_asks(laptop, account):
    """A question on the way is asked of whoever wants to get to the end of it."""
    jump = account("jump", password=WRONG)
    behind = account("behind", password=SECRET, extra=["ProxyJump jump"])
    with laptop.at_terminal("connect", "behind", "--no-browser") as terminal:
        for host, password in ((jump, WRONG), (behind, SECRET)):
            terminal.expect(f"Password for {host.address}")
            terminal.expect("Password: ")
            terminal.type(password)
        assert terminal.end() == 0
    assert (jump.server.attempts, behind.server.attempts) == (["password"], ["password"])


def test_a_jump_host_that_asks_on_the_way_to_a_host_key(laptop, account):
    """Looking at a key logs in nowhere but on the way; the second look uses what was answered."""
    jump = account("jump", password=WRONG)
    behind = account("behind", password=SECRET, extra=["ProxyJump jump"])
    with laptop.at_terminal("hosts", "check", "behind") as terminal:
        terminal.expect(f"Password for {jump.address}")
        terminal.expect("Password: ")
        terminal.type(WRONG)
        assert terminal.end() == 0
    assert "host key trusted" in terminal.shown
    assert laptop.json("hosts", "check", "behind")["verdict"] == "trusted"
    assert (jump.server.attempts, behind.server.attempts) == (["password"] * 2, [])
