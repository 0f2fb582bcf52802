"""Row ``control-download``: how fast the daemon answers while a download runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import TYPE_CHECKING

from bench.crowds import crowds, start_sessions
from bench.daemon import daemon
from bench.model import CannotMeasure, Case, Plan
from bench.rows.download import SIZE_MB, SIZE_VARIABLE
from bench.server import server
from bench.storage_data import write_artifact
from bench.storing import add_store, download_state, memory_folder, start_download
from runicornd.protocol.models import Empty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.crowds import Crowds
    from bench.daemon import Daemon
    from bench.server import Server

PAUSE_S = 0.002
MANY = 5000
ENOUGH = 200
IDLE_CALLS = 1000
STORE = "store"
HOSTS = 20
SESSIONS = 200
BUDGET = "median at most 1 ms, p99 at most 10 ms"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One store on a near server, and sessions on others."""
    size = int(float(os.environ.get(SIZE_VARIABLE, SIZE_MB)) * 1e6)
    for name in ("home", "crowd"):
        (folder / name).mkdir()
    with (
        memory_folder(folder, 3 * size) as place,
        server(folder, folder / "home") as host,
        crowds(folder / "crowd", HOSTS, processes=1) as hosts,
        daemon(folder, ssh_config=_both(folder / "both", host, hosts)) as ours,
    ):
        start_sessions(ours, HOSTS, SESSIONS)
        write_artifact(place / "root", "one", [size])
        write_artifact(place / "root", "many", [size // MANY] * MANY)
        add_store(ours, host.near, STORE, place / "root")
        yield Plan(
            [
                Case("ours: one file comes", lambda: _while(ours, "one", place / "here"), budget=BUDGET),
                Case(f"ours: {MANY} files come", lambda: _while(ours, "many", place / "here"), budget=BUDGET),
                Case("floor: nothing comes", lambda: _idle(ours)),
            ],
            notes=[
                f"Calls {PAUSE_S * 1000:g} ms apart while {size / 1e6:g} MB come on loopback.",
                f"{SESSIONS} sessions are ready on {HOSTS} hosts, which are stand-ins in another process.",
                "The download, the server and the one who asks share this machine's cores.",
            ],
        )


def _both(config: Path, host: Server, hosts: Crowds) -> Path:
    config.write_text(host.ssh_config.read_text() + hosts.ssh_config.read_text())
    return config


def _while(ours: Daemon, name: str, to: Path) -> list[float]:
    shutil.rmtree(to, ignore_errors=True)
    values: list[float] = []
    with ours.client() as client:
        download = start_download(ours, STORE, f"{name}:v1", to)
        state = download.state
        while state in {"waiting", "running", "verifying"}:
            for _ in range(20):
                began = time.perf_counter()
                client.call_raw("daemon.status", Empty())
                values.append(time.perf_counter() - began)
                time.sleep(PAUSE_S)
            state = download_state(ours, download.id).state
    if state != "done":
        raise CannotMeasure(f"the download is {state}")
    if len(values) < ENOUGH:
        raise CannotMeasure(f"the download was over after {len(values)} calls")
    return values


def _idle(ours: Daemon) -> list[float]:
    values = []
    with ours.client() as client:
        for _ in range(IDLE_CALLS):
            began = time.perf_counter()
            client.call_raw("daemon.status", Empty())
            values.append(time.perf_counter() - began)
            time.sleep(PAUSE_S)
    return values
