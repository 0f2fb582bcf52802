"""What is wrong before anything runs on the server, each once through the real ``runicornctl connect``."""

import itertools
import json
import socket

import asyncssh
import pytest

from tests.helpers.background import in_background
from tests.helpers.embedded import USER, EmbeddedServer, raw_server, says
from tests.helpers.faults import Traces, refused

_numbers = itertools.count(1)
LIMIT_S = 5.0  # with a ConnectTimeout of 1 s


@pytest.fixture
def host(laptop, tmp_path):
    """Enters a host into the OpenSSH configuration; returns its alias."""

    def host(port, *lines, known=None):
        alias = f"host{next(_numbers)}"
        own = [
            "HostName 127.0.0.1",
            f"Port {port}",
            f"User {USER}",
            "IdentitiesOnly yes",
            "IdentityAgent none",
            "ConnectTimeout 1",
            f"UserKnownHostsFile {known or tmp_path / 'known_hosts'}",
            "GlobalKnownHostsFile none",
        ]
        with laptop.ssh_config.open("a") as config:
            config.write(f"Host {alias}\n" + "".join(f"  {line}\n" for line in [*lines, *own]))
        return alias

    return host


@pytest.fixture
def fails(laptop):
    """Connects, which has to fail soon and to leave nothing on this machine."""

    def fails(target, *options, code=1):
        before = Traces(laptop)
        refusal = refused(laptop, "connect", target, "--no-browser", *options, code=code)
        assert refusal.took_s < LIMIT_S
        before.nothing_added()
        return refusal

    return fails


@pytest.fixture
def gives_up(laptop):
    """Connects at a terminal, answers what is asked, and returns what was shown when it failed."""

    def gives_up(target, *answers):
        before = Traces(laptop)
        with laptop.at_terminal("connect", target, "--no-browser", env={"NO_COLOR": "1"}) as terminal:
            for expected, answer in answers:
                terminal.expect(expected)
                terminal.type(answer)
            assert terminal.end() == 1
        before.nothing_added()
        assert json.loads(laptop.run("rpc", "prompts.list").out)["prompts"] == []
        return terminal.shown.replace("\r\n", "\n")

    return gives_up


@pytest.fixture
def a_key(tmp_path):
    """Makes a private key; returns its path."""

    def a_key(name, passphrase=None):
        path = tmp_path / name
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(path, passphrase=passphrase)
        path.chmod(0o600)
        return path

    return a_key


def known(server, path):
    path.write_text(server.known_hosts_line + "\n")
    return path


# The way there


def test_an_unknown_host_name(fails, laptop):
    """The name is told, and what may be wrong with it."""
    with laptop.ssh_config.open("a") as config:
        config.write("Host *.invalid\n  ConnectTimeout 2\n")
    refusal = fails("ada@no-such-host.invalid")
    assert refusal.kind == "host_unreachable"
    assert "there is no host named 'no-such-host.invalid'" in refusal.message
    assert refusal.hint == "check the spelling, and the VPN or network that knows the name"


def test_a_closed_port(fails, host):
    """Nothing listens there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        refusal = fails(host(port))
    assert refusal.kind == "host_unreachable"
    assert refusal.message == (
        f"cannot reach {USER}@127.0.0.1:{port}: nothing listens on port {port} (connection refused)"
    )
    assert refusal.hint == "check the port, and that the SSH server runs"


def test_a_silent_port(fails, host):
    """The wait is the one that OpenSSH's configuration sets."""
    with in_background(raw_server(says(b""))) as port:
        refusal = fails(host(port))
    assert refusal.kind == "host_unreachable"
    assert refusal.message.endswith("the port is open, but nothing was said within 1 s")
    assert "SSH server" in refusal.hint


def test_a_server_that_is_no_ssh_server(fails, host):
    """What it says is quoted."""
    with in_background(raw_server(says(b"HTTP/1.1 400 Bad \x1b[31mRequest\r\n\r\n"))) as port:
        refusal = fails(host(port))
    assert refusal.kind == "not_ssh"
    assert "is no SSH server; it says 'HTTP/1.1 400 Bad" in refusal.message
    assert "\x1b" not in refusal.shown
    assert refusal.hint == "check the port: the SSH server listens on another one"


def test_only_sha1(fails, host, a_key):
    """What the server offers, and why that will not do."""
    server = EmbeddedServer(password="x", options={"kex_algs": ["diffie-hellman-group14-sha1"]})
    with in_background(server):
        refusal = fails(host(server.port, f"IdentityFile {a_key('id')}"))
    assert refusal.kind == "no_common_algorithm", refusal.message
    assert "for the key exchange it offers only diffie-hellman-group14-sha1" in refusal.message
    assert "bring the server's SSH software up to date" in refusal.hint


# Logging in


def test_a_wrong_password(gives_up, host, tmp_path):
    """It is asked for three times and no more."""
    with in_background(EmbeddedServer(password="sesame")) as server:
        target = host(server.port, known=known(server, tmp_path / "known"))
        shown = gives_up(target, *[("Password: ", word) for word in ("one", "two", "three")])
        assert server.attempts == ["password"] * 3
    assert f"error: cannot log in to {USER}@127.0.0.1:{server.port}: it refused password" in shown
    assert "The last one was refused." in shown
    assert "hint:  check the user name and the password, or set up a key with 'ssh-copy-id'" in shown
    assert "sesame" not in shown


def test_a_password_that_nobody_is_there_to_give(laptop, host, tmp_path):
    """The session waits and says for what; stopping it leaves nothing."""
    before = Traces(laptop)
    with in_background(EmbeddedServer(password="sesame")) as server:
        target = host(server.port, known=known(server, tmp_path / "known"))
        refusal = refused(laptop, "connect", target, "--no-browser", code=5)
        assert laptop.run("stop", target, "--forget").code == 0
    assert refusal.kind == "needs_input"
    assert refusal.message.startswith(f"cannot go on: {target} waits for a password: Password for {USER}@")
    assert refusal.hint == f"answer it in a terminal with: runicornctl connect {target}"
    assert refusal.took_s < LIMIT_S
    before.nothing_added()


def test_a_wrong_passphrase(gives_up, make_far, host, a_key, tmp_path):
    """It is asked for three times, then the key is the error."""
    far = make_far()
    key = a_key("locked", "sesame")
    public = asyncssh.read_private_key(key, "sesame").export_public_key().decode()
    with far.server.authorized_keys.open("a") as file:
        file.write(public)
    key.with_suffix(".pub").write_text(public)
    target = host(
        far.server.port, f"User {far.server.user}", f"IdentityFile {key}", known=far.server.known_hosts
    )
    shown = gives_up(target, *[("Passphrase: ", word) for word in ("one", "two", "three")])
    assert "error: cannot use the key" in shown
    assert "the passphrase is wrong" in shown
    assert "hint:  " in shown
    assert not far.server.processes()


def test_a_key_that_is_missing(fails, far):
    """Its path is told."""
    refusal = fails(far.alias, "--identity", "/no/such/key")
    assert refusal.kind == "key_unusable"
    assert refusal.message.startswith("cannot use the key /no/such/key: there is no such file")
    assert refusal.hint


def test_a_key_that_cannot_be_read(fails, far, tmp_path):
    """A folder in its place is none, for root as well."""
    refusal = fails(far.alias, "--identity", str(tmp_path))
    assert refusal.kind == "key_unusable"
    assert refusal.message.startswith(f"cannot use the key {tmp_path}: it is not readable")
    assert refusal.hint


def test_a_public_key_instead_of_the_private_one(fails, far):
    """The private one beside it is named."""
    key = far.server.client_key
    refusal = fails(far.alias, "--identity", str(key.with_suffix(".pub")))
    assert refusal.kind == "key_unusable"
    assert "public key" in refusal.message
    assert refusal.hint == f"name the private key, probably {key}"


def test_all_methods_are_refused(fails, far, host, a_key):
    """What was tried, and what the server allows."""
    key = a_key("stranger")
    server = far.server
    target = host(server.port, f"User {server.user}", f"IdentityFile {key}", known=server.known_hosts)
    refusal = fails(target)
    assert refusal.kind == "auth_failed"
    assert refusal.message == (
        f"cannot log in to {server.user}@127.0.0.1:{server.port}: it refused key {key}; it allows publickey"
    )
    assert f"'ssh-copy-id {target}'" in refusal.hint
    assert not server.processes()


# Host keys


def test_an_unknown_host_key_that_is_not_trusted(gives_up, far, host, laptop):
    """The fingerprint is shown; after a no nothing is remembered."""
    server = far.server
    target = host(server.port, f"User {server.user}", f"IdentityFile {server.client_key}")
    shown = gives_up(target, ("[yes/no]: ", "no"))
    fingerprint = asyncssh.read_public_key(server.host_key.with_suffix(".pub")).get_fingerprint()
    assert shown.count(fingerprint) >= 2
    assert "is not trusted" in shown
    assert f"run 'runicornctl hosts trust {target}'" in shown
    assert not (laptop.state / "known_hosts").exists()
    assert "Accepted" not in server.log.read_text()


def test_an_unknown_host_key_with_nobody_there(far, host, laptop):
    """The fingerprint is in the error, and how to answer."""
    before = far.traces()
    server = far.server
    target = host(server.port, f"User {server.user}", f"IdentityFile {server.client_key}")
    refusal = refused(laptop, "connect", target, "--no-browser", code=5)
    assert refusal.kind == "needs_input"
    assert refusal.context["prompt_kind"] == "host_key"
    assert "SHA256:" in refusal.message
    assert refusal.hint == f"answer it in a terminal with: runicornctl connect {target}"
    assert laptop.run("stop", target, "--forget").code == 0
    before.nothing_added()


def test_a_changed_host_key(fails, far, host, tmp_path):
    """Both fingerprints and the file are told; nobody is asked, nothing logs in."""
    server = far.server
    other = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "known"
    path.write_text(f"[127.0.0.1]:{server.port} {other.export_public_key().decode()}")
    target = host(server.port, f"User {server.user}", f"IdentityFile {server.client_key}", known=path)
    refusal = fails(target)
    shown = asyncssh.read_public_key(server.host_key.with_suffix(".pub")).get_fingerprint()
    assert refusal.kind == "host_key_changed"
    assert shown in refusal.message
    assert other.get_fingerprint() in refusal.message
    assert f"{path}:1" in refusal.message
    assert f"runicornctl hosts trust {target}" in refusal.hint
    assert "Accepted" not in server.log.read_text()


def test_known_hosts_that_cannot_be_read(fails, far, host, tmp_path):
    """It is never taken for an empty one."""
    server = far.server
    target = host(server.port, f"User {server.user}", f"IdentityFile {server.client_key}", known=tmp_path)
    refusal = fails(target)
    assert refusal.kind == "known_hosts_unreadable"
    assert str(tmp_path) in refusal.message
    assert refusal.hint
    assert "Accepted" not in server.log.read_text()


# Targets


@pytest.mark.parametrize(
    "target",
    [
        "two words",
        "$(touch owned)",
        "`id`",
        "gpu;id",
        "gpu\nserver",
        "gpu\x1b[31m",
        "user@",
        "gpu:99999",
        "gpu:0",
        "[gpu]:22",
        "a'b",
        "x" * 400,
    ],
)
def test_odd_targets(fails, target):
    """They are refused before anything runs, and shown so that no terminal is steered."""
    refusal = fails(target)
    assert refusal.kind == "invalid_target"
    assert refusal.message.startswith("cannot use the target ")
    assert "alias of your SSH configuration" in refusal.hint
    assert "\x1b" not in refusal.shown


def test_an_empty_target(fails):
    """Such as ``connect "$HOST"`` where the variable is not set."""
    refusal = fails("", code=2)
    assert refusal.kind == "usage"
    assert refusal.message == "Invalid value for 'TARGET': it is empty"


def test_a_target_that_looks_like_an_option(laptop, fails):
    """Before ``--`` it is a usage error, after it an impossible target."""
    assert fails("-oProxyCommand=id", code=2).kind == "usage"
    done = laptop.run("connect", "--no-browser", "--", "-oProxyCommand=id")
    assert done.code == 1
    assert "it starts with a dash" in done.err


def test_a_target_that_is_not_utf8(fails):
    """It is told as what it is."""
    refusal = fails(b"caf\xe9", code=2)
    assert refusal.kind == "invalid_params"
    assert "UTF-8" in refusal.message


def test_a_target_in_another_script(fails, laptop):
    """Letters of every script are letters; that there is no such host is another matter."""
    with laptop.ssh_config.open("a") as config:
        config.write("Host größe-模型\n  HostName 127.0.0.1\n  Port 1\n")
    refusal = fails("größe-模型")
    assert refusal.kind == "host_unreachable"
    assert "127.0.0.1:1" in refusal.message
