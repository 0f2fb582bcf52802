"""The words of a measurement: a row has cases that are measured in turn, and comparisons between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.stats import median

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bench.plot import Plot

SECONDS = "s"
TIMES = "times"
ROUND_TRIPS = "round trips"


class CannotMeasure(Exception):
    """A row or a case cannot be measured here; the text says why."""


class TooSlow(CannotMeasure):
    """It was ended: how much longer it would have taken matters to nobody. That is a result."""


@dataclass(frozen=True)
class Case:
    """One thing that is measured.

    Args:
        name: Unique in its row.
        once: Does it once and returns what was measured: one value, or many of the same kind.
        unit: Of the values.
        at_most: Measured rounds, where it takes too long for all of them.
        is_warmed: Whether one round before the measured ones is thrown away.
        budget: What the design asks for; shown, not checked.
    """

    name: str
    once: Callable[[], float | Sequence[float]]
    unit: str = SECONDS
    at_most: int | None = None
    is_warmed: bool = True
    budget: str = ""


@dataclass(frozen=True)
class Comparison:
    """A number made of two cases, round by round.

    Args:
        name: What it says.
        ours: Name of the case that is judged by it.
        other: Name of the case beside it.
        number: Makes the number of both medians of one round.
        unit: Of the number.
        budget: What the design asks for; shown, not checked.
    """

    name: str
    ours: str
    other: str
    number: Callable[[float, float], float]
    unit: str
    budget: str = ""


@dataclass
class Plan:
    """What a row measures, once all that it needs is there. ``notes`` may still grow while it runs."""

    cases: list[Case]
    comparisons: list[Comparison] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """One row of the report.

    Args:
        name: What it is called at the command line.
        title: What it measures, in one line.
        plan: Sets everything up in an empty folder, and takes it down again at the end of the block.
        rounds: How often each case is measured, unless the command line says otherwise.
        programs: What it runs beside OpenSSH, of ``bench.programs``.
    """

    name: str
    title: str
    plan: Callable[[Path], AbstractContextManager[Plan]]
    rounds: int = 7
    programs: tuple[str, ...] = ()


@dataclass
class Measured:
    """The values of one case, one list a round, and why rounds of it failed, or were given up."""

    case: Case
    rounds: list[list[float] | None] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    given_up: str = ""

    @property
    def values(self) -> list[float]:
        """All values of all rounds."""
        return [value for values in self.rounds if values for value in values]


@dataclass
class Result:
    """What came out of a row, and how long it took. ``failure`` says why nothing did."""

    row: Row
    measured: list[Measured] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    took_s: float = 0.0
    failure: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether something of it could not be measured."""
        return bool(self.failure) or any(each.failures for each in self.measured)

    def compared(self, comparison: Comparison) -> list[float]:
        """The comparison's number for every round that has both cases."""
        by_name = {each.case.name: each.rounds for each in self.measured}
        pairs = zip(by_name[comparison.ours], by_name[comparison.other], strict=False)
        return [comparison.number(median(ours), median(other)) for ours, other in pairs if ours and other]


def ratio(name: str, ours: str, other: str, budget: str = "") -> Comparison:
    """How many times as long ours takes as the other."""
    return Comparison(name, ours, other, lambda mine, theirs: mine / theirs, TIMES, budget)


def difference(name: str, ours: str, other: str, budget: str = "") -> Comparison:
    """How many seconds longer ours takes than the other."""
    return Comparison(name, ours, other, lambda mine, theirs: mine - theirs, SECONDS, budget)


def more_round_trips(name: str, ours: str, other: str, budget: str = "") -> Comparison:
    """How many round trips ours takes more than the other, where both are counted."""
    return Comparison(name, ours, other, lambda mine, theirs: mine - theirs, ROUND_TRIPS, budget)


def round_trips(name: str, delayed: str, direct: str, round_trip_s: float, budget: str = "") -> Comparison:
    """How many round trips a delayed path adds to a direct one."""
    return Comparison(
        name, delayed, direct, lambda slow, fast: (slow - fast) / round_trip_s, ROUND_TRIPS, budget
    )
