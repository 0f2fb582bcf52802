"""Which environment: choosing, cancelling, and several terminals at once."""

import termios

import pytest

from tests.helpers.waiting import until

ENVIRONMENTS = ("train", "other")
SECRET = "correct horse battery"


def echoes(terminal):
    return bool(termios.tcgetattr(terminal.slave)[3] & termios.ECHO)


def connecting(laptop, target="gpu"):
    return laptop.at_terminal("connect", target, "--no-browser")


def test_an_environment_is_chosen_by_number(laptop, account):
    """The list is numbered; what is no number of it is asked again; the choice is remembered."""
    account(password=None, rounds=(), environments=ENVIRONMENTS, anyone=True)
    with connecting(laptop) as terminal:
        terminal.expect("Which environment of gpu shall run the viewer?")
        terminal.expect("Number (1-2): ")
        terminal.type("3")
        terminal.expect("Please type one of the choices.")
        terminal.type("train")
        assert terminal.end() == 0
    assert laptop.session("gpu")["env"]["name"] == "train"
    laptop.json("stop", "gpu")
    assert laptop.connect("gpu")["env"]["name"] == "train"


@pytest.mark.parametrize(
    ("options", "question"),
    [
        ({"trusted": False}, "[yes/no]: "),
        ({"password": SECRET}, "Password: "),
        ({"anyone": True, "environments": ENVIRONMENTS}, "Number (1-2): "),
    ],
)
def test_ctrl_c_at_a_question(laptop, account, options, question):
    """The session that this command began is stopped, the question is gone, the echo is back."""
    gpu = account(**options)
    with connecting(laptop) as terminal:
        terminal.expect(question)
        terminal.press(b"\x03")
        assert terminal.end() == 130
        assert echoes(terminal)
    assert "cancelled; the session gpu is stopped" in terminal.text
    status = laptop.json("status")
    assert status["prompts"] == []
    assert [host["state"] for host in status["hosts"] if host["state"] not in {"idle", "up"}] == []
    assert laptop.listeners() == set()
    laptop.stop_daemon()
    gpu.empties()


def test_the_end_of_input_at_a_question(laptop, account):
    """Ctrl-D gives no answer: exit 5, the echo is back, and the question waits on."""
    account(password=SECRET)
    with connecting(laptop) as terminal:
        terminal.expect("Password: ")
        terminal.press(b"\x04")
        assert terminal.end() == 5
        assert echoes(terminal)
    assert "runicornctl connect gpu" in terminal.text
    assert [prompt["kind"] for prompt in laptop.json("status")["prompts"]] == ["password"]


def test_two_terminals_are_asked_the_same(laptop, account):
    """Whoever answers first answers for both, and both end with the session ready."""
    account(anyone=True, environments=ENVIRONMENTS)
    with connecting(laptop) as first, connecting(laptop) as second:
        for terminal in (first, second):
            terminal.expect("Number (1-2): ")
        second.type("1")
        assert (first.end(), second.end()) == (0, 0)
    assert "answered elsewhere" in first.text
    assert laptop.session("gpu")["url"] in first.text


def test_two_hosts_are_asked_about_apart(laptop, account):
    """Each terminal has the questions of its own target only."""
    one, two = account("one", password="first secret"), account("two", password="second secret")
    with connecting(laptop, "one") as left, connecting(laptop, "two") as right:
        left.expect(f"Password for {one.address}")
        left.expect("Password: ")
        right.expect(f"Password for {two.address}")
        right.expect("Password: ")
        until(lambda: len(laptop.json("status")["prompts"]) == 2)
        right.type("second secret")
        assert right.end() == 0
        left.type("first secret")
        assert left.end() == 0
    assert two.address not in left.text
    assert one.address not in right.text


def test_envs_asks_too(laptop, account):
    """Listing environments logs in as connect does, and leaves a link that connect uses."""
    gpu = account(password=SECRET, environments=ENVIRONMENTS)
    with laptop.at_terminal("envs", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert "train" in terminal.text
    assert laptop.connect("gpu", "--env", "train")["state"] == "ready"
    assert gpu.server.attempts == ["password"]
