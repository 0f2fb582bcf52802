"""A far end without SSH: commands run under a chosen login shell, with a home of their own."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

from runicornd.errors import ForwardingForbidden, NotConnected
from runicornd.remote.host import RemoteHost
from runicornd.remote.models import ViewerIdentity
from runicornd.ssh.local import LocalProcess, LocalStream

VIEWER = Path(__file__).parent.parent / "fakes" / "far_viewer.py"


class FarEnd:
    """A machine and the link to it. ``drop`` and ``reconnect`` change its ``connection``."""

    def __init__(self, home, shell="/bin/sh", python=sys.executable):
        self.home = home
        self.shell = (shell, "-c")
        self.run = Path(tempfile.mkdtemp(prefix="rd-", dir="/tmp")) / "run"
        path = home / ".test-bin"
        path.mkdir(parents=True)
        (path / "python3").symlink_to(os.path.realpath(python))
        self.env = {
            "HOME": str(home),
            "PATH": f"{path}:/usr/bin:/bin",
            "SHELL": shell,
            "RUNICORND_RUN_DIR": str(self.run),
        }
        self.commands = []
        self.processes = []
        self.connection = FarConnection(self)

    def host(self, **settings):
        return RemoteHost(self, **settings)

    def kill_agent(self):
        """Kill the newest command's process group."""
        os.killpg(self.processes[-1][0], signal.SIGKILL)

    async def drop(self):
        """Lose the connection, and the link with it."""
        lost, self.connection = self.connection, None
        if lost is not None:
            await lost.close()

    def reconnect(self):
        """Be up again."""
        self.connection = FarConnection(self)

    async def dispose(self):
        """End everything that is left, so that no test bequeaths anything."""
        await self.drop()
        for pid in pids_with(f"HOME={self.home}"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.run.parent, ignore_errors=True)


class FarConnection:
    """A ``Connection`` to a far end."""

    def __init__(self, far):
        self._far = far
        self._closed = asyncio.Event()

    async def execute(self, command):
        far = self._far
        if self._closed.is_set():
            raise NotConnected("cannot run a command: the connection is gone")
        far.commands.append(command)
        ours, theirs = socket.socketpair()
        errors, their_errors = socket.socketpair()
        with theirs, their_errors:
            process = await asyncio.create_subprocess_exec(
                *far.shell,
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=their_errors.fileno(),
                cwd=far.home,
                env=far.env,
                start_new_session=True,
            )
        found = LocalProcess(process, await _stream(ours), await _stream(errors))
        far.processes.append((process.pid, found))
        return found

    async def open_unix(self, path):
        try:
            return LocalStream(*await asyncio.open_unix_connection(path))
        except OSError as error:
            raise ForwardingForbidden("cannot connect") from error

    async def open_tcp(self, hostname, port):
        try:
            return LocalStream(*await asyncio.open_connection(hostname, port))
        except OSError as error:
            raise ForwardingForbidden("cannot connect") from error

    async def wait_closed(self):
        await self._closed.wait()

    async def close(self):
        self._closed.set()
        for _, process in self._far.processes:
            await process.end()
        self._far.processes.clear()


async def _stream(connection):
    return LocalStream(*await asyncio.open_connection(sock=connection))


def pids_with(variable):
    """The processes that run with this in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(variable) in variables:
            found.append(int(path.parts[2]))
    return found


def processes():
    """The command lines of all processes that run, one text each."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return lines


def is_alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def python_of_version(version):
    """The path of such a Python on this machine, or None."""
    pyenv = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python3"))
    return shutil.which(f"python{version}") if not pyenv else str(pyenv[-1])


def identity(record, **changes):
    """A record's identity, with something else in it."""
    known = {name: getattr(record.identity, name) for name in ViewerIdentity.__slots__}
    return ViewerIdentity(**{**known, **changes})


async def get(host, record, path="/"):
    """Ask a viewer over a stream of the host; return the whole answer."""
    stream = await host.open_stream(record)
    try:
        await stream.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while data := await stream.read(65536):
            answer += data
        return answer
    finally:
        await stream.close()
