"""First contact with a server, and a server whose host key has changed."""

from tests.helpers.waiting import until

SECRET = "correct horse battery"


def test_first_contact(laptop, account):
    """The question shows the fingerprint; "no" trusts nothing, "yes" connects, and it is asked only once."""
    gpu = account(trusted=False, password=SECRET)
    fingerprint = gpu.fingerprint

    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect(fingerprint)
        terminal.expect("[yes/no]: ")
        terminal.type("no")
        assert terminal.end() == 1
    assert f"error: cannot connect to {gpu.address}: its host key" in terminal.text
    assert "runicornctl hosts trust gpu" in terminal.text
    assert laptop.json("hosts", "check", "gpu")["verdict"] == "unknown"
    assert gpu.server.attempts == []

    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("[yes/no]: ")
        terminal.type("yes")
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert laptop.json("hosts", "check", "gpu")["verdict"] == "trusted"

    laptop.json("stop", "gpu", "--forget")
    laptop.stop_daemon()
    laptop.start_daemon()
    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert fingerprint not in terminal.shown


def test_nobody_there_to_confirm(laptop, account):
    """Without a terminal: exit 5 and what it waits for; a later connect at a terminal goes on with it."""
    gpu = account(trusted=False, password=SECRET)
    error = laptop.connect("gpu", code=5)
    assert error["kind"] == "needs_input"
    assert "whether to trust the host key" in error["message"]
    assert gpu.fingerprint in error["message"]
    assert "runicornctl connect gpu" in error["hint"]

    status = laptop.json("status")
    (prompt,) = status["prompts"]
    assert (prompt["kind"], prompt["target"]) == ("host_key", "gpu")
    assert [each["prompt"] for each in (*status["sessions"], *status["hosts"])] == [prompt["id"]] * 2
    shown = laptop.run("status").out
    assert gpu.fingerprint in shown
    assert "answer with: runicornctl connect gpu" in shown

    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect(gpu.fingerprint)
        terminal.expect("[yes/no]: ")
        terminal.type("yes")
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    assert laptop.session("gpu")["state"] == "ready"
    assert laptop.json("status")["prompts"] == []


def test_trusting_answers_the_question(laptop, account):
    """A script that trusts the expected fingerprint lets the waiting session go on by itself."""
    gpu = account(trusted=False, rounds=())
    gpu.server.password = SECRET
    laptop.connect("gpu", code=5)
    wrong = laptop.run("hosts", "trust", "gpu", "--fingerprint", "SHA256:" + "A" * 43)
    assert wrong.code == 1
    assert laptop.run("hosts", "trust", "gpu").code == 5
    laptop.json("hosts", "trust", "gpu", "--fingerprint", gpu.fingerprint)
    waits = until(lambda: laptop.json("status")["prompts"])
    assert [prompt["kind"] for prompt in waits] == ["password"]
    removed = laptop.json("hosts", "untrust", "gpu")["removed"]
    assert [key["fingerprint"] for key in removed] == [gpu.fingerprint]
    assert laptop.json("hosts", "check", "gpu")["verdict"] == "unknown"


def test_a_changed_key(laptop, account):
    """It is refused with both fingerprints, before any secret and only once; trusted, it goes on."""
    gpu = account(password=SECRET)
    before = gpu.fingerprint
    with laptop.at_terminal("connect", "gpu", "--no-browser") as terminal:
        terminal.expect("Password: ")
        terminal.type(SECRET)
        assert terminal.end() == 0
    url = laptop.session("gpu")["url"]
    gpu.server.attempts.clear()

    gpu.change_key()
    now = gpu.fingerprint
    session = laptop.wait_for("gpu", "blocked")
    assert session["error"]["kind"] == "host_key_changed"
    assert before in session["error"]["message"]
    assert now in session["error"]["message"]
    seen = gpu.server.connections
    refused = laptop.connect("gpu", code=1)
    assert refused["kind"] == "host_key_changed"
    assert (gpu.server.connections, gpu.server.attempts) == (seen + 1, [])

    with laptop.at_terminal("hosts", "trust", "gpu") as terminal:
        terminal.expect(now)
        terminal.expect(before)
        terminal.expect("[yes/no]: ")
        terminal.type("yes")
        assert terminal.end() == 0
    assert f"{gpu.known_hosts}:1 still lists the old key" in terminal.text
    after = laptop.wait_for("gpu", "ready")
    assert after["url"] == url
