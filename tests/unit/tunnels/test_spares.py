"""Streams that lie ready for visitors."""

import asyncio

import pytest

from runicornd.errors import ForwardingForbidden
from runicornd.tunnels.spares import Room, Spares
from tests.helpers.waiting import eventually, within


class Stream:
    def __init__(self):
        self.is_fresh = True
        self.aborted = False

    def abort(self):
        self.aborted = True


class Viewer:
    """Opens streams. ``gate`` holds them back, ``error`` makes them fail."""

    def __init__(self):
        self.streams = []
        self.dials = 0
        self.error = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def dial(self):
        self.dials += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        self.streams.append(Stream())
        return self.streams[-1]

    @property
    def alive(self):
        return [stream for stream in self.streams if not stream.aborted]


@pytest.fixture
async def make():
    """Makes spares of a viewer, in a room that all share."""
    made, room = [], Room(most=2)

    def make(viewer=None, **options):
        spares = Spares("session", room, count=3, **options)
        if viewer:
            spares.lead_to(viewer.dial)
        made.append(spares)
        return spares

    yield make
    for spares in made:
        await spares.close(1.0)


async def test_none_are_opened_before_a_visit(make):
    """A session that nobody looks at costs the server nothing."""
    viewer = Viewer()
    spares = make(viewer)
    assert spares.take() is None
    await asyncio.sleep(0)
    assert viewer.dials == 0


async def test_each_that_is_taken_is_replaced(make):
    """After the first visit there are always some, each for one client only."""
    viewer = Viewer()
    spares = make(viewer)
    spares.visited()
    await eventually(lambda: len(spares) == 3)
    taken = [spares.take(), spares.take()]
    assert taken == viewer.streams[:2]
    await eventually(lambda: len(spares) == 3)
    assert viewer.dials == 5
    assert not any(stream.aborted for stream in viewer.streams)


async def test_one_that_the_far_end_has_closed_is_never_handed_out(make):
    """It is dropped instead, and the next one is tried."""
    viewer = Viewer()
    spares = make(viewer)
    spares.visited()
    await eventually(lambda: len(spares) == 3)
    viewer.streams[0].is_fresh = False
    assert spares.take() is viewer.streams[1]
    assert viewer.streams[0].aborted


async def test_those_that_the_far_end_has_closed_are_let_go(make):
    """Also when nobody takes any."""
    viewer = Viewer()
    spares = make(viewer, look_s=0.01)
    spares.visited()
    await eventually(lambda: len(spares) == 3)
    viewer.streams[1].is_fresh = False
    await eventually(lambda: viewer.streams[1].aborted)
    assert len(spares) == 2


async def test_all_go_some_time_after_the_last_visit(make):
    """What nobody uses is given back, and the next visit begins anew."""
    viewer = Viewer()
    spares = make(viewer, look_s=0.01, keep_s=0.02)
    spares.visited()
    await eventually(lambda: len(viewer.streams) == 3 and not viewer.alive)
    spares.visited()
    await eventually(lambda: len(viewer.streams) == 6)


async def test_a_new_viewer_gets_new_ones(make):
    """Those of the old one go, the one that is just being opened as well."""
    old, new = Viewer(), Viewer()
    spares = make(old)
    spares.visited()
    await eventually(lambda: len(spares) == 3)
    old.gate.clear()
    spares.take()
    await eventually(lambda: old.dials == 4)
    spares.lead_to(None)
    assert spares.take() is None
    spares.lead_to(new.dial)
    old.gate.set()
    await eventually(lambda: len(spares) == 3)
    assert all(stream.aborted for stream in old.streams[1:])
    assert spares.take() is new.streams[0]


async def test_a_server_that_refuses_is_left_in_peace(make):
    """After a failure nothing is opened ahead for a while, however many visitors come."""
    viewer = Viewer()
    viewer.error = ForwardingForbidden("cannot open another channel")
    spares = make(viewer)
    spares.visited()
    await eventually(lambda: viewer.dials == 3)
    viewer.error = None
    for _ in range(3):
        await asyncio.sleep(0)
        spares.visited()
    assert spares.take() is None
    assert viewer.dials == 3


async def test_it_is_tried_again_later(make):
    """The refusal may have been a limit of that moment."""
    viewer = Viewer()
    viewer.error = ForwardingForbidden("cannot open another channel")
    spares = make(viewer, rest_s=0.0)
    spares.visited()
    await eventually(lambda: viewer.dials == 3)
    viewer.error = None

    def is_full():
        spares.visited()
        return len(spares) == 3

    await eventually(is_full)


async def test_only_the_tunnels_that_were_visited_last_have_some(make):
    """Of three with room for two, the one whose visit is longest ago gives its own back."""
    viewers = [Viewer() for _ in range(3)]
    first, second, third = (make(viewer) for viewer in viewers)
    first.visited()
    second.visited()
    await eventually(lambda: len(first) == len(second) == 3)
    first.visited()
    third.visited()
    await eventually(lambda: len(third) == 3)
    assert [len(viewer.alive) for viewer in viewers] == [3, 0, 3]
    assert second.take() is None


async def test_closing_drops_all_and_ends_what_is_being_opened(make):
    """No stream and no task is left."""
    viewer = Viewer()
    spares = make(viewer)
    spares.visited()
    await eventually(lambda: len(spares) == 3)
    viewer.gate.clear()
    spares.take()
    await eventually(lambda: viewer.dials == 4)
    await within(spares.close(1.0))
    assert viewer.alive == viewer.streams[:1]
    assert len(asyncio.all_tasks()) == 1
