"""Row ``scale``: how the daemon's costs grow with its hosts and sessions, and how soon all are back."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.crowds import READY_S, crowds, target, until_ready
from bench.daemon import daemon
from bench.model import SECONDS, CannotMeasure, Case, Plan
from bench.plot import Plot, line_through
from bench.process_costs import memory_mb, processor_s
from bench.stats import quantile
from runicornd.protocol.models import Empty, Session, SessionStartParams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.crowds import Crowds
    from bench.daemon import Daemon

SIZES_VARIABLE = "RUNICORND_BENCH_SCALE"
SIZES = "25,50,100,200"
SESSIONS_A_HOST = 2.5
CONNECTIONS_A_HOST = 5
IDLE_VARIABLE = "RUNICORND_BENCH_SCALE_IDLE_S"
IDLE_S = 20.0
CALLS = 1000
ANSWER_S = 30
REQUEST = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
ANSWERED = b'"status"'

MEMORY = "resident memory"
IDLE = "processor time while idle"
STARTED = "processor time to start a session"
STATUS = "daemon.status"
STATUS_COST = "processor time of one daemon.status"
SMALL = "prompts.list"
BACK = "all ready again after a cut"
BACK_COST = "processor time of that"
AT_ONCE = "SSH logins under way at once, at the most"
OPEN = "memory of an open connection"
OPENING = "processor time to open one and answer"
CROWDED = "daemon.status with all of them open"
GROWING = (MEMORY, IDLE, STATUS_COST, BACK_COST)
UNITS = {MEMORY: "MB", IDLE: "%", STARTED: SECONDS, AT_ONCE: "logins", OPEN: "kB"}


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """Let one daemon grow through all sizes; what is measured at the last one are the cases."""
    sizes = [int(word) for word in os.environ.get(SIZES_VARIABLE, SIZES).split(",")]
    _allow_many_descriptors()
    with crowds(folder, sizes[-1]) as hosts, daemon(folder, ssh_config=hosts.ssh_config) as ours:
        grown = _Grown(ours, hosts)
        for size in sizes:
            grown.grow_to(size)
            grown.measure()
        yield Plan(
            [
                Case(f"ours: {name}", lambda values=values: values, UNITS.get(name, SECONDS), is_warmed=False)
                for name, values in grown.latest.items()
            ],
            notes=_notes(sizes[-1]) + [_growth(name, grown.curves[name]) for name in GROWING],
            plots=_plots(grown.curves),
        )


def _notes(hosts: int) -> list[str]:
    sessions, connections = int(hosts * SESSIONS_A_HOST), hosts * CONNECTIONS_A_HOST
    return [
        f"The table is of {hosts} hosts, {sessions} sessions and {connections} open connections.",
        "Servers, agents and viewers are stand-ins in two other processes; SSH is real, over loopback.",
        "Processor time and memory are the daemon's own. Idle: in percent of one core.",
        "A cut drops all connections at the same moment. Logins are counted by the servers.",
    ]


def _growth(name: str, points: list[tuple[float, float]]) -> str:
    start, slope = line_through(points)
    farthest = max(abs(y - start - slope * x) / y for x, y in points if y) if any(y for _, y in points) else 0
    unit, factor = (UNITS[name], 1.0) if name in UNITS else ("ms", 1000.0)
    return (
        f"Growth of {name}: {start * factor:.3g} {unit} and {slope * factor:.2g} {unit} for each session; "
        f"the values lie within {farthest:.0%} of that line."
    )


@dataclass
class _Grown:
    """A daemon, and what was measured of it so far."""

    ours: Daemon
    hosts: Crowds
    size: int = 0
    sessions: int = 0
    latest: dict[str, list[float]] = field(default_factory=dict)
    curves: defaultdict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.pid = self.ours.status().daemon.pid

    def grow_to(self, size: int) -> None:
        """Start the sessions that are missing, and wait for them all."""
        wanted, before, began = int(size * SESSIONS_A_HOST), processor_s(self.pid), time.monotonic()
        with self.ours.client() as client:
            for number in range(self.sessions, wanted):
                # The first sessions go to new hosts, the others to those that have one.
                place = self.size + (number - self.sessions) % (size - self.size)
                params = SessionStartParams(target=target(place), root=f"/data/{number}")
                client.call("sessions.start", Session, params, timeout_s=READY_S)
        added = wanted - self.sessions
        self.size, self.sessions = size, wanted
        until_ready(self.ours, {})
        # Those that were there go on being asked whether they are well.
        others = self.latest.get(IDLE, [0.0])[0] / 100 * (time.monotonic() - began)
        self._note(STARTED, [max(0.0, processor_s(self.pid) - before - others) / added])

    def measure(self) -> None:
        """Take all values at this size."""
        self._idle()
        self._calls(STATUS, "daemon.status")
        self._calls(SMALL, "prompts.list")
        self._cut()
        with contextlib.ExitStack() as stack:
            self._connect(stack)
            self._calls(CROWDED, "daemon.status")

    def _idle(self) -> None:
        window_s = float(os.environ.get(IDLE_VARIABLE, IDLE_S))
        began, before = time.monotonic(), processor_s(self.pid)
        time.sleep(window_s)
        self._note(IDLE, [(processor_s(self.pid) - before) / (time.monotonic() - began) * 100])
        self._note(MEMORY, [memory_mb(self.pid)])

    def _calls(self, name: str, method: str) -> None:
        values, before = [], processor_s(self.pid)
        with self.ours.client() as client:
            for _ in range(CALLS):
                began = time.perf_counter()
                client.call_raw(method, Empty())
                values.append(time.perf_counter() - began)
        self._note(name, values)
        self.curves[f"{name}, p99"].append((self.sessions, quantile(values, 0.99)))
        if name == STATUS:
            self._note(STATUS_COST, [(processor_s(self.pid) - before) / CALLS])

    def _cut(self) -> None:
        before = {session.id: session.since for session in self.ours.status().sessions}
        self.hosts.count()
        began, cost = time.perf_counter(), processor_s(self.pid)
        if (cut := self.hosts.cut()) != self.size:
            raise CannotMeasure(f"{cut} connections were cut, where there are {self.size} hosts")
        until_ready(self.ours, before)
        self._note(BACK, [time.perf_counter() - began])
        self._note(BACK_COST, [processor_s(self.pid) - cost])
        self._note(AT_ONCE, [self.hosts.count()["most_logging_in"]])

    def _connect(self, stack: contextlib.ExitStack) -> None:
        """Open connections to the sessions in turn, and leave them open."""
        urls = [session.url for session in self.ours.status().sessions]
        memory, cost = memory_mb(self.pid), processor_s(self.pid)
        count = self.size * CONNECTIONS_A_HOST
        for number in range(count):
            address = urlsplit(urls[number % len(urls)] or "")
            visitor = stack.enter_context(
                socket.create_connection(("127.0.0.1", address.port or 0), ANSWER_S)
            )
            visitor.sendall(REQUEST)
            answer = b""
            while ANSWERED not in answer:
                piece = visitor.recv(65536)
                if not piece:
                    raise CannotMeasure(f"connection {number} was closed")
                answer += piece
        self._note(OPEN, [max(0.0, memory_mb(self.pid) - memory) * 1000 / count])
        self._note(OPENING, [(processor_s(self.pid) - cost) / count])

    def _note(self, name: str, values: list[float]) -> None:
        self.latest[name] = values
        self.curves[name].append((self.sessions, quantile(values, 0.5)))


def _plots(curves: dict[str, list[tuple[float, float]]]) -> list[Plot]:
    def scaled(name: str, factor: float) -> list[tuple[float, float]]:
        return [(x, y * factor) for x, y in curves[name]]

    def plot(name: str, title: str, series: dict[str, list[tuple[float, float]]]) -> Plot:
        return Plot(f"scale-{name}", title, "sessions (two and a half for each host)", series)

    return [
        plot("memory", "Resident memory, MB", {"memory": curves[MEMORY]}),
        plot("idle", "Processor time while idle, % of one core", {"idle": curves[IDLE]}),
        plot(
            "status",
            "daemon.status, ms",
            {
                "median": scaled(STATUS, 1000),
                "p99": scaled(f"{STATUS}, p99", 1000),
                "the daemon's processor time": scaled(STATUS_COST, 1000),
            },
        ),
        plot(
            "back",
            "All ready again after a cut, s",
            {"time": curves[BACK], "the daemon's processor time": curves[BACK_COST]},
        ),
        plot("start", "Processor time to start one more session, ms", {"start": scaled(STARTED, 1000)}),
        plot("connection", "Memory of one open connection, kB", {"memory": curves[OPEN]}),
    ]


def _allow_many_descriptors() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
