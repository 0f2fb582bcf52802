"""How far a sync is, and when it is synced by itself."""

import random

import pytest

from runicornd.storage import lifecycle
from runicornd.storage.model import StorePhase, SyncProgress
from runicornd.storage.schedule import Schedule
from runicornd.storage.sync import Meter
from tests.fakes.clock import FakeClock
from tests.fakes.storage_parts import file_frame


@pytest.fixture
def told():
    return []


@pytest.fixture
def clock():
    return FakeClock()


async def test_progress(told, clock):
    """Files and bytes done and in all, the current file, and the rate of the last seconds."""
    meter = Meter(clock, told.append)
    meter.enter("scanning")
    await clock.advance(1)
    meter.scanned(300)
    assert (told[-1].phase, told[-1].files_done) == ("scanning", 300)
    meter.expect(30, 3000)
    for number in range(30):
        await clock.advance(1)
        meter.took([file_frame(f"f{number}", b"x" * 100)])
    last = told[-1]
    assert (last.phase, last.files_done, last.files_total) == ("receiving", 30, 30)
    assert (last.bytes_done, last.bytes_total, last.current) == (3000, 3000, "f29")
    assert last.rate == pytest.approx(100, rel=0.01)
    meter.enter("indexing")
    assert (told[-1].current, told[-1].rate, told[-1].bytes_done) == ("", 0.0, 3000)


async def test_progress_is_told_ten_times_a_second(told, clock):
    """What comes between is in the next one."""
    meter = Meter(clock, told.append)
    meter.expect(1000, 100_000)
    for _ in range(1000):
        await clock.advance(0.001)
        meter.took([file_frame()])
    assert 9 <= len(told) <= 11
    assert told[-1].files_done > 880


async def test_a_sync_without_anything_has_a_rate(told, clock):
    """Nothing to divide by is no error."""
    meter = Meter(clock, told.append)
    meter.expect(0, 0)
    meter.took([])
    meter.took([file_frame()])
    assert meter.progress.rate == 0.0


def schedule(clock, interval_s=100.0):
    return Schedule(interval_s, clock, random.Random(1))


def test_syncs_are_not_in_step(clock):
    """Two stores that were synced at the same time are not at the same time again."""
    rng = random.Random(1)
    both = [Schedule(100.0, clock, rng) for _ in range(2)]
    for one in both:
        one.succeeded()
        assert 95 <= one.left_s <= 105
    assert both[0].left_s != both[1].left_s


def test_a_sync_of_an_earlier_daemon_counts(clock):
    """The rest of the interval is waited; a time in the future counts as now."""
    one = schedule(clock)
    for last, left in [
        (None, 0),
        (clock.wall() - 30, 70),
        (clock.wall() - 1000, 0),
        (clock.wall() + 9999, 100),
    ]:
        one.resume(last)
        assert one.left_s == pytest.approx(left)


def test_sleep_counts(clock):
    """What became due while the machine slept is due."""
    one = schedule(clock)
    one.succeeded()
    clock.suspend(1000)
    assert one.left_s == 0


def test_what_cannot_pass_waits_for_the_interval(clock):
    """What may pass is tried sooner."""
    one = schedule(clock)
    one.failed(may_pass=True)
    assert one.left_s <= 15
    one.failed(may_pass=False)
    assert one.left_s >= 95


def test_without_an_interval_nothing_comes_by_itself(clock):
    """Neither after success nor after failure."""
    one = schedule(clock, None)
    one.resume(None)
    one.succeeded()
    one.failed(may_pass=True)
    assert (one.left_s, one.next_at) == (None, None)


def test_a_disconnected_store_stays_so():
    """News of work that is still ending do not change it; only the user does."""
    state = lifecycle.StoreState(StorePhase.SYNCING, 1.0)
    state = lifecycle.transition(state, lifecycle.Disconnected(), 2.0)
    for late in (lifecycle.Advanced(SyncProgress("receiving", 1.0)), lifecycle.Rested(9.0)):
        assert lifecycle.transition(state, late, 3.0) == state
    state = lifecycle.transition(state, lifecycle.Connected(), 4.0)
    assert (state.phase, state.since) == (StorePhase.IDLE, 4.0)


def test_what_cannot_follow():
    """Connecting what is connected is a mistake in the program."""
    with pytest.raises(lifecycle.IllegalChangeError):
        lifecycle.transition(lifecycle.StoreState(StorePhase.IDLE, 1.0), lifecycle.Connected(), 2.0)


def test_since_moves_with_the_phase_only():
    """It says how long the sync has been running."""
    state = lifecycle.StoreState(StorePhase.IDLE, 1.0)
    for now in (2.0, 3.0):
        state = lifecycle.transition(state, lifecycle.Advanced(SyncProgress("receiving", 2.0)), now)
    assert state.since == 2.0
