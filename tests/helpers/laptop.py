"""The user's machine: a made-up home with a real daemon and the real ``runicornctl``."""

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.helpers.ctl import ROOT, Ctl

STOP_S = 5.0
START_S = 20.0
PATIENCE_S = 60.0


class Laptop(Ctl):
    """``with Laptop(folder) as laptop:`` runs its daemon; leaving the block ends it and checks how.

    Args:
        folder: An empty folder of its own, such as ``tmp_path``.
        settings: Settings of the daemon by name, such as ``hold_time``.
    """

    def __init__(self, folder, **settings):
        home = folder / "laptop"
        home.mkdir(parents=True)
        # Unix sockets need short paths.
        self._runtime = tempfile.mkdtemp(prefix="rd-")
        super().__init__(home, Path(self._runtime))
        self.ssh_config = home / "ssh_config"
        self.ssh_config.touch()
        self.state = home / ".local/state/runicornd"
        self.process = None
        self.wrapper = []  # what the daemon is started through; it must not fork
        self.options = ["-X", "dev"]  # of Python; they cost memory
        self.module = "runicornd"  # what Python runs as the daemon
        self.env |= {
            "RUNICORND_SOCKET": str(self.socket),
            "RUNICORND_LOCAL_PORTS": "0",
            "RUNICORND_DASHBOARD": "false",  # tests count what listens
            "RUNICORND_DASHBOARD_PORT": "0",
            "RUNICORND_SSH_CONFIG": str(self.ssh_config),
            **{f"RUNICORND_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def __enter__(self):
        self.start_daemon()
        return self

    def __exit__(self, *_):
        try:
            self.stop_daemon()
        finally:
            if self.process is not None:
                self.process.kill()
                self.process.wait()
            shutil.rmtree(self._runtime, ignore_errors=True)

    def know(self, server, alias, *, extra=()):
        """Enter a server into the OpenSSH configuration under an alias."""
        with self.ssh_config.open("a") as file:
            file.write(server.ssh_config(alias, extra=extra))

    def start_daemon(self):
        """Start the daemon and wait until it serves."""
        log = self.home / "daemon.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*self.wrapper, sys.executable, *self.options, "-m", self.module, "--foreground"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.env,
                cwd=ROOT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_S
        while not (self._is_listened_to() and self.run("daemon", "status").code == 0):
            assert self.process.poll() is None, f"the daemon ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"the daemon does not serve:\n{log.read_text()}"
            time.sleep(0.01)

    def _is_listened_to(self):
        # Commands that ask in vain cost more than the daemon's start itself.
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0

    def stop_daemon(self, number=signal.SIGTERM):
        """End the daemon by a signal; it has to be gone in time, and without complaints."""
        if self.process is not None:
            self.process.send_signal(number)
            self.await_end(expected=-number if number == signal.SIGKILL else 0)

    def await_end(self, expected=0):
        """The daemon was told to end: it has to be gone in time, and without complaints."""
        process, self.process = self.process, None
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the daemon did not end within {STOP_S} s:\n{self.log()}") from None
        assert code == expected, self.log()
        assert "\nTraceback" not in self.log(), self.log()
        assert "Task was destroyed" not in self.log(), self.log()

    def log(self):
        """What the daemon printed."""
        return (self.home / "daemon.log").read_text()

    def json(self, *words, code=0, **options):
        """Run a command with ``--json``; return what it printed, which is one JSON value."""
        done = self.run(*words, "--json", **options)
        assert done.code == code, f"{words} ended with {done.code}: {done.out}{done.err}\n{self.log()}"
        return json.loads(done.out)

    def rpc(self, method, params=None):
        """Call a method of the control plane; its result."""
        done = self.run("rpc", method, json.dumps(params or {}))
        assert done.code == 0, f"{method}: {done.out}{done.err}\n{self.log()}"
        return json.loads(done.out)

    def connect(self, target, *options, code=0):
        """``runicornctl connect``; the session, or the error when ``code`` is not 0."""
        answer = self.json("connect", target, "--no-browser", *options, code=code)
        return answer if code == 0 else answer["error"]

    def session(self, subject):
        """The session as ``status`` has it, or None."""
        sessions = self.json("status")["sessions"]
        return next((each for each in sessions if subject in {each["id"], each["target"]}), None)

    def wait_for(self, subject, *states, patience_s=PATIENCE_S):
        """Wait until the session is in one of the states; return it."""
        deadline = time.monotonic() + patience_s
        while (session := self.session(subject)) is None or session["state"] not in states:
            assert time.monotonic() < deadline, f"not {states}: {session}\n{self.log()}"
        return session

    def listeners(self):
        """The local TCP ports on which the daemon listens."""
        inodes = set()
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed just now
                link = str(descriptor.readlink())
                if link.startswith("socket:["):
                    inodes.add(link[8:-1])
        ports = set()
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            for line in Path(table).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and words[9] in inodes:
                    ports.add(int(words[1].rpartition(":")[2], 16))
        return ports


def fetch(url, *, timeout_s=20.0):
    """GET a page; return its status and body."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
