"""Local ports that are not to be had."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.faults import refused
from tests.helpers.laptop import fetch

FIRST_FREE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
everyone_may = pytest.mark.skipif(
    FIRST_FREE.exists() and int(FIRST_FREE.read_text()) <= 79, reason="here every account may use all ports"
)


@pytest.fixture
def taken():
    """A local port that another program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_an_explicit_port_that_is_taken(far, taken):
    """Nothing is started, and how to find the other program is told."""
    far.viewer()
    refusal = far.refused("--env", "train", "--local-port", str(taken))
    assert refusal.kind == "port_taken"
    assert refusal.message == f"cannot listen on local port {taken}: another program uses it"
    assert str(taken) in refusal.hint
    assert refusal.context["port"] == taken
    assert "Accepted" not in far.server.log.read_text()


def test_an_explicit_port_of_another_session(far):
    """The session is named, and its hint works."""
    far.viewer()
    first = far.connect("--env", "train")
    (far.home.path / "other").mkdir()
    options = ["--root", str(far.home.path / "other"), "--local-port", str(first["local_port"])]
    before = far.traces()
    refusal = refused(far.laptop, "connect", far.alias, "--env", "train", "--no-browser", *options)
    assert refusal.kind == "port_taken"
    assert refusal.message == f"cannot listen on local port {first['local_port']}: {first['id']} has it"
    assert not before.added()
    assert fetch(first["url"] + "/api/health")[0] == 200
    advice = f"runicornctl stop --forget {first['id']}"
    assert advice in refusal.hint
    assert far.laptop.run(*advice.split()[1:]).code == 0
    assert far.connect("--env", "train", *options)["local_port"] == first["local_port"]
    far.forget()


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_what_is_no_port(far, port):
    """It is a usage error."""
    refusal = far.refused(f"--local-port={port}", code=2)
    assert refusal.kind == "usage"
    assert "--local-port" in refusal.message
    assert "--help" in refusal.hint


@everyone_may
@pytest.mark.skipif(os.getuid() == 0, reason="root may listen on every port")
def test_a_port_below_1024(far):
    """An ordinary account may not."""
    far.viewer()
    refusal = far.refused("--env", "train", "--local-port", "79")
    assert refusal.kind == "invalid_params"
    assert refusal.message == "cannot listen on local port 79: this account may not"
    assert refusal.hint == "choose a port of 1024 or above"


BY_NOBODY = """
import os
os.setgroups([]); os.setgid(65534); os.setuid(65534)
from runicornd.tunnels.ports import Ports
try:
    Ports(0, 0).take("gpu", 79, explicit=True)
except Exception as error:
    print(error.kind, error.message, error.hint, sep=chr(10))
"""


@everyone_may
@pytest.mark.skipif(os.getuid() != 0, reason="the test before this one sees it from end to end")
def test_a_port_below_1024_for_another_account():
    """The same, seen by root: what the daemon of an ordinary account says."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", "import runicornd.tunnels.ports\n" + BY_NOBODY],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stdout.splitlines() == [
        "invalid_params",
        "cannot listen on local port 79: this account may not",
        "choose a port of 1024 or above",
    ], done.stderr
