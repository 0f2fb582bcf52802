import asyncio

from runicornd._lib.clock import SystemClock, set_within
from tests.fakes.clock import FakeClock, settle


def test_the_system_clock_goes_forward():
    """Monotonic and boot time never go back; boot time is never behind monotonic."""
    clock = SystemClock()
    before, booted = clock.monotonic(), clock.boot_time()
    assert clock.monotonic() >= before
    assert clock.boot_time() >= booted
    assert booted >= before - 1


async def test_an_event_that_comes_in_time_is_seen():
    """The wait ends with the event, not with the time."""
    clock, event = FakeClock(), asyncio.Event()
    wait = asyncio.create_task(set_within(clock, event, 10))
    await settle()
    event.set()
    assert await wait is True
    assert clock.sleepers == 0


async def test_the_wait_ends_when_the_time_is_up():
    """Without the event the answer is no, after exactly the time."""
    clock, event = FakeClock(), asyncio.Event()
    wait = asyncio.create_task(set_within(clock, event, 10))
    await clock.advance(9.9)
    assert not wait.done()
    await clock.advance(0.2)
    assert await wait is False


async def test_no_time_at_all_only_looks():
    """Zero and negative times do not wait."""
    event = asyncio.Event()
    assert await set_within(FakeClock(), event, 0) is False
    assert await set_within(FakeClock(), event, -1) is False
    event.set()
    assert await set_within(FakeClock(), event, 0) is True


async def test_a_cancelled_wait_leaves_nothing_behind():
    """Both inner waits end with it."""
    clock, event = FakeClock(), asyncio.Event()
    wait = asyncio.create_task(set_within(clock, event, 10))
    await settle()
    wait.cancel()
    await asyncio.wait([wait])
    assert wait.cancelled()
    assert clock.sleepers == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
