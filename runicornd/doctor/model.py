"""What the doctor says: findings, checks, a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from runicornd.events import Event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runicornd.errors import RunicorndError


class Verdict(StrEnum):
    """How a check ended. ``SKIPPED`` was not looked at; ``RUNNING`` has not ended."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look has found.

    Args:
        kind: A stable word for what was found, for programs; an error's own where one was the reason.
        verdict: ``SKIPPED`` says that there is nothing to look at; what builds on it is looked at.
        text: What was found, or why not, in words.
        hint: What to do next.
        context: The facts as JSON values: all that ``text`` names, so that it can be said in other words.
    """

    kind: str
    verdict: Verdict
    text: str
    hint: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


def ok(kind: str, text: str, /, **context: object) -> Finding:
    """Nothing is wrong."""
    return Finding(kind, Verdict.OK, text, context=context)


def warning(kind: str, text: str, hint: str, /, **context: object) -> Finding:
    """It works, or may work, and could be better."""
    return Finding(kind, Verdict.WARNING, text, hint, context)


def failure(kind: str, text: str, hint: str, /, **context: object) -> Finding:
    """It does not work."""
    return Finding(kind, Verdict.FAILURE, text, hint, context)


def not_needed(kind: str, text: str, /, **context: object) -> Finding:
    """There is nothing to look at."""
    return Finding(kind, Verdict.SKIPPED, text, context=context)


def failure_of(error: RunicorndError) -> Finding:
    """The error as a finding, in its own words."""
    context = {"kind": error.kind, **error.context}
    return Finding(error.kind, Verdict.FAILURE, error.message, error.hint, context)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a report. ``name`` is stable, ``title`` is for people."""

    name: str
    title: str
    finding: Finding
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All checks in order. ``target`` is None where the daemon itself was looked at."""

    target: str | None
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all verdicts; what was skipped does not count."""
        found = {check.finding.verdict for check in self.checks}
        return next((worst for worst in (Verdict.FAILURE, Verdict.WARNING) if worst in found), Verdict.OK)


@dataclass(frozen=True, slots=True)
class Ticked(Event):
    """A check has begun or ended. ``run`` is the caller's word for this run."""

    run: str
    target: str | None
    check: Check
