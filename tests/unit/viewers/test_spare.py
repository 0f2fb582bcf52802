"""Streams that are opened ahead."""

from runicornd.viewers.spare import Spare
from tests.helpers.waiting import eventually


class Stream:
    aborted = False
    is_fresh = True

    def abort(self):
        self.aborted = True


async def test_it_is_handed_over_once():
    """Two clients never share a stream."""
    spare, stream = Spare(), Stream()
    spare.put(stream)
    assert spare.take() is stream
    assert spare.take() is None
    assert not stream.aborted


async def test_one_that_is_left_lying_about_is_dropped():
    """It might be dead when it is used."""
    spare, stream = Spare(keep_s=0.01), Stream()
    spare.put(stream)
    await eventually(lambda: stream.aborted)
    assert spare.take() is None


async def test_a_new_one_takes_the_place_of_the_old_one():
    """There is one at most."""
    spare, first, second = Spare(), Stream(), Stream()
    spare.put(first)
    spare.put(second)
    assert first.aborted
    assert spare.take() is second


async def test_one_that_the_viewer_has_closed_is_not_handed_over():
    """Whoever needs a stream gets one that works."""
    spare, stream = Spare(), Stream()
    spare.put(stream)
    stream.is_fresh = False
    assert spare.take() is None
    assert stream.aborted
