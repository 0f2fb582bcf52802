"""Row ``viewer-killed``: from the viewer's sudden end to the next answer of the same URL."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.homes import ENVIRONMENT, home_with_viewer
from bench.model import CannotMeasure, Case, Plan, difference
from bench.processes import answers, until
from bench.server import server
from bench.timing import seconds
from bench.viewer_start import viewers_own_start
from runicornd.protocol.models import SessionStartParams
from runicornd.viewers.kinds.runicorn import Runicorn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from runicornd.protocol.models import Session

BACK_S = 60
# So soon a restart is forgotten: each round's kill is then the first one.
PROOF_S = 0.5

OURS = "ours: the same URL answers again"
FLOOR = "floor: the viewer's own start"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One session with the real Runicorn, whose process is killed."""
    home, root, python = home_with_viewer(folder / "home")
    with (
        server(folder, home.path) as host,
        daemon(folder, ssh_config=host.ssh_config, viewer_proof=PROOF_S) as ours,
    ):
        params = SessionStartParams(target=host.near, env=ENVIRONMENT, root=str(root))
        session = ours.start_session(params)
        yield Plan(
            [
                Case(OURS, lambda: _kill(ours, session)),
                Case(FLOOR, lambda: viewers_own_start(python, root, folder)),
            ],
            [difference("ours less the viewer's own start", OURS, FLOOR, "at most 1 s")],
            [
                "kill -9 of the viewer's process; requests follow until one is answered.",
                f"Well for {PROOF_S:g} s, a viewer has proven itself here: every round is a first crash.",
            ],
        )
        ours.remove_session(session.id)


def _kill(ours: Daemon, session: Session) -> float:
    remote = _ready(ours, session).remote
    if remote is None:
        raise CannotMeasure("the session has no viewer")

    def kill_and_ask() -> None:
        os.kill(remote.pid, signal.SIGKILL)
        until(lambda: answers(f"{session.url}{Runicorn.health_path}"), "an answer after the kill", BACK_S)

    taken = seconds(kill_and_ask)
    again = _ready(ours, session).remote
    if again is None or again.pid == remote.pid:
        raise CannotMeasure("the viewer was not started again")
    time.sleep(2 * PROOF_S)
    return taken


def _ready(ours: Daemon, session: Session) -> Session:
    def found() -> Session | None:
        return next(
            (each for each in ours.status().sessions if each.id == session.id and each.state == "ready"), None
        )

    ready: Session = until(found, "the session", BACK_S)
    return ready
