"""Measures a row: every case in turn, several rounds."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.model import CannotMeasure, Measured, Plan, Result, Row, TooSlow

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FAILURES = 2
# The tests' own helpers end a test with these; they are no Exception.
_HELPER_GAVE_UP = (pytest.skip.Exception, pytest.fail.Exception)


def measure(row: Row, rounds: int | None, say: Callable[[str], None]) -> Result:
    """Set the row up, measure it and take it down. What goes wrong is part of the result.

    Args:
        row: What to measure.
        rounds: Measured rounds; None takes the row's own number.
        say: Told of each step, for a person who waits.
    """
    result = Result(row)
    began = time.monotonic()
    # The system's own folder, as paths of Unix sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="rcd-bench-"))
    try:
        say(f"{row.name}: setting up")
        with row.plan(folder) as plan:
            result.comparisons, result.notes, result.plots = plan.comparisons, plan.notes, plan.plots
            result.notes.append(f"Load of the machine before: {os.getloadavg()[0]:.1f}.")
            result.measured = [Measured(case) for case in plan.cases]
            _run(plan, result, rounds or row.rounds, say)
    except (Exception, *_HELPER_GAVE_UP) as error:  # noqa: BLE001 - one row must not end the others
        result.failure = _why(error)
        say(f"{row.name}: failed: {result.failure}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result.took_s = time.monotonic() - began
    return result


def _run(plan: Plan, result: Result, rounds: int, say: Callable[[str], None]) -> None:
    """Round 0 warms up. Every round begins with another case, so that none is always the first."""
    for number in range(rounds + 1):
        turn = number % len(plan.cases)
        for measured in result.measured[turn:] + result.measured[:turn]:
            case = measured.case
            is_due = case.is_warmed if number == 0 else number <= (case.at_most or rounds)
            if is_due and len(measured.failures) < MAX_FAILURES and not measured.given_up:
                _once(measured, f"{result.row.name} {number}/{rounds}: {case.name}", number == 0, say)


def _once(measured: Measured, title: str, is_warm_up: bool, say: Callable[[str], None]) -> None:
    try:
        got = measured.case.once()
    except TooSlow as error:
        measured.given_up = str(error)
        say(f"{title}: {error}")
        return
    except Exception as error:  # noqa: BLE001 - the other cases go on
        measured.failures.append(_why(error))
        if not is_warm_up:
            measured.rounds.append(None)
        say(f"{title}: failed: {_why(error)}")
        return
    values = [float(got)] if isinstance(got, int | float) else list(got)
    if not is_warm_up:
        measured.rounds.append(values)
    shown = f"{values[0]:.4f}" if len(values) == 1 else f"{len(values)} values"
    say(f"{title}: {'(warm-up) ' if is_warm_up else ''}{shown}")


def _why(error: BaseException) -> str:
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    if isinstance(error, CannotMeasure):
        return f"{error}{notes}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno}){notes}"
