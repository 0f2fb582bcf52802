"""Row ``index``: 100,000 versions: the memory of their first sync, and how fast they are browsed then."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.model import CannotMeasure, Case, Plan
from bench.server import server
from bench.storage_data import WORDS, name_of, write_metadata
from bench.storing import add_store, highest_memory, memory_folder
from bench.timing import seconds
from runicornd.protocol.models import Artifact, ArtifactParams, ArtifactsParams, ArtifactsResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from bench.server import Server
    from runicornctl.client import Client

VERSIONS_VARIABLE = "RUNICORND_BENCH_INDEX_VERSIONS"
VERSIONS = 100_000
EACH = 5
LISTED = 3
VERSION_BYTES = 32 * 1024
CALLS = 50
STORE = "big"
LOOK_S = 0.02


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One large root, synced once."""
    artifacts = int(os.environ.get(VERSIONS_VARIABLE, VERSIONS)) // EACH
    with memory_folder(folder, artifacts * EACH * VERSION_BYTES) as place:
        yield from _plans(place, artifacts)


def _plans(folder: Path, artifacts: int) -> Iterator[Plan]:
    root = folder / "root"
    root.mkdir()
    (folder / "home").mkdir()
    count, size = write_metadata(root, artifacts, EACH, LISTED)
    with (
        server(folder, folder / "home") as host,
        daemon(folder, ssh_config=host.ssh_config) as ours,
    ):
        first = _first_sync(ours, host, root, artifacts * EACH)
        with ours.client() as client:
            look = _Look(client, artifacts)
            memory = partial(Case, unit="MB", at_most=1, is_warmed=False, budget="under 300 MB")
            yield Plan(
                [
                    memory("ours: first sync, memory here", lambda: first.here),
                    memory("ours: first sync, memory there", lambda: first.there),
                    Case("ours: the first sync", lambda: first.taken, at_most=1, is_warmed=False),
                    Case("ours: first page", look.page, budget="10 ms"),
                    Case("ours: search for a word", look.search, budget="30 ms"),
                    Case("ours: search for a name", look.search_name, budget="30 ms"),
                    Case("ours: show", look.show, budget="10 ms"),
                ],
                notes=[
                    f"{artifacts} artifacts of {EACH} versions: {count} files, {size / 1e6:.0f} MB.",
                    "Everything is in memory where there is room: so many small files are slow to make.",
                    f"{CALLS} calls a round, one after the other, over the daemon's socket.",
                    f"A word is one of {len(WORDS)} that begin names: a tenth of all artifacts has it.",
                    "Memory is the highest resident size: of the daemon since its start, and of the far end.",
                    "No peer: Runicorn has no index of a remote root.",
                ],
            )


@dataclass(frozen=True)
class _First:
    taken: float
    here: float
    there: float


def _first_sync(ours: Daemon, host: Server, root: Path, versions: int) -> _First:
    """Sync, and watch the memory of both sides."""
    highest: dict[int, float] = {}
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(LOOK_S):
            for pid in host.sshd.processes():
                highest[pid] = max(highest.get(pid, 0.0), highest_memory(pid))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        stores = []
        taken = seconds(lambda: stores.append(add_store(ours, host.near, STORE, root)))
    finally:
        is_over.set()
        watching.join()
    if stores[0].versions != versions:
        raise CannotMeasure(f"{stores[0].versions} versions are known, {versions} are there")
    return _First(taken, highest_memory(ours.status().daemon.pid), max(highest.values(), default=0.0))


class _Look:
    def __init__(self, client: Client, artifacts: int) -> None:
        self._client = client
        self._artifacts = artifacts

    def page(self) -> list[float]:
        """The first page as the page shows it."""
        return [self._list(ArtifactsParams(store=STORE)) for _ in range(CALLS)]

    def search(self) -> list[float]:
        """A page of a word that many have."""
        return [
            self._list(ArtifactsParams(store=STORE, search=WORDS[number % len(WORDS)]))
            for number in range(CALLS)
        ]

    def search_name(self) -> list[float]:
        """A page of a name that one has."""
        names = [name_of(number * self._artifacts // CALLS) for number in range(CALLS)]
        return [self._list(ArtifactsParams(store=STORE, search=name)) for name in names]

    def show(self) -> list[float]:
        """One version in full."""
        values = []
        for number in range(CALLS):
            params = ArtifactParams(ref=name_of(number * self._artifacts // CALLS), store=STORE)
            began = time.perf_counter()
            self._client.call("artifacts.get", Artifact, params)
            values.append(time.perf_counter() - began)
        return values

    def _list(self, params: ArtifactsParams) -> float:
        began = time.perf_counter()
        page = self._client.call("artifacts.list", ArtifactsResult, params)
        taken = time.perf_counter() - began
        if not page.artifacts:
            raise CannotMeasure(f"nothing was found by {params.search!r}")
        return taken
