"""Sessions are presented once for each change."""

from dataclasses import replace

from runicornd.rpc.present.presented import PresentedSessions
from runicornd.sessions.model import Intent, Phase, SessionView, State

READY = SessionView(Intent("gpu", "gpu", "runicorn", 1.0), State(Phase.READY, 2.0), "http://localhost:8081")


def test_what_has_not_changed_is_not_made_again():
    """The same view gives the same answer, another one a new one, beside it."""
    presented = PresentedSessions()
    other = replace(READY, intent=replace(READY.intent, id="other"))
    first = presented.all([READY, other])
    failed = replace(other, state=State(Phase.FAILED, 3.0))
    second = presented.all([READY, failed])
    assert second[0] is first[0]
    assert [each.state for each in second] == ["ready", "failed"]
    assert [each.state for each in first] == ["ready", "ready"]


def test_the_order_and_the_number_are_those_of_the_views():
    """A session that is gone is not answered any more, nor kept."""
    presented = PresentedSessions()
    views = [replace(READY, intent=replace(READY.intent, id=name)) for name in "cab"]
    assert [each.id for each in presented.all(views)] == ["c", "a", "b"]
    assert [each.id for each in presented.all(views[1:])] == ["a", "b"]
    assert presented.all([]) == []
