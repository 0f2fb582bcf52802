"""Row ``idle``: what the daemon costs while nobody looks, with 50 sessions on 5 hosts."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.model import CannotMeasure, Case, Plan
from bench.server import server
from bench.standin import stand_in
from runicornd.protocol.models import SessionStartParams
from tests.helpers.runicorn_env import MadeUpHome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.daemon import Daemon

HOSTS = 5
SESSIONS_EACH = 10
WINDOW_VARIABLE = "RUNICORND_BENCH_IDLE_S"
WINDOW_S = 60.0

CPU = "ours: processor time"
MEMORY = "ours: resident memory"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """Five servers with ten sessions each."""
    home = MadeUpHome(folder / "home")
    python = stand_in(home)
    window_s = float(os.environ.get(WINDOW_VARIABLE, WINDOW_S))
    with contextlib.ExitStack() as stack:
        config = folder / "ssh_config"
        with config.open("w") as file:
            for number in range(HOSTS):
                (folder / f"host{number}").mkdir()
                host = stack.enter_context(server(folder / f"host{number}", home.path))
                file.write(host.sshd.ssh_config(f"gpu{number}"))
        ours = stack.enter_context(daemon(folder, ssh_config=config))
        for number in range(HOSTS * SESSIONS_EACH):
            root = home.root(f"root{number:02}")
            ours.start_session(
                SessionStartParams(target=f"gpu{number % HOSTS}", env=str(python), root=str(root))
            )
        pid = ours.status().daemon.pid
        yield Plan(
            [
                Case(MEMORY, lambda: _memory(pid), "MB", is_warmed=False, budget="at most 120 MB"),
                Case(CPU, lambda: _share(ours, pid, window_s), "%", is_warmed=False, budget="at most 1 %"),
            ],
            notes=[
                f"{SESSIONS_EACH} sessions on each of {HOSTS} hosts, for {window_s:g} s without a client.",
                "Processor time is in percent of one core.",
                "The viewers are stand-ins that only answer health requests.",
            ],
        )


def _share(ours: Daemon, pid: int, window_s: float) -> float:
    began, before = time.monotonic(), _processor_s(pid)
    time.sleep(window_s)
    taken = (_processor_s(pid) - before) / (time.monotonic() - began) * 100
    states = [session.state for session in ours.status().sessions]
    if states.count("ready") != HOSTS * SESSIONS_EACH:
        raise CannotMeasure(f"not all sessions stayed ready: {states}")
    return taken


def _processor_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """In MB (millions of bytes)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
