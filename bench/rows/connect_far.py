"""Row ``connect-far``: a viewer on a server 100 ms away, and every round trip that is paid on the way."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.homes import ENVIRONMENT, home_with_viewer
from bench.model import ROUND_TRIPS, CannotMeasure, Case, Plan, difference, more_round_trips
from bench.processes import answers, output_of, until
from bench.server import server
from bench.timing import seconds
from bench.viewer_start import viewers_own_start
from runicornd.protocol.models import SessionStartParams
from runicornd.viewers.kinds.runicorn import Runicorn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from bench.server import Server
    from runicornd.protocol.models import Session

    Measure = Callable[[Callable[[], object]], float]

NOTE = (
    "Counted: each turn from sending to receiving. What overlaps counts as one; what is sent while the "
    "viewer starts, and the link's keep-alive, count as well."
)
ROUND_TRIP_S = 0.1
BACK_S = 30

FRESH = "ours: from nothing to ready"
ON_LINK = "ours: the link is up already"
SECOND = "ours: a second session beside the first"
BACK = "ours: from a dropped connection to the next answer"
FLOOR = "floor: OpenSSH's 'ssh far true', then the viewer's own start"
COUNTED = ", counted"
SSH_TURNS = "floor: 'ssh far true'" + COUNTED


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One server behind the proxy, with the real Runicorn."""
    home, root, python = home_with_viewer(folder / "home")
    with (
        server(folder, home.path, round_trip_s=ROUND_TRIP_S) as host,
        daemon(folder, ssh_config=host.ssh_config) as ours,
    ):
        us = _Ours(ours, host, str(root), str(home.root("second")))
        ways = {FRESH: us.from_nothing, ON_LINK: us.on_a_link, SECOND: us.second, BACK: us.back}

        def turns(work: Callable[[], object]) -> float:
            _ = host.far_round_trips
            work()
            return host.far_round_trips

        def floor() -> float:
            return seconds(lambda: _ssh_true(host)) + viewers_own_start(python, root, folder)

        yield Plan(
            [
                *(Case(name, lambda way=way: way(seconds)) for name, way in ways.items()),
                Case(FLOOR, floor),
                *(
                    Case(name + COUNTED, lambda way=way: way(turns), ROUND_TRIPS)
                    for name, way in ways.items()
                ),
                Case(SSH_TURNS, lambda: turns(lambda: _ssh_true(host)), ROUND_TRIPS),
            ],
            [
                difference("from nothing, less the floor", FRESH, FLOOR),
                more_round_trips("counted, from nothing less ssh", FRESH + COUNTED, SSH_TURNS),
                more_round_trips("counted, after a drop less ssh", BACK + COUNTED, SSH_TURNS),
            ],
            [
                f"A proxy delays every byte, {ROUND_TRIP_S * 1000:g} ms there and back.",
                NOTE,
                "The proxy ends TCP: its handshake, one more round trip in life, is in no line.",
            ],
        )


class _Ours:
    """Sessions on one far host. What goes before and after is not measured."""

    def __init__(self, ours: Daemon, host: Server, root: str, second_root: str) -> None:
        self._daemon = ours
        self._host = host
        self._first = SessionStartParams(target=host.far, env=ENVIRONMENT, root=root)
        self._second = SessionStartParams(target=host.far, env=ENVIRONMENT, root=second_root)

    def from_nothing(self, measure: Measure) -> float:
        self._host.sshd.drop_connections()
        until(lambda: not self._daemon.has_link(), "the end of the link", BACK_S)
        return self._start(self._first, measure)

    def on_a_link(self, measure: Measure) -> float:
        if not self._daemon.has_link(self._host.far):
            self._daemon.environments(self._host.far)
        return self._start(self._first, measure)

    def second(self, measure: Measure) -> float:
        with self._session():
            return self._start(self._second, measure)

    def back(self, measure: Measure) -> float:
        with self._session() as session:
            return measure(lambda: self._drop_and_ask(f"{session.url}{Runicorn.health_path}"))

    def _start(self, params: SessionStartParams, measure: Measure) -> float:
        sessions: list[Session] = []
        taken = measure(lambda: sessions.append(self._daemon.start_session(params)))
        self._daemon.remove_session(sessions[0].id)
        return taken

    @contextlib.contextmanager
    def _session(self) -> Iterator[Session]:
        session = self._daemon.start_session(self._first)
        try:
            yield session
        finally:
            self._daemon.remove_session(session.id)

    def _drop_and_ask(self, url: str) -> None:
        if not self._host.sshd.drop_connections():
            raise CannotMeasure("there was no connection to drop")
        until(lambda: answers(url), "an answer after the drop", BACK_S)


def _ssh_true(host: Server) -> str:
    argv = ["ssh", "-F", str(host.ssh_config), "-o", "BatchMode=yes", host.far, "true"]
    return output_of(argv, env=os.environ)
