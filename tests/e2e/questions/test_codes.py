"""Keyboard-interactive in several rounds, with one-time codes."""

from tests.helpers.embedded import Round

SECRET = "correct horse battery"
PASSWORD_ROUND = Round([("Password: ", False)], [SECRET])


def code_round(code):
    return Round([("Verification code: ", False)], [code], "Look at your phone")


def test_a_code_is_asked_each_time(laptop, account, written):
    """Password and code; after a drop the password comes from memory, and only a fresh code is asked for."""
    gpu = account(rounds=[PASSWORD_ROUND, code_round("111222")])
    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        terminal.expect("Look at your phone")
        terminal.expect("Verification code: ")
        terminal.type("111222")
        assert terminal.end() == 0
    url = laptop.session("gpu")["url"]

    gpu.server.rounds = [PASSWORD_ROUND, code_round("333444")]
    gpu.drop()
    laptop.wait_for("gpu", "reconnecting")
    error = laptop.connect("gpu", code=5)
    assert error["context"]["prompt_kind"] == "code"
    assert "waits for a code" in error["message"]
    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Verification code: ")
        terminal.type("333444")
        assert terminal.end() == 0
    assert laptop.session("gpu")["url"] == url
    assert gpu.server.responses == [(SECRET,), ("111222",), (SECRET,), ("333444",)]
    for secret in (SECRET, "111222", "333444"):
        assert secret not in terminal.shown
    assert written(SECRET) == []


def test_a_code_that_comes_too_late(laptop, account):
    """The server has hung up meanwhile: it is asked whether to log in again, and then for a fresh code."""
    gpu = account(rounds=[code_round("111222")], options={"login_timeout": 1})
    laptop.connect("gpu", code=5)
    laptop.wait_for("gpu", "blocked")
    gpu.reconfigure(options={})
    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("1) Log in again")
        terminal.expect("Number (1-1): ")
        terminal.type("1")
        terminal.expect("Verification code: ")
        terminal.type("111222")
        assert terminal.end() == 0
    assert gpu.server.responses == [("111222",)]


def test_what_a_server_says_cannot_steer_the_terminal(laptop, account):
    """Banner, instructions and labels full of escape sequences come out as harmless text."""
    hostile = "\x1b]0;owned\x07\x1b[2J\x1b[31mrm -rf\u202e\r\nerror: all is lost"
    evil = Round([(f"Code {hostile}: ", True), ("Pin\x9b31m: ", False)], ["1", "2"], hostile)
    account(rounds=[evil], banner=f"{hostile}\r\n")
    with laptop.at_terminal("connect", "gpu", "--no-browser", env={"NO_COLOR": "1"}) as terminal:
        terminal.expect("Code ?]0;owned")
        terminal.type("1")
        terminal.expect("Pin?31m: ")
        terminal.type("2")
        assert terminal.end() == 0
    for harmful in ("\x1b]", "\x1b[2J", "\x1b[31m", "\x9b", "\x07", "\u202e", "\nerror: all is lost"):
        assert harmful not in terminal.shown
