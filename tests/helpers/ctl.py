"""Running the real ``runicornctl`` against a daemon of the test, with or without a terminal."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.daemon import FakeDaemon

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 20.0

# Makes the pty the controlling terminal of the new session, as a login does, then becomes the command.
_AT_TERMINAL = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
)


@dataclass
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Ctl:
    """A made-up user: a home, a runtime folder, and nothing of the real environment."""

    def __init__(self, home, runtime):
        self.home = home
        self.runtime = runtime
        self.socket = runtime / "runicornd" / "runicornd.sock"
        self.env = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_STATE_HOME": str(home / ".local/state"),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "RUNICORND_NO_AUTOSTART": "1",
        }

    def daemon(self):
        """A fake daemon on this user's socket, not yet running."""
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        return FakeDaemon(self.socket)

    def command(self, *words):
        return [sys.executable, "-m", "runicornctl", *words]

    def run(self, *words, stdin="", env=None):
        """Run a command without a terminal and return how it ended."""
        done = subprocess.run(
            self.command(*words),
            input=stdin.encode(),
            capture_output=True,
            env=self.env | (env or {}),
            cwd=self.home,
            timeout=PATIENCE_S,
            start_new_session=True,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    @contextlib.contextmanager
    def begin(self, *words, env=None):
        """Run a command without a terminal in the background; end it with the block."""
        process = subprocess.Popen(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.env | (env or {}),
            start_new_session=True,
        )
        # Reading its output must not wait for ever.
        alarm = threading.Timer(PATIENCE_S, process.kill)
        alarm.start()
        try:
            yield process
        finally:
            alarm.cancel()
            process.kill()
            process.wait()
            process.stdout.close()
            process.stderr.close()

    @contextlib.contextmanager
    def at_terminal(self, *words, env=None, stderr=None, columns=100):
        """Run a command at a terminal of its own; end it with the block."""
        terminal = Terminal(self, words, env or {}, stderr, columns)
        try:
            yield terminal
        finally:
            terminal.close()


class Terminal:
    """The screen and keyboard of a running command. ``shown`` is everything that was printed."""

    def __init__(self, ctl, words, env, stderr, columns):
        self._master, slave = pty.openpty()
        self.slave = slave
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _AT_TERMINAL, *ctl.command(*words)],
            stdin=slave,
            stdout=slave,
            stderr=slave if stderr is None else stderr,
            env=ctl.env | env,
            start_new_session=True,
        )
        self.shown = ""
        self._expected = 0

    @property
    def text(self):
        """What was printed, without colours and moves of the cursor."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.shown)

    def expect(self, text):
        """Read until the text has been shown, after what was expected before."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := self.shown.find(text, self._expected)) < 0:
            assert self._read(deadline), f"{text!r} was not shown: {self.shown!r}"
        self._expected = found + len(text)

    def await_silence(self):
        """Wait until what is typed is not shown."""
        deadline = time.monotonic() + PATIENCE_S
        while termios.tcgetattr(self.slave)[3] & termios.ECHO:
            assert time.monotonic() < deadline, "the echo stays on"
            time.sleep(0.01)

    def type(self, line):
        """Type a line and Enter."""
        self.press(line.encode() + b"\r")

    def press(self, keys):
        """Type exactly these bytes."""
        os.write(self._master, keys)

    def end(self):
        """Read until the command ends; return its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"the command did not end: {self.shown!r}"
            self._read(time.monotonic() + 0.02)
        while self._read(time.monotonic() + 0.02):
            pass
        return self.process.returncode

    def interrupt(self):
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self._master)

    def _read(self, deadline):
        readable, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        if not readable:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)
