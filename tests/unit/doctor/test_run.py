"""Running checks: order, needs, limits, and errors that become findings."""

import asyncio

from runicornd.doctor.model import Report, Verdict, not_needed, ok, warning
from runicornd.doctor.run import Step, run_steps
from runicornd.errors import HostUnreachable


def step(name, outcome=None, needs=(), limit_s=5.0):
    """A check that returns or raises what is given."""

    async def look():
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome or ok("fine", "well")

    return Step(name, name.title(), look, needs, limit_s)


async def run(*steps):
    ticks = []
    checks = await run_steps(steps, ticks.append)
    return {check.name: check.finding for check in checks}, ticks


async def test_each_check_ticks_twice_in_order():
    """It is told when a check begins and what it has found."""
    _, ticks = await run(step("a"), step("b", warning("odd", "odd", "mend it")))
    assert [(tick.name, str(tick.finding.verdict)) for tick in ticks] == [
        ("a", "running"),
        ("a", "ok"),
        ("b", "running"),
        ("b", "warning"),
    ]


async def test_what_builds_on_a_failure_is_not_looked_at():
    """All that follows names the check that failed first; the rest goes on."""
    failing = HostUnreachable("cannot reach it: refused", hint="check the port", reason="refused")
    found, ticks = await run(
        step("a", failing),
        step("b", needs=("a",)),
        step("c", needs=("b",)),
        step("d"),
        step("e", needs=("d",)),
    )
    assert found["a"].text == "cannot reach it: refused"
    assert found["a"].hint == "check the port"
    assert found["a"].context == {"kind": "host_unreachable", "reason": "refused"}
    for name in "bc":
        assert found[name].verdict is Verdict.SKIPPED
        assert found[name].text == "not checked: 'A' failed"
    assert found["e"].verdict is Verdict.OK
    assert ("b", "running") not in {(tick.name, str(tick.finding.verdict)) for tick in ticks}


async def test_what_is_not_needed_and_what_is_odd_is_no_obstacle():
    """Only a failure keeps others from being looked at."""
    found, _ = await run(
        step("a", not_needed("none", "no")),
        step("b", warning("odd", "odd", "mend"), ("a",)),
        step("c", None, ("b",)),
    )
    assert found["c"].verdict is Verdict.OK


async def test_a_check_without_an_end_is_a_failure():
    """Each has a limit of its own."""

    async def hang():
        await asyncio.Event().wait()

    found, _ = await run(Step("a", "A", hang, limit_s=0.05), step("b"))
    assert found["a"].verdict is Verdict.FAILURE
    assert "no result within 0.05 s" in found["a"].text
    assert found["b"].verdict is Verdict.OK


async def test_a_mistake_of_ours_is_told_without_its_innards():
    """One check that breaks does not take the others along."""
    found, _ = await run(step("a", ZeroDivisionError("secret detail")), step("b"))
    assert found["a"].text == "cannot check it: ZeroDivisionError"
    assert "daemon logs" in found["a"].hint
    assert found["b"].verdict is Verdict.OK


async def test_the_verdict_of_a_report_is_the_worst():
    """What was skipped does not count."""
    well = await run_steps([step("a"), step("b", not_needed("none", "no"))], lambda _: None)
    odd = await run_steps([step("a", warning("odd", "odd", "mend")), step("b")], lambda _: None)
    bad = await run_steps([step("a", warning("odd", "odd", "mend")), step("b", ValueError())], lambda _: None)
    assert [Report(None, checks).verdict for checks in (well, odd, bad)] == ["ok", "warning", "failure"]
