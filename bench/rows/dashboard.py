"""Row ``dashboard``: the page in a real browser, with 200 sessions that change ten times a second each."""

from __future__ import annotations

import contextlib
import os
import random
import time
from typing import TYPE_CHECKING

from bench.browsing import GZIP_LEVEL, gzipped, visitor
from bench.made_up_daemon import made_up_daemon
from bench.model import Case, Plan
from bench.process_costs import processor_s

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.browsing import Visit, Visitor
    from bench.made_up_daemon import MadeUpDaemon

HOSTS = 20
SESSIONS = 200
RATE = 10
MARKS = 100
PAUSE_S = 0.15
SETTLE_S = 1.0
LATE_MS = 50
WINDOW_VARIABLE = "RUNICORND_BENCH_PAGE_S"
WINDOW_S = 10.0
HEAVY_ROUNDS = 3

FETCHED = "ours: fetched for the first page, gzip"
FLOOR = "floor: first contentful paint of a text file"
PAINTED = "ours: first contentful paint"
SHOWN = "ours: the sessions are on the screen"
RENDERER = "ours: the page's process"
DRAWN = "ours: drawings, in the same time"
MAIN = "ours: its main thread, waits for a core included"
SCRIPT = "ours: its scripts, waits for a core included"
OTHERS = "the browser's other processes"
DAEMON = "ours: the daemon"
LATE = "ours: frames over 50 ms"
LONGEST = "ours: the longest frame"
LATE_CONTROL = "control: frames over 50 ms, nothing happens"
LONGEST_CONTROL = "control: the longest frame, nothing happens"
QUIET = "ours: event to screen, nothing else happens"
BUSY = "ours: event to screen, among all others"

PERCENT, MS, FRAMES, KB, A_SECOND = "%", "ms", "frames", "kB", "a second"
SHARE_BUDGET = "less than 20 %"
LATENCY_BUDGET = "within 100 ms"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """A daemon with made-up sessions, and a browser that it knows."""
    window_s = float(os.environ.get(WINDOW_VARIABLE, WINDOW_S))
    with made_up_daemon(folder, HOSTS, SESSIONS) as made, visitor(made.daemon) as known:
        watched = _Watched(made, known, window_s)
        notes = [
            f"{SESSIONS} made-up sessions on {HOSTS} hosts; the rest of the daemon is the real one.",
            f"Each session changes {RATE} times a second, and each change is one that the page shows.",
            "Chromium without a window and without a graphics card, 1280 by 800.",
            f"Fetched: all bodies that come to an empty cache, each compressed with gzip -{GZIP_LEVEL}.",
            "On the screen: the frame after the one that has it begins; that is too late by one at most.",
            "A page that is kept from drawing takes less; when nothing does there are 16 drawings.",
            f"Shares are of one core, over {window_s:g} s; frames are counted over as long again.",
        ]
        cases = [
            Case(FETCHED, lambda: _fetched_kb(known), KB, 1, is_warmed=False, budget="at most 120 kB"),
            *_first_looks(known),
            watched.case(RENDERER, PERCENT, SHARE_BUDGET),
            watched.case(DRAWN, A_SECOND),
            *(watched.case(name, PERCENT) for name in (MAIN, SCRIPT, OTHERS, DAEMON)),
            watched.case(LATE, FRAMES, "none"),
            watched.case(LONGEST, MS, "at most 50 ms"),
            watched.case(LATE_CONTROL, FRAMES),
            watched.case(LONGEST_CONTROL, MS),
            *_latencies(made, known, notes),
        ]
        yield Plan(cases, notes=notes)


def _fetched_kb(known: Visitor) -> float:
    return sum(map(gzipped, known.fetched())) / 1000


def _first_looks(known: Visitor) -> list[Case]:
    """What somebody sees first who comes with an empty cache."""

    def floor() -> float:
        with known.visit() as visit:
            visit.page.goto(f"{known.url}docs.css")
            return visit.painted_s()

    def painted() -> float:
        with known.visit() as visit:
            visit.open(known.url)
            return visit.painted_s()

    def shown() -> float:
        with known.visit() as visit:
            visit.open(known.url)
            return visit.rows_shown_s()

    budget = "less than 300 ms"
    return [Case(FLOOR, floor), Case(PAINTED, painted, budget=budget), Case(SHOWN, shown, budget=budget)]


class _Watched:
    """Watches a page in the storm and in the calm; one look gives the values of many cases."""

    def __init__(self, made: MadeUpDaemon, known: Visitor, window_s: float) -> None:
        self._made = made
        self._known = known
        self._window_s = window_s
        self._seen: dict[str, float] = {}

    def case(self, name: str, unit: str, budget: str = "") -> Case:
        """The case of one of the values."""
        return Case(name, lambda: self._value(name), unit, HEAVY_ROUNDS, is_warmed=False, budget=budget)

    def _value(self, name: str) -> float:
        if name not in self._seen:
            self._seen = self._look()
        return self._seen.pop(name)

    def _look(self) -> dict[str, float]:
        with self._known.visit() as visit:
            visit.open(self._known.url)
            with self._made.storm(RATE):
                time.sleep(SETTLE_S)
                seen = self._shares(visit)
                storm = visit.gaps_ms(self._window_s)
            time.sleep(SETTLE_S)
            calm = visit.gaps_ms(self._window_s)
        frames = {
            LATE: _late(storm),
            LONGEST: max(storm),
            LATE_CONTROL: _late(calm),
            LONGEST_CONTROL: max(calm),
        }
        return seen | frames

    def _shares(self, visit: Visit) -> dict[str, float]:
        before, daemon_before = visit.taken(), processor_s(self._made.pid)
        time.sleep(self._window_s)
        after, daemon_after = visit.taken(), processor_s(self._made.pid)
        took = {
            RENDERER: after.renderers - before.renderers,
            MAIN: after.main - before.main,
            SCRIPT: after.script - before.script,
            OTHERS: after.others - before.others,
            DAEMON: daemon_after - daemon_before,
        }
        window_s = after.at - before.at
        shares = {name: 100 * seconds / window_s for name, seconds in took.items()}
        return shares | {DRAWN: (after.layouts - before.layouts) / window_s}


def _late(gaps_ms: list[float]) -> float:
    return float(sum(gap > LATE_MS for gap in gaps_ms))


def _latencies(made: MadeUpDaemon, known: Visitor, notes: list[str]) -> list[Case]:
    """How long single events take to the screen."""

    def quiet() -> list[float]:
        with known.visit() as visit:
            visit.open(known.url)
            return _seen_after(made, visit, notes, QUIET)

    def busy() -> list[float]:
        with known.visit() as visit, made.storm(RATE):
            visit.open(known.url)
            time.sleep(SETTLE_S)
            return _seen_after(made, visit, notes, BUSY)

    return [
        Case(name, once, at_most=1, is_warmed=False, budget=LATENCY_BUDGET)
        for name, once in ((QUIET, quiet), (BUSY, busy))
    ]


def _seen_after(made: MadeUpDaemon, visit: Visit, notes: list[str], name: str) -> list[float]:
    values = []
    visit.watch_marks()
    for _ in range(MARKS):
        number, at = made.mark()
        values.append(visit.saw_mark(number) - at)
        time.sleep(random.uniform(0, PAUSE_S))
    notes.append(f"{name}: the slowest of {MARKS} took {max(values) * 1000:.0f} ms.")
    return values
