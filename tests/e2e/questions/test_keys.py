"""Private keys that need a passphrase, pasted keys, and keys that an agent holds."""

import asyncssh

from tests.helpers.account import an_agent, key_pair
from tests.helpers.waiting import until

PASSPHRASE = "sesame open up"
WRONG = "barley open up"


def public(path):
    return asyncssh.read_public_key(path.with_name(path.name + ".pub"))


def connect(laptop, *words, answers=(), env=None):
    """Connect at a terminal, answering each question that is shown; return the terminal."""
    with laptop.at_terminal("connect", "gpu", "--no-browser", *words, env=env) as terminal:
        for question, answer in answers:
            terminal.expect(question)
            terminal.expect("Passphrase: ")
            terminal.type(answer)
        assert terminal.end() == 0, terminal.text
    return terminal


def test_a_passphrase(laptop, account, tmp_path, written):
    """It is asked for the key that the server takes, again after a wrong one, and then remembered."""
    other, key = (key_pair(tmp_path / name, PASSPHRASE) for name in ("other", "key"))
    gpu = account(
        keys=[public(key)], extra=[f"IdentityFile {other}", f"IdentityFile {key}", "IdentitiesOnly yes"]
    )
    label = f"Passphrase for the key {key}"
    terminal = connect(laptop, answers=[(label, WRONG), ("The last one was wrong.", PASSPHRASE)])
    assert f"Passphrase for the key {other}" not in terminal.text
    for secret in (PASSPHRASE, WRONG):
        assert secret not in terminal.shown
        assert written(secret) == []
    assert gpu.drop() == 1
    until(lambda: len(gpu.server.logins) == 2, "the next login")
    assert laptop.wait_for("gpu", "ready")["prompt"] is None


def test_another_key_than_the_configuration_names(laptop, account, tmp_path):
    """``--identity`` is tried at once, also when the session waits for a password already."""
    key = key_pair(tmp_path / "key", PASSPHRASE)
    gpu = account(password="never typed", keys=[public(key)])
    assert laptop.connect("gpu", code=5)["context"]["prompt_kind"] == "password"
    terminal = connect(
        laptop, "--identity", str(key), answers=[(f"Passphrase for the key {key}", PASSPHRASE)]
    )
    assert "Password" not in terminal.text
    assert "password" not in gpu.server.attempts


def test_a_pasted_key(laptop, account, tmp_path, written):
    """It is not shown, is asked for its passphrase, serves later connections, and is never on a disk."""
    key = key_pair(tmp_path / "key", PASSPHRASE)
    text = key.read_text()
    gpu = account(keys=[public(key)])
    with laptop.at_terminal("connect", "gpu", "--no-browser", "--paste-key") as terminal:
        terminal.expect("Paste the private key")
        terminal.await_silence()
        terminal.type(text)
        terminal.expect("Passphrase for the key that was pasted")
        terminal.expect("Passphrase: ")
        terminal.type(PASSPHRASE)
        assert terminal.end() == 0
    assert gpu.drop() == 1
    until(lambda: len(gpu.server.logins) == 2, "the next login")
    laptop.wait_for("gpu", "ready")
    for line in text.splitlines()[1:-1]:
        assert line not in terminal.shown
        assert written(line) == []
    assert written(PASSPHRASE) == []


def test_a_key_on_standard_input(laptop, account, tmp_path):
    """A script pipes it in; without a passphrase nothing is asked."""
    key = key_pair(tmp_path / "key")
    account(keys=[public(key)])
    session = laptop.json("connect", "gpu", "--paste-key", "--no-browser", stdin=key.read_text())
    assert session["state"] == "ready"
    refused = laptop.run("connect", "gpu", "--paste-key", "--no-browser", stdin="")
    assert refused.code == 2
    assert "standard input is empty" in refused.err


def test_the_agent_of_the_terminal(laptop, account, tmp_path):
    """The daemon uses the agent of whoever runs the command, not the one it was started with."""
    key = key_pair(tmp_path / "key", PASSPHRASE)
    gpu = account(keys=[public(key)], agent=True)
    assert laptop.connect("gpu", code=1)["kind"] == "auth_failed"
    with an_agent(tmp_path / "first", key, PASSPHRASE) as socket:
        terminal = connect(laptop, env={"SSH_AUTH_SOCK": str(socket)})
        assert "Passphrase" not in terminal.text
    # The user has logged out, and the agent is gone; at the next login there is another one.
    gpu.drop()
    blocked = laptop.wait_for("gpu", "blocked")
    assert "the agent does not answer" in blocked["error"]["message"]
    with an_agent(tmp_path / "second", key, PASSPHRASE) as socket:
        connect(laptop, env={"SSH_AUTH_SOCK": str(socket)})
        assert laptop.session("gpu")["url"] == blocked["url"]


def test_an_agent_that_the_configuration_names(laptop, account, tmp_path):
    """IdentityAgent wins over the terminal's agent."""
    key = key_pair(tmp_path / "key")
    with an_agent(tmp_path / "named", key) as named, an_agent(tmp_path / "other") as other:
        account(keys=[public(key)], extra=[f"IdentityAgent {named}"])
        connect(laptop, env={"SSH_AUTH_SOCK": str(other)})
