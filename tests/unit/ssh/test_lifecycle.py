import itertools

import pytest

from runicornd import errors
from runicornd.ssh.lifecycle import (
    Answered,
    Asked,
    Closed,
    Disposition,
    Established,
    Failed,
    LinkPhase,
    LinkState,
    Released,
    Stopped,
    Tried,
    classify,
    transition,
)

LOST = errors.NotConnected("cannot reach gpu: lost")
WRONG = errors.AuthFailed("cannot log in: refused")
EVENTS = [
    Tried(),
    Asked("p1"),
    Answered(),
    Established(),
    Failed(LOST, 9.0),
    Stopped(WRONG, "p2"),
    Released(),
    Closed(),
]


def after(*events, at=1.0):
    state = LinkState(LinkPhase.IDLE, 0.0)
    for event in events:
        state = transition(state, event, at)
    return state


def test_the_ordinary_way_up():
    """A try leads to connecting and on to up."""
    assert after(Tried()).phase is LinkPhase.CONNECTING
    assert after(Tried(), Established()) == LinkState(LinkPhase.UP, 1.0)


def test_a_question_makes_it_wait_and_names_the_prompt():
    """While a person is asked the state says which question, and no longer after the answer."""
    assert after(Tried(), Asked("p1")) == LinkState(LinkPhase.WAITING_FOR_USER, 1.0, prompt_id="p1")
    assert after(Tried(), Asked("p1"), Asked("p2")).prompt_id == "p2"
    assert after(Tried(), Asked("p1"), Answered()) == LinkState(LinkPhase.CONNECTING, 1.0)


@pytest.mark.parametrize("before", [(Tried(),), (Tried(), Asked("p1")), (Tried(), Established())])
def test_failures_lead_to_backoff_or_blocked(before):
    """Both carry the error; backoff the time of the next try, blocked the question."""
    assert after(*before, Failed(LOST, 9.0)) == LinkState(LinkPhase.BACKOFF, 1.0, LOST, retry_at=9.0)
    assert after(*before, Stopped(WRONG, "p2")) == LinkState(LinkPhase.BLOCKED, 1.0, WRONG, prompt_id="p2")


def test_a_new_try_still_says_why_the_last_one_failed():
    """The error stays while connecting again, and goes when the link is up."""
    again = after(Tried(), Failed(LOST, 9.0), Tried())
    assert again == LinkState(LinkPhase.CONNECTING, 1.0, LOST)
    assert transition(again, Established(), 2.0) == LinkState(LinkPhase.UP, 2.0)


def test_since_is_the_time_of_the_phase_not_of_the_event():
    """Staying in a phase keeps its beginning."""
    state = after(Tried(), at=5.0)
    assert transition(state, Tried(), 8.0) == state
    assert transition(state, Established(), 8.0).since == 8.0


def test_late_news_of_a_question_changes_nothing():
    """A question that closes after its try has ended is no transition."""
    for state in (after(), after(Tried(), Established()), after(Tried(), Failed(LOST, 9.0))):
        assert transition(state, Answered(), 2.0) == state
        assert transition(state, Asked("p1"), 2.0) == state


def test_closed_is_the_end():
    """Nothing leads out of closed."""
    closed = after(Tried(), Closed())
    for event in EVENTS:
        assert transition(closed, event, 2.0) == closed


@pytest.mark.parametrize(
    ("before", "event"),
    [
        ((), Established()),
        ((), Failed(LOST, 9.0)),
        ((), Stopped(WRONG)),
        ((Tried(), Established()), Tried()),
        ((Tried(), Established()), Established()),
        ((Tried(), Failed(LOST, 9.0)), Established()),
        ((Tried(), Stopped(WRONG)), Failed(LOST, 9.0)),
    ],
)
def test_what_cannot_happen_is_refused(before, event):
    """A mistake in the link is loud."""
    with pytest.raises(ValueError, match="cannot meet"):
        after(*before, event)


def test_only_their_own_phases_carry_facts():
    """Whatever happens, retry_at belongs to backoff and prompt_id to the two phases that ask."""
    for events in itertools.product(EVENTS, repeat=4):
        try:
            state = after(*events)
        except ValueError:
            continue
        assert (state.retry_at is not None) == (state.phase is LinkPhase.BACKOFF)
        if state.prompt_id is not None:
            assert state.phase in {LinkPhase.WAITING_FOR_USER, LinkPhase.BLOCKED}
        if state.phase in {LinkPhase.UP, LinkPhase.IDLE}:
            assert state.error is None


PERSON = {
    "auth_failed",
    "key_unusable",
    "host_key_unknown",
    "host_key_changed",
    "known_hosts_unreadable",
    "needs_input",
}
RETRIED = {"host_unreachable", "not_connected", "not_ssh"}


@pytest.mark.parametrize("kind", errors.ConnectError.__subclasses__(), ids=lambda kind: kind.kind)
def test_every_connect_error_has_its_disposition(kind):
    """Only what may pass by itself is tried again by itself."""
    expected = (
        Disposition.NEEDS_USER
        if kind.kind in PERSON
        else Disposition.RETRY
        if kind.kind in RETRIED
        else Disposition.FATAL
    )
    assert classify(kind("cannot")) is expected


def test_errors_from_elsewhere_are_classified_too():
    """The system's errors pass with time; a mistake of our own does not."""
    assert classify(ConnectionResetError()) is Disposition.RETRY
    assert classify(TimeoutError()) is Disposition.RETRY
    assert classify(KeyError("x")) is Disposition.FATAL
    assert classify(errors.RemoteUnsupported("cannot")) is Disposition.FATAL
