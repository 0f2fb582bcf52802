"""Row ``start``: from the start of a daemon's process to its first answer."""

from __future__ import annotations

import contextlib
import resource
import sys
import time
from typing import TYPE_CHECKING

from bench.daemon import restartable
from bench.model import Case, Plan, difference, ratio
from bench.process_costs import processor_s
from bench.processes import output_of
from bench.timing import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.daemon import Restartable

OURS = "ours: start to the first answer"
COST = "ours: processor time until then"
_LIBRARIES = "import asyncio, aiohttp.web, jsonrpcserver, msgspec, structlog"
FLOOR = f"floor: python -c '{_LIBRARIES}'"
FLOOR_COST = "floor: processor time of that"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """A daemon that has no sessions, started again and again."""
    with restartable(folder) as ours:
        yield Plan(
            [
                Case(OURS, lambda: _start(ours)[0]),
                Case(COST, lambda: _start(ours)[1]),
                Case(FLOOR, lambda: seconds(lambda: _import(ours))),
                Case(FLOOR_COST, lambda: _cost_of(lambda: _import(ours))),
            ],
            [
                ratio("ours / floor", OURS, FLOOR),
                difference("processor time, ours less floor", COST, FLOOR_COST),
            ],
            [
                "A new process each time, with a folder of state that has no sessions, hosts or stores.",
                "The floor is the import of those libraries that the first answer and the dashboard take.",
            ],
        )


def _start(ours: Restartable) -> tuple[float, float]:
    ours.close()
    began = time.perf_counter()
    ours.start()
    taken = time.perf_counter() - began
    return taken, processor_s(ours.daemon.status().daemon.pid)


def _import(ours: Restartable) -> None:
    output_of([sys.executable, "-W", "ignore", "-c", _LIBRARIES], env=ours.daemon.environment)


def _cost_of(work: Callable[[], None]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
