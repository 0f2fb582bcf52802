"""First contact with a server, and a server whose host key has changed."""

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
    assert f"error: cannot connect to {gpu.address}" in terminal.shown
    assert "runicornctl hosts trust gpu" in terminal.shown
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
