"""``runicornctl doctor TARGET`` against real OpenSSH servers, whole and broken."""

import contextlib
import os
import socket
import sys

import pytest

from tests.helpers.clocked_daemon import Clock
from tests.helpers.laptop import Laptop
from tests.helpers.runicorn_env import MadeUpHome
from tests.helpers.standin import stand_in, system_python

WAY = ("configuration", "agent", "dns", "tcp", "banner", "algorithms", "host_key")
FAR = ("shell", "python", "environments", "root", "home", "unix_sockets", "forwarding", "disk", "clock")
RELAY = """import os, select, socket, sys
way = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
while True:
    ready = select.select([0, way], [], [])[0]
    data = os.read(0, 65536) if 0 in ready else way.recv(65536)
    if not data:
        break
    way.sendall(data) if 0 in ready else os.write(1, data)
"""
FORCED = 'ForceCommand {before}exec {shell} -c "$SSH_ORIGINAL_COMMAND"'


def verdicts(checks):
    return {name: check["verdict"] for name, check in checks.items()}


def assert_stops_at(checks, name):
    """The check has failed with a next step; nothing behind it was looked at, all before it is well."""
    assert checks[name]["verdict"] == "failure", checks
    assert checks[name]["hint"]
    order = (*WAY, "login", *FAR, "latency")
    before, after = order[: order.index(name)], order[order.index(name) + 1 :]
    assert {checks[each]["verdict"] for each in before} <= {"ok", "warning"}
    assert {checks[each]["verdict"] for each in after if each != "agent"} <= {"skipped"}
    assert f"'{checks[name]['title']}' failed" in checks["clock"]["finding"]
    return checks[name]


@contextlib.contextmanager
def listening():
    """A port where somebody may answer in a way of the test's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def point(laptop, port, *lines):
    """Know a server by the alias ``odd`` that is not of OpenSSH."""
    rest = "".join(f"  {line}\n" for line in lines)
    laptop.ssh_config.write_text(f"Host odd\n  HostName 127.0.0.1\n  Port {port}\n  ConnectTimeout 1\n{rest}")


def test_a_healthy_server_is_looked_at_from_end_to_end(server, home, laptop, examine):
    """Every check is made, in order, and all is well."""
    stand_in(server.home, "envs/train", python=system_python())
    checks = examine("gpu")
    assert list(checks) == [*WAY, "login", *FAR, "latency", "local_ports"]
    assert set(verdicts(checks).values()) == {"ok"}, checks
    assert str(server.port) in checks["configuration"]["finding"]
    assert "alias gpu of" in checks["configuration"]["finding"]
    assert checks["banner"]["finding"].startswith("SSH-2.0-OpenSSH")
    assert checks["root"]["context"]["path"] == str(server.home / "RunicornData")
    assert "train" in checks["environments"]["finding"]
    assert laptop.json("status")["prompts"] == []


def test_what_it_says_to_a_person(server, home, laptop):
    """Without a terminal each check is one plain line, in the order in which they are made."""
    done = laptop.run("doctor", "gpu")
    lines = done.out.splitlines()
    assert lines[0].startswith("✓ Configuration   ")
    assert any(line.startswith("✓ Host key        ssh-ed25519 SHA256:") for line in lines)
    assert "\x1b" not in done.out
    assert done.code == 0


def test_at_a_terminal_the_lines_come_one_after_the_other(server, home, laptop):
    """The check that is being made is shown, and replaced by what it found."""
    with laptop.at_terminal("doctor", "gpu") as terminal:
        terminal.expect("Configuration …")
        terminal.expect("✓\x1b[0m Login")
        terminal.expect("Clock")
        assert terminal.end() == 0
    assert "\r\x1b[2K" in terminal.shown


def test_this_machine_needs_no_ssh(laptop, examine):
    """For ``local`` everything of SSH is skipped, and what comes after it is looked at."""
    checks = examine("local", code=None)
    assert {checks[name]["verdict"] for name in WAY[1:]} == {"skipped"}
    assert checks["unix_sockets"]["verdict"] == "ok", checks
    assert checks["python"]["verdict"] == "ok"


def test_nothing_listens_on_the_port(laptop, examine):
    """A closed port is the network's fault, and everything behind it is not looked at."""
    with listening() as server:
        port = server.getsockname()[1]
    point(laptop, port)
    failed = assert_stops_at(examine("odd", code=1), "tcp")
    assert "connection refused" in failed["finding"]


def test_a_server_that_never_speaks(laptop, examine):
    """An open port without a word is told after the time that the configuration gives it."""
    with listening() as server:
        point(laptop, server.getsockname()[1])
        failed = assert_stops_at(examine("odd", code=1), "banner")
    assert "nothing was said within 1 s" in failed["finding"]


def test_a_name_that_nobody_knows(laptop, examine):
    """DNS is named as what fails."""
    failed = assert_stops_at(examine("no-such-host.invalid", code=1), "dns")
    assert "no-such-host.invalid" in failed["finding"]


def test_a_configuration_that_ssh_refuses(laptop, examine):
    """The words of ssh come first, and nothing else is looked at."""
    laptop.ssh_config.write_text("Host gpu\n  NoSuchOption yes\n")
    failed = assert_stops_at(examine("gpu", code=1), "configuration")
    assert "nosuchoption" in failed["finding"].lower()


def test_options_that_are_not_heeded_are_named(server, home, laptop, examine):
    """An option that ssh heeds and we do not is a warning, not an obstacle."""
    laptop.ssh_config.write_text("")
    laptop.know(server, "gpu", extra=["BindAddress 127.0.0.1"])
    checks = examine("gpu")
    assert checks["configuration"]["verdict"] == "warning"
    assert "bindaddress 127.0.0.1" in checks["configuration"]["finding"]
    assert checks["login"]["verdict"] == "ok"


def test_a_changed_host_key(server, laptop, examine):
    """Both fingerprints are shown, and no login is tried."""
    other = server.client_key.with_suffix(".pub").read_text().split()[1]
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} ssh-ed25519 {other}\n")
    failed = assert_stops_at(examine("gpu", code=1), "host_key")
    assert failed["context"]["kind"] == "host_key_changed"
    assert failed["context"]["shown"]["fingerprint"] in failed["finding"]
    assert failed["context"]["known"][0]["fingerprint"] in failed["finding"]


def test_an_unknown_host_key_is_a_question_that_nobody_answers(server, laptop, examine):
    """Without a person the key is a warning with its fingerprint, and the question is what fails."""
    server.known_hosts.write_text("")
    checks = examine("gpu", code=1)
    assert checks["host_key"]["verdict"] == "warning"
    assert "hosts trust gpu" in checks["host_key"]["hint"]
    failed = assert_stops_at(checks, "login")
    assert failed["context"]["kind"] == "needs_input"
    assert laptop.json("status")["prompts"] == []


def test_an_unknown_host_key_is_asked_once_at_a_terminal(server, home, laptop):
    """The person answers, and the checks go on."""
    server.known_hosts.write_text("")
    with laptop.at_terminal("doctor", "gpu") as terminal:
        terminal.expect("is not known yet")
        terminal.expect("Is it the same?")
        terminal.type("yes")
        assert terminal.end() == 0, terminal.text
    assert terminal.text.count("Is it the same?") == 1


def test_a_key_that_the_server_does_not_know(server, laptop, examine):
    """What was tried and what is allowed is told."""
    server.authorized_keys.write_text("")
    failed = assert_stops_at(examine("gpu", code=1), "login")
    assert failed["context"]["kind"] == "auth_failed"
    assert "ssh-copy-id" in failed["hint"]


@pytest.mark.parametrize(
    ("lines", "unix", "tcp"),
    [
        # With these OpenSSH forwards no Unix sockets either.
        (["AllowTcpForwarding no"], "warning", "failure"),
        (["PermitOpen none"], "warning", "failure"),
        (["AllowStreamLocalForwarding no"], "warning", "ok"),
        (["DisableForwarding yes"], "warning", "failure"),
    ],
)
def test_what_the_server_forbids_to_forward(servers, laptop, examine, lines, unix, tcp):
    """One way to the viewer is enough; without any it is a failure that names the option."""
    gpu = servers("gpu", lines=lines)
    laptop.know(gpu, "gpu")
    MadeUpHome(gpu.home).root()
    checks = examine("gpu", code=1 if tcp == "failure" else 0)
    assert (checks["unix_sockets"]["verdict"], checks["forwarding"]["verdict"]) == (unix, tcp), checks
    if tcp == "failure":
        assert "AllowTcpForwarding yes" in checks["forwarding"]["hint"]
    assert list(gpu.home.glob("probe-*")) == []


@pytest.mark.parametrize("shell", ["/usr/bin/fish", "/bin/tcsh", "/bin/dash"])
def test_every_login_shell_will_do(servers, laptop, examine, shell):
    """A command goes through fish and tcsh as well."""
    gpu = servers("gpu", lines=[FORCED.format(before="", shell=shell)])
    laptop.know(gpu, "gpu")
    MadeUpHome(gpu.home).root()
    checks = examine("gpu")
    assert checks["shell"]["verdict"] == "ok", checks["shell"]
    assert checks["python"]["verdict"] == "ok"


def test_a_login_shell_that_prints_is_quoted(servers, laptop, examine):
    """Noise before our commands is a warning: it is passed over here, and breaks other programs."""
    gpu = servers("gpu", lines=[FORCED.format(before="echo WELCOME; ", shell="/bin/sh")])
    laptop.know(gpu, "gpu")
    MadeUpHome(gpu.home).root()
    checks = examine("gpu")
    assert checks["shell"]["verdict"] == "warning"
    assert "WELCOME" in checks["shell"]["finding"]


def test_an_account_that_runs_no_commands(servers, laptop, examine):
    """What the server says instead is quoted."""
    gpu = servers("gpu", lines=["ForceCommand echo only git is served here; exit 3"])
    laptop.know(gpu, "gpu")
    failed = assert_stops_at(examine("gpu", code=1), "shell")
    assert "only git is served here" in failed["finding"]


def test_a_server_without_python(servers, laptop, examine):
    """Where no Python can be started nothing behind it is looked at."""
    gpu = servers("gpu", lines=[FORCED.format(before="ulimit -v 9000; ", shell="/bin/sh")])
    laptop.know(gpu, "gpu")
    failed = assert_stops_at(examine("gpu", code=1), "python")
    assert failed["context"]["kind"] == "no_python"


def test_a_missing_storage_root(server, laptop, examine):
    """It is a failure that names the folder, what decided it, and how to name another."""
    checks = examine("gpu", code=1)
    assert checks["root"]["verdict"] == "failure"
    assert str(server.home / "RunicornData") in checks["root"]["finding"]
    assert "--root DIR" in checks["root"]["hint"]
    assert checks["environments"]["verdict"] == "warning"
    assert checks["clock"]["verdict"] == "ok"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_storage_root_that_may_only_be_read(server, home, laptop, examine):
    """Viewing works, so it is a warning."""
    (server.home / "RunicornData").chmod(0o500)
    assert examine("gpu")["root"]["verdict"] == "warning"


def test_a_jump_host_is_named(servers, laptop, examine):
    """What can be reached from here is the jump host, and the words say so."""
    jump, gpu = servers("jump"), servers("gpu")
    laptop.know(jump, "jump")
    laptop.know(gpu, "gpu", extra=["ProxyJump jump"])
    MadeUpHome(gpu.home).root()
    checks = examine("gpu")
    assert f":{jump.port}" in checks["tcp"]["finding"]
    assert checks["tcp"]["finding"].startswith("jump host ")
    assert checks["login"]["verdict"] == "ok"


def test_a_proxy_command_makes_the_way(server, home, laptop, examine):
    """The network is its business; the host key and the login are looked at through it."""
    laptop.ssh_config.write_text("")
    relay = laptop.home / "relay.py"
    relay.write_text(RELAY)
    words = f"{sys.executable} {relay} {server.port}"
    laptop.know(server, "gpu", extra=[f"ProxyCommand {words}"])
    checks = examine("gpu")
    assert {checks[name]["verdict"] for name in ("dns", "tcp", "banner", "algorithms")} == {"skipped"}
    assert checks["host_key"]["verdict"] == "ok"
    assert checks["login"]["verdict"] == "ok"


def test_a_session_limit_of_one_is_no_obstacle(servers, laptop, examine):
    """With the agent in the only session the shell is not tried again, and the rest is looked at."""
    gpu = servers("gpu", lines=["MaxSessions 1"])
    laptop.know(gpu, "gpu")
    MadeUpHome(gpu.home).root()
    examine("gpu")
    again = examine("gpu")
    assert again["shell"]["verdict"] == "warning"
    assert again["clock"]["verdict"] == "ok"


def test_a_clock_that_is_wrong(servers, tmp_path):
    """An hour between the two clocks is a warning that says which one is ahead."""
    laptop = Laptop(tmp_path / "clocked")
    clock = Clock(laptop)
    clock.move(wall=3600)
    gpu = servers("gpu")
    with laptop:
        laptop.know(gpu, "gpu")
        MadeUpHome(gpu.home).root()
        checks = {check["name"]: check for check in laptop.json("doctor", "gpu")["checks"]}
    assert checks["clock"]["verdict"] == "warning"
    assert "behind ours" in checks["clock"]["finding"]
    assert abs(checks["clock"]["context"]["seconds"] + 3600) < 5
