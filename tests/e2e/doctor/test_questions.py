"""What a server asks while it is looked at: once, and only where somebody can answer."""

import contextlib
import socket
import threading

import pytest

from tests.helpers.account import Account

SECRET = "correct horse battery"


@pytest.fixture
def account(tmp_path, laptop):
    """An account with a password, known as ``gpu``."""
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(Account(tmp_path / "gpu", password=SECRET))
        made.trust()
        laptop.know(made, "gpu")
        yield made


def test_a_password_is_asked_once(laptop, account):
    """The login asks; everything behind it goes over the same connection."""
    with laptop.at_terminal("doctor", "gpu") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0, terminal.text
    assert terminal.text.count("Password: ") == 1
    assert "Clock" in terminal.text
    assert account.server.attempts == ["password"]


def test_wrong_passwords_are_a_failure_of_the_login(laptop, account):
    """What was refused is said, with the next step, and nothing behind it is looked at."""
    with laptop.at_terminal("doctor", "gpu") as terminal:
        for word in "abc":
            terminal.expect("Password: ")
            terminal.type(word)
        assert terminal.end() == 1, terminal.text
    assert "it refused password" in terminal.text
    assert "not checked: 'Login' failed" in terminal.text


def test_without_a_person_the_question_is_what_is_found(laptop, account, examine):
    """It does not wait, and leaves no question behind."""
    found = examine("gpu", code=1)["login"]
    assert found["verdict"] == "failure"
    assert found["context"]["kind"] == "needs_input"
    assert "Password for" in found["finding"]
    assert laptop.json("status")["prompts"] == []


def test_what_answers_is_no_ssh_server(laptop, examine):
    """What it says is quoted."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        web = threading.Thread(target=_answer, args=(server,))
        web.start()
        port = server.getsockname()[1]
        laptop.ssh_config.write_text(f"Host web\n  HostName 127.0.0.1\n  Port {port}\n")
        checks = examine("web", code=1)
        web.join(10)
    assert checks["banner"]["verdict"] == "failure"
    assert "HTTP/1.1 400 Bad Request" in checks["banner"]["finding"]
    assert checks["algorithms"]["verdict"] == "skipped"


def _answer(server):
    server.settimeout(10)
    visitor, _ = server.accept()
    with visitor:
        visitor.recv(100)
        visitor.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
