"""What the doctor finds."""

from __future__ import annotations

from typing import Literal

from runicornd.protocol.models.base import Params, Result, Text
from runicornd.protocol.models.hosts import AuthParams


class DoctorParams(Params):
    """Look at a target, or at the daemon itself when there is none.

    Args:
        run: A word of the caller's that marks the events of this run.
        auth: How to log in.
        ask: Whether a person is there to answer questions; without one, they are findings.
    """

    target: Text | None = None
    run: Text | None = None
    auth: AuthParams | None = None
    ask: bool = True


class Check(Result):
    """One line. ``name`` is stable, ``title`` is for people.

    ``kind`` is a stable word for what was found: one of ``protocol/findings.py``, or an error's kind.
    ``context`` then has all that ``finding`` names.

    ``verdict`` ``skipped`` means that it could not be looked at; ``finding`` says what was found or why
    not, ``hint`` what to do next. ``context`` has the facts.
    """

    name: str
    title: str
    verdict: Literal["ok", "warning", "failure", "skipped", "running"]
    finding: str = ""
    hint: str = ""
    seconds: float = 0.0
    context: dict[str, object] = {}
    kind: str = ""


class DoctorResult(Result):
    """All checks in order; ``verdict`` is the worst of them."""

    target: str | None
    verdict: Literal["ok", "warning", "failure"]
    checks: list[Check]


class DoctorTick(Result):
    """The data of the event ``doctor``: a check that began or ended."""

    run: str
    target: str | None
    check: Check
