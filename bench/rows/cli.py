"""Row ``cli``: what ``runicornctl status`` costs beside the cheapest program that can do its job."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.daemon import COMMAND_S, daemon
from bench.model import SECONDS, Case, Comparison, Plan, ratio
from bench.timing import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

OURS = "ours: runicornctl status"
JSON = "ours: runicornctl status --json"
FLOOR = "floor: python -c 'import click'"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """A daemon without sessions, and commands one after the other."""
    with daemon(folder) as ours:
        yield Plan(
            [
                Case(OURS, lambda: seconds(lambda: ours.command("status"))),
                Case(JSON, lambda: seconds(lambda: ours.command("status", "--json"))),
                Case(FLOOR, lambda: seconds(lambda: _import_click(ours.environment))),
            ],
            [
                ratio("ours / import click", OURS, FLOOR),
                Comparison(
                    "ours less 2 floors",
                    OURS,
                    FLOOR,
                    lambda a, b: a - 2 * b,
                    SECONDS,
                    "at most 60 ms",
                ),
            ],
            ["A process each time, from its start to its end; the daemon runs and has no sessions."],
        )


def _import_click(environment: Mapping[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-c", "import click"],
        env=dict(environment),
        check=True,
        timeout=COMMAND_S,
        stdin=subprocess.DEVNULL,
    )
