"""Row ``restart-20``: from the start of a new daemon to 20 ready sessions of the killed one."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from bench.daemon import restartable
from bench.model import CannotMeasure, Case, Plan
from bench.processes import answers, until
from bench.server import server
from bench.standin import stand_in
from bench.timing import seconds
from runicornd.protocol.models import SessionStartParams
from runicornd.viewers.kinds.runicorn import Runicorn
from tests.helpers.runicorn_env import MadeUpHome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.daemon import Daemon, Restartable
    from bench.server import Server

SESSIONS = 20
READY_S = 60
CASE = f"ours: kill -9 and start, until {SESSIONS} sessions are ready"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """Twenty storage roots on one server, each with its session."""
    home = MadeUpHome(folder / "home")
    python = stand_in(home)
    with server(folder, home.path) as host, restartable(folder, ssh_config=host.ssh_config) as ours:
        for number in range(SESSIONS):
            root = home.root(f"root{number:02}")
            params = SessionStartParams(target=host.near, env=str(python), root=str(root))
            ours.daemon.start_session(params)
        yield Plan(
            [Case(CASE, lambda: _kill_and_start(ours, host), budget="at most 5 s")],
            notes=[
                "From the start of the new process to the last session's ready.",
                "Each round checks that the viewers are the same processes at the same URLs, and no others.",
                "The viewers are stand-ins that only answer health requests, over one SSH connection.",
            ],
        )
        for session in ours.daemon.status().sessions:
            ours.daemon.remove_session(session.id)


def _kill_and_start(ours: Restartable, host: Server) -> float:
    before = _viewers(ours.daemon)
    if len(before) != SESSIONS:
        raise CannotMeasure(f"{len(before)} of {SESSIONS} sessions are ready")
    ours.kill()

    def start() -> None:
        ours.start()
        until(lambda: len(_viewers(ours.daemon)) == SESSIONS, "all sessions", READY_S)

    taken = seconds(start)
    if _viewers(ours.daemon) != before:
        raise CannotMeasure("a viewer is another process than before, or has another URL")
    if not all(answers(f"{url}{Runicorn.health_path}") for url, _ in before.values()):
        raise CannotMeasure("a session is called ready, and does not answer")
    if (count := _serving(host)) != SESSIONS:
        raise CannotMeasure(f"{count} viewers run, where {SESSIONS} should")
    return taken


def _viewers(daemon: Daemon) -> dict[str, tuple[str | None, int]]:
    """URL and process of each session that is ready."""
    return {
        session.id: (session.url, session.remote.pid)
        for session in daemon.status().sessions
        if session.state == "ready" and session.remote
    }


def _serving(host: Server) -> int:
    return sum(b"uvicorn" in _command(pid).split(b"\0") for pid in host.sshd.processes())


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
