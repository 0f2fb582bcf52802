"""What the doctor found."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runicornd.protocol import models

if TYPE_CHECKING:
    from typing import Literal

    from runicornd.doctor.model import Check, Report, Ticked


def check(made: Check) -> models.Check:
    """One check."""
    found = made.finding
    return models.Check(
        name=made.name,
        title=made.title,
        verdict=cast("Literal['ok', 'warning', 'failure', 'skipped', 'running']", str(found.verdict)),
        finding=found.text,
        hint=found.hint,
        seconds=round(made.seconds, 4),
        context=dict(found.context),
        kind=found.kind,
    )


def report(made: Report) -> models.DoctorResult:
    """All checks."""
    return models.DoctorResult(
        target=made.target,
        verdict=cast("Literal['ok', 'warning', 'failure']", str(made.verdict)),
        checks=[check(each) for each in made.checks],
    )


def tick(ticked: Ticked) -> models.DoctorTick:
    """A check that has begun or ended."""
    return models.DoctorTick(run=ticked.run, target=ticked.target, check=check(ticked.check))
