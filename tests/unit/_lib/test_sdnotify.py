"""Talking to the service manager, and taking its sockets."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from runicornd._lib.sdnotify import Notifier, passed_sockets

TAKE = """
import os, sys
from runicornd._lib.sdnotify import passed_sockets
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = "1"
(taken,) = passed_sockets(os.environ)
print(taken.getsockname(), os.get_inheritable(taken.fileno()), sorted(k for k in os.environ if "LISTEN" in k))
"""


@pytest.fixture
def manager():
    """A service manager's socket and its address."""
    with (
        tempfile.TemporaryDirectory(prefix="rcd-") as name,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one,
    ):
        one.bind(f"{name}/notify")
        one.settimeout(5)
        yield one, f"{name}/notify"


def test_what_the_manager_hears(manager):
    """Ready with a status, a status alone, the watchdog, the end."""
    listener, address = manager
    environ = {"NOTIFY_SOCKET": address, "PATH": "/bin"}
    notifier = Notifier(environ)
    assert notifier.is_listened_to
    assert environ == {"PATH": "/bin"}
    notifier.ready("3 sessions")
    notifier.status("two\nlines")
    notifier.alive()
    notifier.reloading()
    notifier.stopping()
    heard = [listener.recv(4096) for _ in range(5)]
    reloading = heard.pop(3)
    assert heard == [b"READY=1\nSTATUS=3 sessions", b"STATUS=two lines", b"WATCHDOG=1", b"STOPPING=1"]
    assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", reloading)


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_address():
    """An address that begins with ``@`` is not a file."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(b"\0runicornd-test-%d" % os.getpid())
        listener.settimeout(5)
        Notifier({"NOTIFY_SOCKET": f"@runicornd-test-{os.getpid()}"}).ready()
        assert listener.recv(4096) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all", "/" + "x" * 300])
def test_nobody_listens(address):
    """Then nothing happens."""
    notifier = Notifier({"NOTIFY_SOCKET": address} if address else {})
    notifier.ready("x")
    notifier.alive()
    notifier.stopping()


def test_a_manager_that_does_not_read(manager):
    """A full socket does not hold the daemon up."""
    _, address = manager
    notifier = Notifier({"NOTIFY_SOCKET": address})
    for _ in range(10_000):
        notifier.alive()


@pytest.mark.parametrize(
    ("environ", "interval"),
    [
        ({"WATCHDOG_USEC": "10000000"}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 5.0),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog(environ, interval):
    """It is fed twice as often as it asks, and only when it means us."""
    assert Notifier(environ).watchdog_interval_s == interval
    assert environ == {}


async def test_the_watchdog_is_fed_from_the_event_loop(manager):
    """Again and again, until the feeding is cancelled; without a watchdog it ends at once."""
    listener, address = manager
    await Notifier({"NOTIFY_SOCKET": address}).keep_alive()
    feeding = asyncio.create_task(Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"}).keep_alive())
    assert [await asyncio.to_thread(listener.recv, 4096) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    feeding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await feeding


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "1"},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "x"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0", "LISTEN_FDNAMES": "a"},
    ],
)
def test_no_sockets_for_us(environ):
    """What is meant for another process, or is nonsense, is left; children inherit none of it."""
    assert passed_sockets(environ) == []
    assert environ == {}


def test_a_passed_socket():
    """It is taken at descriptor 3, and children do not inherit it."""
    with tempfile.TemporaryDirectory(prefix="rcd-") as name, socket.socket(socket.AF_UNIX) as listener:
        path = Path(name) / "d.sock"
        listener.bind(str(path))
        listener.listen()
        os.set_inheritable(listener.fileno(), True)
        shell = f"exec {sys.executable} -c '{TAKE}' 3<&{listener.fileno()}"
        done = subprocess.run(
            ["/bin/bash", "-c", shell],
            pass_fds=[listener.fileno()],
            capture_output=True,
            timeout=20,
            check=False,
        )
        assert done.stdout.decode().split() == [str(path), "False", "[]"], done.stderr
