"""Row ``control``: how fast the daemon answers with 20 sessions."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.model import Case, Plan
from bench.server import server
from bench.standin import stand_in
from runicornd.protocol.models import Empty, SessionStartParams
from tests.helpers.runicorn_env import MadeUpHome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from runicornctl.client import Client

SESSIONS = 20
BUDGET = "median at most 1 ms, p99 at most 10 ms"
CALLS = 1000

STATUS = f"ours: daemon.status, {SESSIONS} sessions"
IDLE = "floor: prompts.list, which has nothing to tell"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """Twenty storage roots on one server, each with its session."""
    home = MadeUpHome(folder / "home")
    python = stand_in(home)
    with (
        server(folder, home.path) as host,
        daemon(folder, ssh_config=host.ssh_config) as ours,
    ):
        _start_sessions(ours, host.near, home, python)
        with ours.client() as client:
            yield Plan(
                [
                    Case(STATUS, lambda: _latencies(client, "daemon.status"), budget=BUDGET),
                    Case(IDLE, lambda: _latencies(client, "prompts.list")),
                ],
                notes=[
                    f"{CALLS} calls a round, one after the other, on one connection.",
                    "The viewers are stand-ins that only answer health requests, over one SSH connection.",
                    "No peer: Runicorn has no control plane.",
                ],
            )
        _remove_sessions(ours)


def _start_sessions(ours: Daemon, target: str, home: MadeUpHome, python: Path) -> None:
    for number in range(SESSIONS):
        root = home.root(f"root{number:02}")
        ours.start_session(SessionStartParams(target=target, env=str(python), root=str(root)))


def _remove_sessions(ours: Daemon) -> None:
    for session in ours.status().sessions:
        ours.remove_session(session.id)


def _latencies(client: Client, method: str) -> list[float]:
    values = []
    for _ in range(CALLS):
        began = time.perf_counter()
        client.call_raw(method, Empty())
        values.append(time.perf_counter() - began)
    return values
