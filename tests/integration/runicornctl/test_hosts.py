"""``hosts``: saved hosts and host keys, against a daemon on a real socket."""

import json

import pytest

from runicornd.protocol import models
from tests.fakes.daemon import FINGERPRINT

OTHER = "SHA256:otherotherotherotherotherotherotherotherother"


def shows(daemon, verdict, known=()):
    """Let the server show a key that counts as this."""
    daemon.handlers["hosts.check"] = lambda params: models.HostCheckResult(
        params["target"], "ada@gpu.lab:22", verdict, models.HostKey("ED25519", FINGERPRINT), list(known)
    )
    daemon.handlers["hosts.trust"] = lambda _params: models.Done()


def test_a_host_is_saved_with_an_absolute_key(ctl, daemon):
    """The daemon gets name, address and the key's full path."""
    daemon.handlers["hosts.save"] = lambda _params: models.Done()
    assert ctl.run("hosts", "add", "gpu", "ada@gpu.lab:2222", "-i", "~/id").code == 0
    assert daemon.asked("hosts.save") == [
        {"name": "gpu", "address": "ada@gpu.lab:2222", "identity_file": str(ctl.home / "id")}
    ]


def test_a_host_is_removed(ctl, daemon):
    """It is forgotten by name."""
    daemon.handlers["hosts.forget"] = lambda _params: models.Done()
    assert ctl.run("hosts", "remove", "gpu").out == "Forgot gpu.\n"


def test_the_list_has_saved_hosts_and_aliases(ctl, daemon):
    """Where each comes from, and in JSON all of it."""
    saved = [models.SavedHost("gpu", "ada@gpu.lab", "/k")]
    link = models.HostState("alias1", "x@y:22", "up", 0.0)
    daemon.handlers["hosts.list"] = lambda _params: models.HostsResult(saved, ["alias1"], [link])
    rows = [line.split() for line in ctl.run("hosts", "list").out.splitlines()]
    assert rows[1:] == [
        ["gpu", "ada@gpu.lab", "saved", "-", "/k"],
        ["alias1", "-", "ssh", "config", "up", "-"],
    ]
    assert json.loads(ctl.run("hosts", "list", "--json").out)["aliases"] == ["alias1"]


def test_check_shows_both_keys(ctl, daemon):
    """What the server shows and what is known, with the verdict."""
    shows(daemon, "changed", [models.HostKey("ED25519", OTHER, "/home/ada/.ssh/known_hosts")])
    out = ctl.run("hosts", "check", "gpu").out
    for text in ("changed", FINGERPRINT, OTHER, "/home/ada/.ssh/known_hosts"):
        assert text in out


def test_trust_asks_with_the_fingerprint(ctl, daemon):
    """After 'yes' exactly that key is trusted."""
    shows(daemon, "unknown")
    with ctl.at_terminal("hosts", "trust", "gpu") as terminal:
        terminal.expect("[yes/no]: ")
        assert FINGERPRINT in terminal.shown
        terminal.type("yes")
        assert terminal.end() == 0
    assert daemon.asked("hosts.trust") == [{"target": "gpu", "fingerprint": FINGERPRINT}]


@pytest.mark.parametrize("key", [b"no\r", b"\x04"])
def test_trust_takes_no_for_an_answer(ctl, daemon, key):
    """Nothing is trusted after 'no' or the end of input."""
    shows(daemon, "unknown")
    with ctl.at_terminal("hosts", "trust", "gpu") as terminal:
        terminal.expect("[yes/no]: ")
        terminal.press(key)
        assert terminal.end() == 1
    assert not daemon.asked("hosts.trust")


def test_trust_without_a_terminal_needs_the_fingerprint(ctl, daemon):
    """Exit 5 names the fingerprint to compare; with it nothing is asked."""
    shows(daemon, "unknown")
    done = ctl.run("hosts", "trust", "gpu")
    assert done.code == 5
    assert f"--fingerprint {FINGERPRINT}" in done.err
    assert ctl.run("hosts", "trust", "gpu", "--fingerprint", FINGERPRINT).code == 0


@pytest.mark.parametrize(
    ("verdict", "words", "kind"),
    [
        ("unknown", ["--fingerprint", OTHER], "host_key_changed"),
        ("trusted", ["--fingerprint", OTHER], "host_key_changed"),
        ("changed", ["--fingerprint", OTHER], "host_key_changed"),
        ("revoked", ["--fingerprint", FINGERPRINT], "host_key_revoked"),
    ],
)
def test_what_must_not_be_trusted_is_not(ctl, daemon, verdict, words, kind):
    """Another fingerprint than expected, a revoked key."""
    shows(daemon, verdict, [models.HostKey("ED25519", OTHER)])
    done = ctl.run("hosts", "trust", "gpu", *words, "--json")
    assert done.code == 1
    assert json.loads(done.out)["error"]["kind"] == kind
    assert not daemon.asked("hosts.trust")


def test_a_changed_key_is_trusted_with_both_in_sight(ctl, daemon):
    """The question shows the new and the known key; a line of the user's own that stays is named."""
    shows(daemon, "changed", [models.HostKey("ED25519", OTHER, "/home/ada/.ssh/known_hosts:3")])
    with ctl.at_terminal("hosts", "trust", "gpu") as terminal:
        terminal.expect(FINGERPRINT)
        terminal.expect(f"{OTHER}  /home/ada/.ssh/known_hosts:3")
        terminal.expect("[yes/no]: ")
        terminal.type("yes")
        assert terminal.end() == 0
    assert "/home/ada/.ssh/known_hosts:3 still lists the old key" in terminal.shown
    assert ctl.run("hosts", "trust", "gpu", "--fingerprint", FINGERPRINT).code == 0
    assert len(daemon.asked("hosts.trust")) == 2


def test_untrust_names_files_of_the_user(ctl, daemon):
    """What was removed, and where else the host is listed."""
    key = models.HostKey("ED25519", FINGERPRINT)
    daemon.handlers["hosts.untrust"] = lambda _params: models.UntrustResult(
        [key], ["/home/ada/.ssh/known_hosts"]
    )
    done = ctl.run("hosts", "untrust", "gpu")
    assert FINGERPRINT in done.out
    assert "ssh-keygen -R" in done.err
