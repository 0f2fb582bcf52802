"""Row ``control``: how fast the daemon answers with 200 sessions."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from bench.crowds import crowds, start_sessions
from bench.daemon import daemon
from bench.model import Case, Plan
from runicornd.protocol.models import Empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runicornctl.client import Client

HOSTS = 20
SESSIONS = 200
BUDGET = "median at most 1 ms, p99 at most 10 ms"
CALLS = 1000

STATUS = f"ours: daemon.status, {SESSIONS} sessions"
IDLE = "floor: prompts.list, which has nothing to tell"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """Ten sessions on each of twenty hosts."""
    with crowds(folder, HOSTS, processes=1) as hosts, daemon(folder, ssh_config=hosts.ssh_config) as ours:
        start_sessions(ours, HOSTS, SESSIONS)
        with ours.client() as client:
            yield Plan(
                [
                    Case(STATUS, lambda: _latencies(client, "daemon.status"), budget=BUDGET),
                    Case(IDLE, lambda: _latencies(client, "prompts.list")),
                ],
                notes=[
                    f"{CALLS} calls a round, one after the other, on one connection.",
                    "Servers, agents and viewers are stand-ins in another process; SSH is real.",
                    "No peer: Runicorn has no control plane.",
                ],
            )


def _latencies(client: Client, method: str) -> list[float]:
    values = []
    for _ in range(CALLS):
        began = time.perf_counter()
        client.call_raw(method, Empty())
        values.append(time.perf_counter() - began)
    return values
