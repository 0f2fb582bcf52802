"""What a service manager hears from the daemon, and what a reload changes; needs no service manager."""

import contextlib
import os
import shutil
import signal
import socket
import tempfile
import time

import pytest

from tests.helpers.furnished import with_stand_in
from tests.helpers.laptop import Laptop, fetch
from tests.helpers.sshd import Sshd

PATIENCE_S = 20.0


class Manager:
    """Hears what a service says, in the place of systemd."""

    def __init__(self, folder):
        self.address = f"{folder}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def hear(self, wanted):
        """Wait for a message that begins so; return it."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            said = self._socket.recv(4096).decode()
            if said.startswith(wanted):
                return said
        raise AssertionError(f"{wanted} was not said")

    def falls_silent(self, for_s=1.0):
        """Wait until nothing is said for so long; what was said before may still be there."""
        deadline = time.monotonic() + PATIENCE_S
        self._socket.settimeout(for_s)
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < deadline:
                self._socket.recv(4096)
            return False
        return True

    def close(self):
        self._socket.close()


@pytest.fixture
def manager():
    folder = tempfile.mkdtemp(prefix="rd-")  # a short path
    with contextlib.closing(Manager(folder)) as manager:
        yield manager
    shutil.rmtree(folder)


@pytest.fixture
def laptop(tmp_path, manager):
    """A laptop whose daemon tells the manager how it is; its settings are in ``configure``'s file."""
    laptop = Laptop(tmp_path / "user")
    laptop.env |= {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "400000"}
    del laptop.env["RUNICORND_LOCAL_PORTS"]
    configure(laptop, 'local_ports = "0"', "hold_time = 60")
    with laptop:
        yield laptop


def configure(laptop, *lines):
    path = laptop.home / ".config/runicornd/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def reload(laptop, manager, *lines):
    """Have the configuration read again; the status that follows."""
    configure(laptop, *lines)
    laptop.process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.hear("RELOADING=1")
    return manager.hear("READY=1").partition("STATUS=")[2]


def a_free_range():
    """Three ports that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        first = min(probe.getsockname()[1], 65000)
    return range(first, first + 3)


def test_the_manager_hears_how_the_daemon_is(laptop, manager):
    """Ready, alive again and again, at last that it stops."""
    assert manager.hear("READY=1") == "READY=1\nSTATUS=0 sessions"
    for _ in range(3):
        manager.hear("WATCHDOG=1")
    laptop.stop_daemon()
    manager.hear("STOPPING=1")


def test_a_hung_daemon_is_silent(laptop, manager):
    """The watchdog hears nothing while the event loop does not run."""
    manager.hear("WATCHDOG=1")
    os.kill(laptop.process.pid, signal.SIGSTOP)
    try:
        assert manager.falls_silent()
    finally:
        os.kill(laptop.process.pid, signal.SIGCONT)
    manager.hear("WATCHDOG=1")


def test_a_reload_holds_for_sessions_old_and_new(tmp_path, laptop, manager):
    """The hold time at once, the ports for the next session; the log level too."""
    manager.hear("READY=1")
    ports = a_free_range()
    with Sshd(tmp_path / "gpu") as server:
        laptop.know(with_stand_in(server), "gpu")
        old = laptop.connect("gpu", "--env", "train")
        said = reload(
            laptop,
            manager,
            f'local_ports = "{ports[0]}-{ports[-1]}"',
            "hold_time = 0",
            'log_level = "debug"',
        )
        assert said == "configuration reloaded; changed: local_ports, hold_time, log_level"
        (server.home / "other").mkdir()
        new = laptop.connect("gpu", "--env", "train", "--root", str(server.home / "other"))
        assert new["local_port"] in ports
        assert laptop.session(old["id"])["url"] == old["url"]
        server.stop()
        laptop.wait_for(old["id"], "reconnecting")
        began = time.monotonic()
        assert fetch(old["url"], timeout_s=30)[0] == 503
        assert time.monotonic() - began < 20
    assert laptop.run("daemon", "stop", "--keep").code == 0
    laptop.await_end()


def test_a_broken_configuration_changes_nothing(laptop, manager):
    """All that is wrong is logged, what held before still holds, and the next good one is taken."""
    manager.hear("READY=1")
    said = reload(laptop, manager, "hold_tme = 4", 'keepalive_count = "many"', 'log_level = "debug"')
    assert said.startswith("configuration not reloaded")
    log = laptop.run("daemon", "logs").out
    assert "did you mean 'hold_time'?" in log
    assert "'many' is not a whole number" in log
    said = reload(laptop, manager, 'local_ports = "0"', "hold_time = 60")
    assert said == "configuration reloaded; nothing changed"
    assert laptop.json("daemon", "status")["pid"] == laptop.process.pid
