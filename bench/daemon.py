"""Ours: a real daemon in folders of its own, and clients of its socket."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.model import CannotMeasure
from bench.processes import log_tail, output_of, running, until
from runicornctl.client import Client
from runicornctl.failure import DaemonNotRunning
from runicornctl.world import World
from runicornd.protocol.models import (
    Done,
    EnvsParams,
    EnvsResult,
    Session,
    SessionStartParams,
    StatusParams,
    StatusResult,
    SubjectParams,
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence

PROGRAM = ("-m", "runicornd")
START_S = 20
READY_S = 60
_ENDS_BADLY = frozenset({"failed", "blocked", "stopped"})


@dataclass(frozen=True)
class Daemon:
    """A running daemon.

    Args:
        socket: Its control socket.
        environment: The variables under which ``runicornctl`` finds it.
    """

    socket: Path
    environment: Mapping[str, str]

    def client(self) -> Client:
        """Return a new connection to it; the caller closes it."""
        return Client(str(self.socket))

    def start_session(self, params: SessionStartParams) -> Session:
        """Ask for a session and wait for its ``ready`` by events, as the command does.

        Raises:
            CannotMeasure: It failed, waits for a person, or was not ready in time.
        """
        with self.client() as client:
            world = World(client)
            started = client.call("sessions.start", Session, params, timeout_s=READY_S)
            world.sessions[started.id] = started
            while (session := world.sessions[started.id]).state != "ready":
                if session.state in _ENDS_BADLY:
                    why = session.error.message if session.error else session.detail
                    raise CannotMeasure(f"session {session.id} is {session.state}: {why}")
                if not world.next(READY_S):
                    raise CannotMeasure(f"session {session.id} is still {session.state}")
        return session

    def remove_session(self, session: str) -> None:
        """Stop a session and forget it."""
        with self.client() as client:
            client.call("sessions.remove", Done, SubjectParams(session), timeout_s=READY_S)

    def environments(self, target: str) -> EnvsResult:
        """List the environments of a target."""
        with self.client() as client:
            return client.call("envs.list", EnvsResult, EnvsParams(target), timeout_s=READY_S)

    def status(self) -> StatusResult:
        """Return all that it knows."""
        with self.client() as client:
            return client.call("daemon.status", StatusResult, StatusParams())

    def has_link(self, target: str | None = None) -> bool:
        """Whether there is a live connection to the target, or to any."""
        return any(host.state == "up" and target in {None, host.target} for host in self.status().hosts)

    def command(self, *arguments: str) -> str:
        """Run ``runicornctl`` as a process; return what it printed.

        Raises:
            CannotMeasure: It failed.
        """
        return output_of([str(runicornctl()), *arguments], env=self.environment)


def runicornctl() -> Path:
    """The command as it is installed beside this Python."""
    return Path(sys.executable).with_name("runicornctl")


class Restartable:
    """A daemon that can be killed and started again in the same folders. Made by ``restartable``."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.daemon = Daemon(Path(environment["RUNICORND_SOCKET"]), environment)
        self._log = folder / "ours.log"
        self._stack = contextlib.ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it serves."""
        argv = [sys.executable, *PROGRAM]
        process = self._stack.enter_context(running(argv, env=self.daemon.environment, log=self._log))
        until(lambda: _is_up(process, self.daemon), "the daemon", START_S)
        self._process = process

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process is not None:
            self._process.kill()
        self.close()

    def close(self) -> None:
        """End it in order, if it runs."""
        self._stack.close()


@contextlib.contextmanager
def restartable(folder: Path, **settings: object) -> Iterator[Restartable]:
    """Run a daemon that the row may kill and start again; arguments and errors as of ``daemon``."""
    found = Restartable(folder, _environment(folder / "ours", settings))
    try:
        found.start()
        yield found
    except BaseException as error:
        error.add_note(log_tail(folder / "ours.log"))
        raise
    finally:
        found.close()


@contextlib.contextmanager
def daemon(
    folder: Path, *, program: Sequence[str] = PROGRAM, pass_fds: Sequence[int] = (), **settings: object
) -> Iterator[Daemon]:
    """Run a daemon for the length of the block.

    Args:
        folder: An existing folder with a short path; everything of the daemon goes below it.
        program: What this Python runs.
        pass_fds: Descriptors that it inherits.
        settings: Settings by their name, such as ``ssh_config``.

    Raises:
        CannotMeasure: It does not come up.
    """
    place, log = folder / "ours", folder / "ours.log"
    environment = _environment(place, settings)
    found = Daemon(Path(environment["RUNICORND_SOCKET"]), environment)
    with running([sys.executable, *program], env=environment, log=log, pass_fds=pass_fds) as process:
        try:
            until(lambda: _is_up(process, found), "the daemon", START_S)
            yield found
        except BaseException as error:
            error.add_note(log_tail(log))
            raise


# Nothing of a person's desk; and bytecode is kept, as that of installed programs is.
_LEFT_OUT = frozenset({"DISPLAY", "WAYLAND_DISPLAY", "PYTHONDONTWRITEBYTECODE"})


def _environment(place: Path, settings: Mapping[str, object]) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "RUNICORN", "SSH_")) and name not in _LEFT_OUT
    }
    folders = {"HOME": "home", "XDG_RUNTIME_DIR": "run"}
    folders |= {f"XDG_{name}_HOME": name.lower() for name in ("CONFIG", "STATE", "CACHE", "DATA")}
    for name in folders.values():
        (place / name).mkdir(mode=0o700, parents=True)
    return {
        **kept,
        **{name: str(place / folder) for name, folder in folders.items()},
        "RUNICORND_SOCKET": str(place / "run" / "s"),
        "RUNICORND_NO_AUTOSTART": "1",
        "RUNICORND_LOCAL_PORTS": "0",
        **{f"RUNICORND_{name.upper()}": str(value) for name, value in settings.items()},
    }


def _is_up(process: subprocess.Popen[bytes], found: Daemon) -> bool:
    if process.poll() is not None:
        raise CannotMeasure(f"the daemon ended at once with {process.returncode}")
    try:
        found.client().close()
    except DaemonNotRunning:
        return False
    return True
