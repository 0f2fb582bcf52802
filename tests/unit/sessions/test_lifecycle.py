"""The pure life of a session."""

import itertools

import pytest

from runicornd.errors import HostUnreachable, ViewerCrashed
from runicornd.sessions.lifecycle import (
    Answered,
    Ended,
    GaveUp,
    IllegalChangeError,
    LinkLost,
    Started,
    Stepped,
    StopAsked,
    Stuck,
    ViewerLost,
    transition,
)
from runicornd.sessions.model import Phase, State, Step

LOST = HostUnreachable("cannot reach gpu: gone")
CRASHED = ViewerCrashed("cannot keep the viewer: it died")


def walk(*changes, phase=Phase.STOPPED):
    state = State(phase=phase, since=0.0)
    for now, change in enumerate(changes, start=1):
        state = transition(state, change, float(now))
    return state


def test_a_start_walks_its_steps_to_ready():
    """Each step is shown while starting, and ready has none."""
    steps = [Step.CONNECTING, Step.ENVIRONMENTS, Step.LAUNCHING, Step.ANSWERING]
    state = walk(Started(), *(Stepped(step) for step in steps))
    assert (state.phase, state.step, state.since) == (Phase.STARTING, Step.ANSWERING, 1.0)
    state = transition(state, Answered(), 9.0)
    assert (state.phase, state.step, state.since) == (Phase.READY, None, 9.0)


def test_a_lost_link_shows_why_until_it_is_back():
    """Reconnecting keeps its error through the steps, and ready clears it."""
    state = walk(Started(), Answered(), LinkLost(LOST), Stepped(Step.CONNECTING, "trying"))
    assert (state.phase, state.error, state.step, state.detail) == (
        Phase.RECONNECTING,
        LOST,
        None,
        "trying",
    )
    assert transition(state, Answered(), 9.0).error is None


def test_since_moves_only_with_the_phase():
    """A second loss in a row does not restart the clock."""
    state = walk(Started(), Answered(), LinkLost(LOST), LinkLost(CRASHED))
    assert (state.since, state.error) == (3.0, CRASHED)


@pytest.mark.parametrize("change", [Stuck(LOST), GaveUp(LOST), ViewerLost(CRASHED), LinkLost(LOST)])
def test_every_trouble_carries_its_error(change):
    """Whatever goes wrong is told."""
    assert walk(Started(), change).error is change.error


def test_stopping_ends_in_stopped_with_what_is_left():
    """The detail of the end is shown."""
    state = walk(Started(), Answered(), StopAsked(), Ended("the viewer ends within 30 min"))
    assert (state.phase, state.detail) == (Phase.STOPPED, "the viewer ends within 30 min")


def test_only_legal_changes_are_taken():
    """Of all pairs of phase and change, exactly the ones in the drawing are legal."""
    changes = [
        Started(),
        Stepped(Step.CONNECTING),
        Answered(),
        LinkLost(LOST),
        ViewerLost(None),
        Stuck(LOST),
        GaveUp(LOST),
        StopAsked(),
        Ended(),
    ]
    illegal = set()
    for phase, change in itertools.product(Phase, changes):
        try:
            transition(State(phase=phase, since=0.0), change, 1.0)
        except IllegalChangeError:
            illegal.add((phase, type(change)))
    troubles = {Answered, LinkLost, ViewerLost, Stuck, GaveUp, Stepped}
    at_work = {Phase.STARTING, Phase.READY, Phase.RECONNECTING, Phase.RESTARTING, Phase.BLOCKED}
    expected = {(phase, Started) for phase in {*at_work, Phase.STOPPING}}
    expected |= {(phase, Ended) for phase in Phase if phase is not Phase.STOPPING}
    expected |= {(phase, kind) for phase in set(Phase) - at_work for kind in troubles}
    expected |= {(Phase.READY, Stepped), (Phase.STOPPING, StopAsked)}
    assert illegal == expected
