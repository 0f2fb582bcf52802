"""How fast it goes, and how fast it may go."""

import pytest

from runicornd.storage.worker.meter import Bucket, Meter
from tests.fakes.clock import FakeClock


async def test_the_rate_is_that_of_the_last_seconds():
    """What was long ago does not count."""
    clock = FakeClock()
    meter = Meter(clock, 1, 10_000)
    for _ in range(100):
        await clock.advance(0.2)
        meter.fetched(20)
        rate = meter.rate()
    assert rate == pytest.approx(100, rel=0.1)
    for _ in range(50):
        await clock.advance(0.2)
        rate = meter.rate()
    assert rate == 0


async def test_no_more_than_all_is_done():
    """What a source that has grown sends too much does not show as more than all."""
    meter = Meter(FakeClock(), 1, 10)
    meter.fetched(50)
    assert meter.totals.bytes_done == 10


async def test_a_bucket_lets_its_rate_through():
    """A hundred pieces of ten bytes take ten seconds at a hundred bytes a second."""
    clock = FakeClock()
    bucket = Bucket(clock, 100.0)
    for _ in range(100):
        await clock.advance(bucket.take(10))
    assert 9.0 < clock.monotonic() <= 10.0


async def test_a_bucket_without_a_limit_never_waits():
    """Nor does one whose limit was taken back."""
    bucket = Bucket(FakeClock(), 1.0)
    assert bucket.take(1000) > 0
    bucket.limit(0)
    assert bucket.take(10**12) == 0


async def test_an_idle_bucket_gathers_little():
    """After a long pause there is no long burst."""
    clock = FakeClock()
    bucket = Bucket(clock, 100.0)
    await clock.advance(3600)
    assert bucket.take(1000) > 9
