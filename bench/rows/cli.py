"""Row ``cli``: what ``runicornctl status`` costs beside the cheapest program that can do its job."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import TYPE_CHECKING

from bench.daemon import daemon, runicornctl
from bench.model import SECONDS, CannotMeasure, Case, Comparison, Plan, ratio
from bench.processes import output_of
from bench.timing import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon

OURS = "ours: runicornctl status"
JSON = "ours: runicornctl status --json"
WORDS = "ours: completing 'runicornctl st'"
SESSIONS = "ours: completing 'runicornctl stop ', which asks the daemon"
CLICK = "floor: python -c 'import click'"
PYTHON = "floor: python -c pass"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """A daemon without sessions, and commands one after the other."""
    with daemon(folder) as ours:
        if json.loads(ours.command("status", "--json"))["sessions"] != []:
            raise CannotMeasure("the daemon of this row has sessions")

        def run(code: str) -> float:
            return seconds(lambda: output_of([sys.executable, "-c", code], env=ours.environment))

        yield Plan(
            [
                Case(OURS, lambda: seconds(lambda: ours.command("status"))),
                Case(JSON, lambda: seconds(lambda: ours.command("status", "--json"))),
                Case(WORDS, lambda: seconds(lambda: _complete(ours, "st", "status"))),
                Case(SESSIONS, lambda: seconds(lambda: _complete(ours, "stop ", ""))),
                Case(CLICK, lambda: run("import click")),
                Case(PYTHON, lambda: run("pass")),
            ],
            [
                ratio("ours / import click", OURS, CLICK),
                Comparison(
                    "ours less twice import click",
                    OURS,
                    CLICK,
                    lambda mine, floor: mine - 2 * floor,
                    SECONDS,
                    "at most 60 ms",
                ),
            ],
            ["A process each time, from its start to its end; the daemon runs and has no sessions."],
        )


def _complete(ours: Daemon, typed: str, expected: str) -> None:
    """What bash runs when Tab is pressed after ``runicornctl`` and these words."""
    words = typed.split(" ")
    environment = {
        **ours.environment,
        "_RUNICORNCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": f"runicornctl {typed}",
        "COMP_CWORD": str(len(words)),
    }
    if expected not in (said := output_of([str(runicornctl())], env=environment)):
        raise CannotMeasure(f"{typed!r} is completed by {said!r}")
