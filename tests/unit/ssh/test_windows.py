"""How large the windows of a link's channels are."""

import pytest

from runicornd.ssh.windows import LEAST_BYTES, LINK_BYTES, MOST_BYTES, START_BYTES, Allowance, Window

ROUND_TRIP_S = 0.1


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def receive(window, clock, size, seconds):
    """Receive in ten pieces; how often it grew."""
    grown = 0
    for _ in range(10):
        grown += window.received(size // 10)
        clock.now += seconds / 10
    return grown


def test_it_grows_while_it_is_what_holds_the_sender_up():
    """A whole window at once, every round trip, is a sender who waits for room."""
    clock, allowance = Clock(), Allowance(round_trip_s=ROUND_TRIP_S)
    window = Window(allowance, clock)
    assert window.size == START_BYTES
    for _ in range(10):
        receive(window, clock, window.size, seconds=0.01)
        clock.now += ROUND_TRIP_S
    assert window.size == MOST_BYTES


def test_it_stays_as_it_is_when_the_path_or_the_reader_is_slower():
    """A window that lasts for more than a round trip is large enough."""
    clock, allowance = Clock(), Allowance(round_trip_s=ROUND_TRIP_S)
    window = Window(allowance, clock)
    for _ in range(10):
        assert receive(window, clock, window.size, seconds=3 * ROUND_TRIP_S) == 0
    assert window.size == START_BYTES


def test_a_near_server_needs_no_more_than_the_first_window():
    """However quickly the bytes come."""
    clock, allowance = Clock(), Allowance(round_trip_s=0.005)
    window = Window(allowance, clock)
    for _ in range(10):
        assert receive(window, clock, window.size, seconds=0.001) == 0


def test_a_pause_before_the_bytes_is_not_counted_as_slowness():
    """A connection that was silent for long grows with its next large answer."""
    clock, allowance = Clock(), Allowance(round_trip_s=ROUND_TRIP_S)
    window = Window(allowance, clock)
    clock.now += 60
    assert receive(window, clock, window.size, seconds=0.01) > 0


def test_all_together_stay_below_the_limit_of_the_link():
    """However many there are and however they grow, only the least that each gets comes on top."""
    clock, allowance = Clock(), Allowance(round_trip_s=ROUND_TRIP_S)
    windows = [Window(allowance, clock) for _ in range(512)]
    for window in windows:
        for _ in range(5):
            receive(window, clock, window.size, seconds=0.01)
    assert min(window.size for window in windows) >= LEAST_BYTES
    assert sum(window.size for window in windows) <= LINK_BYTES + 512 * LEAST_BYTES


def test_what_a_channel_had_goes_to_others_when_it_ends():
    """The end of a channel is counted once, however often it is told."""
    clock, allowance = Clock(), Allowance(total=4 * START_BYTES, round_trip_s=ROUND_TRIP_S)
    first = Window(allowance, clock)
    for _ in range(5):
        receive(first, clock, first.size, seconds=0.01)
    assert allowance.left + first.size == 4 * START_BYTES
    first.close()
    first.close()
    assert allowance.left == 4 * START_BYTES


def test_a_few_large_ones_leave_enough_for_others():
    """Readers who stop with all that they could get do not slow down those who come later."""
    clock, allowance = Clock(), Allowance(round_trip_s=ROUND_TRIP_S)
    greedy = [Window(allowance, clock) for _ in range(4)]
    for _ in range(5):
        for window in greedy:
            receive(window, clock, window.size, seconds=0.01)
    late = Window(allowance, clock)
    assert late.size >= 4 * LEAST_BYTES


@pytest.mark.parametrize(
    ("known", "measured", "expected"), [(0.0, 0.2, 0.2), (0.3, 0.2, 0.2), (0.1, 0.2, 0.1)]
)
def test_the_quickest_answer_tells_the_round_trip(known, measured, expected):
    """What took longer had other work in it."""
    allowance = Allowance(round_trip_s=known)
    allowance.measured(measured)
    assert allowance.round_trip_s == expected
