"""Servers that are not as one would wish: odd login shells, noise, no Python, Windows."""

import os
import subprocess
from pathlib import Path

import asyncssh
import pytest

from tests.helpers.background import in_background
from tests.helpers.embedded import USER, EmbeddedServer
from tests.helpers.faults import Traces, refused
from tests.helpers.laptop import fetch
from tests.helpers.standin import system_python

MEGABYTE = "head -c 1000000 /dev/zero | tr '\\0' x; echo"
FORCED = 'ForceCommand {before}; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'


@pytest.mark.parametrize("shell", ["/usr/bin/fish", "/bin/tcsh", "/bin/bash", "/bin/dash"])
def test_login_shells(make_account, shell):
    """Whatever the account's login shell is, its viewer opens."""
    far = make_account(shell)
    far.viewer(python=system_python())
    session = far.connect("--env", "train")
    assert fetch(session["url"] + "/api/health")[0] == 200
    far.forget()


def test_a_login_shell_that_prints_a_banner(make_account):
    """What start-up files print, before and without a line's end, is passed over."""
    far = make_account("/bin/bash")
    far.viewer(python=system_python())
    # bash reads this file for the commands that sshd runs.
    (far.home.path / ".bashrc").write_text(
        "echo WELCOME TO THE CLUSTER; echo be nice >&2; printf 'no end: '\n"
    )
    assert far.connect("--env", "train")["state"] == "ready"
    far.forget()


def test_a_login_shell_that_is_none(make_account):
    """An account that may not log in says why in its own words."""
    far = make_account("/usr/sbin/nologin")
    refusal = far.refused()
    assert refusal.kind == "agent_failed"
    assert "This account is currently not available" in refusal.message
    assert "ssh" in refusal.hint


@pytest.mark.parametrize("before", ["echo WELCOME; printf 'no end of line: '", MEGABYTE, f"({MEGABYTE}) >&2"])
def test_noise_before_the_agent(make_far, before):
    """A banner, a megabyte of it, and a megabyte of complaints are passed over."""
    far = make_far(lines=[FORCED.format(before=before)])
    far.viewer()
    assert far.connect("--env", "train")["state"] == "ready"
    far.forget()


def test_noise_without_an_end(make_far):
    """Too much of it is an error that shows what it is."""
    far = make_far(lines=[FORCED.format(before="yes WELCOME")])
    refusal = far.refused()
    assert refusal.kind == "agent_failed"
    assert refusal.message.startswith("cannot start the agent: the server sent too much before it")
    assert 1 <= refusal.message.count("WELCOME") < 10
    assert refusal.took_s < 15
    assert "prints nothing" in refusal.hint


def test_a_server_that_runs_another_command(make_far):
    """Such as a menu, or git only: what it said is in the error."""
    far = make_far(lines=["ForceCommand echo only git is served here; exit 3"])
    refusal = far.refused()
    assert refusal.kind == "agent_failed"
    assert refusal.message == (
        "cannot start the agent: the command ended with status 3; the server said: only git is served here"
    )
    assert "/bin/sh -c true" in refusal.hint


def test_a_server_that_stays_silent(make_far):
    """Whoever does not want to wait is told what it is busy with, and can end it without a trace."""
    far = make_far(lines=["ForceCommand cat > /dev/null"])
    before = far.traces()
    refusal = refused(far.laptop, "connect", far.alias, "--no-browser", "--timeout", "0.5", code=6)
    assert refusal.kind == "timed_out"
    assert "it is still looking for environments" in refusal.message
    assert f"runicornctl status {far.alias}" in refusal.hint
    far.forget()
    before.nothing_added()


def pythons():
    """The interpreters of this machine that can be found outside of a home."""
    patterns = ["usr/bin/python*", "bin/python*", "usr/local/bin/python*", "opt/*/bin/python*"]
    patterns += ["usr/local/*/bin/python*", "usr/libexec/platform-python"]
    found = {path.resolve() for pattern in patterns for path in Path("/").glob(pattern)}
    return sorted(str(path) for path in found if os.access(path, os.X_OK) and not path.is_dir())


def no_python(far):
    refusal = far.refused()
    assert refusal.kind == "no_python"
    assert refusal.message == "cannot start the agent: no Python 3.6 or later was found on the server"
    assert "install python3 there" in refusal.hint


def test_no_python(make_far):
    """A server without any."""
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("hiding the Pythons of this machine from one process is not permitted here")
    hide = "".join(f"mount --bind /dev/null {path} && " for path in pythons())
    no_python(make_far(wrapper=["unshare", "--mount", "sh", "-c", f'{hide} exec "$@"', "sh"]))


def test_no_python_that_can_be_started(make_far):
    """A server on which every Python fails: here for want of memory."""
    no_python(make_far(lines=[FORCED.format(before="ulimit -v 9000")]))


WINDOWS = {
    "cmd": b"""'exec' is not recognized as an internal or external command,\r
operable program or batch file.\r
""",
    "PowerShell": b"""exec : The term 'exec' is not recognized as the name of a cmdlet or of a script file\r
    + FullyQualifiedErrorId : CommandNotFoundException\r
""",
    "German-cmd": 'Der Befehl "exec" ist entweder falsch geschrieben oder\r\n'.encode("cp850"),
}


@pytest.mark.parametrize("shell", WINDOWS)
def test_windows(laptop, tmp_path, shell):
    """It is told what is supported."""

    def answer(command):
        if command == "cmd /c ver":
            return b"\r\nMicrosoft Windows [Version 10.0.20348.2113]\r\n", b"", 0
        return b"", WINDOWS[shell], 1

    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o600)
    alias = f"windows-{shell}"
    with in_background(EmbeddedServer(keys=[key], answer=answer)) as server:
        (tmp_path / "known_hosts").write_text(server.known_hosts_line)
        with laptop.ssh_config.open("a") as config:
            config.write(
                f"Host {alias}\n  HostName 127.0.0.1\n  Port {server.port}\n  User {USER}\n"
                f"  IdentityFile {tmp_path / 'key'}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
                f"  UserKnownHostsFile {tmp_path / 'known_hosts'}\n"
            )
        before = Traces(laptop)
        refusal = refused(laptop, "connect", alias, "--no-browser")
        before.nothing_added()
    assert refusal.kind == "remote_unsupported"
    assert refusal.message == "cannot start the agent: the server runs Windows"
    assert "WSL" in refusal.hint
