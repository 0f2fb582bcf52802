"""Runs checks in their order: each bounded in time, each only when what it builds on is there."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from runicornd.doctor.model import Check, Finding, Verdict, failure, failure_of, not_needed
from runicornd.errors import RunicorndError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

LIMIT_S = 30.0
_LOOKING = Finding("looking", Verdict.RUNNING, "")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """A check that can be made.

    Args:
        name: Stable, for programs.
        title: For people.
        look: Looks, and returns or raises what it finds.
        needs: The names of checks without which this one makes no sense.
        limit_s: The most that it may take, in seconds.
    """

    name: str
    title: str
    look: Callable[[], Awaitable[Finding]]
    needs: tuple[str, ...] = ()
    limit_s: float = LIMIT_S


async def run_steps(steps: Sequence[Step], on_tick: Callable[[Check], None]) -> tuple[Check, ...]:
    """Make all checks; ``on_tick`` hears of each when it begins and when it has ended.

    An error is a failure with its own words; so is whatever nobody foresaw, without its innards.
    """
    done: list[Check] = []
    missing: dict[str, Step] = {}  # what failed, by the checks that it keeps from being made
    for step in steps:
        lacks = next((missing[need] for need in step.needs if need in missing), None)
        if lacks is not None:
            skipped = not_needed("needs_failed", f"not checked: '{lacks.title}' failed", step=lacks.name)
            check = Check(step.name, step.title, skipped)
            missing[step.name] = lacks
        else:
            on_tick(Check(step.name, step.title, _LOOKING))
            began = time.monotonic()
            finding = await _look(step)
            check = Check(step.name, step.title, finding, time.monotonic() - began)
            if finding.verdict is Verdict.FAILURE:
                missing[step.name] = step
        on_tick(check)
        done.append(check)
    return tuple(done)


async def _look(step: Step) -> Finding:
    try:
        async with asyncio.timeout(step.limit_s):
            return await step.look()
    except RunicorndError as error:
        return failure_of(error)
    except TimeoutError:
        return failure(
            "check_slow",
            f"cannot check it: no result within {step.limit_s:g} s",
            "try again; the server may be overloaded",
            limit_s=step.limit_s,
        )
    except Exception as error:  # noqa: BLE001 - one check that breaks must not take the others along
        _log.error("a check of the doctor crashed", check=step.name, exc_info=error)
        return failure(
            "check_crashed",
            f"cannot check it: {type(error).__name__}",
            "this is a mistake in runicornd itself; 'runicornctl daemon logs' has the details",
            error=type(error).__name__,
        )
