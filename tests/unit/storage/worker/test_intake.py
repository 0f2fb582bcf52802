"""What gathers on its way from the stream to the disk, and when it goes on."""

import asyncio
import threading

import pytest

from runicornd._lib.clock import SystemClock
from runicornd.errors import LocalDiskFull
from runicornd.storage.worker.intake import PLACE_S, Intake, Threads
from runicornd.storage.worker.placing import Placed
from runicornd.storage.worker.plan import PlannedFile
from runicornd.storage.worker.receiving import End, Received, Work
from runicornd.storage.worker.verified import Known
from tests.fakes.clock import FakeClock
from tests.helpers.waiting import eventually


class Receiver:
    """Each file that ends is whole, unless the disk is full."""

    is_full = False

    def take(self, steps):
        if self.is_full:
            raise LocalDiskFull("cannot write: no space left")
        return [
            Received(step.work, Known(step.work.file.path, 10, 0, "")) for step in steps if type(step) is End
        ]

    def pause(self):
        return


class Placer:
    """Puts everything in its place, and remembers how many at a time."""

    def __init__(self):
        self.groups = []

    def place(self, files):
        self.groups.append(len(files))
        return [Placed(each.work.file, each.work) for each in files]


def ended(name):
    return End(Work(PlannedFile(path=name, source=name, size=10, digest=""), f"{name}.part"))


class Parts:
    def __init__(self, clock):
        self.receiver, self.placer, self.settled = Receiver(), Placer(), []
        self.threads = Threads()
        self.intake = Intake(self.threads, self.receiver, self.placer, self.settled.append, clock)

    def nudged(self):
        """Nudge, as the worker does a few times a second; whether the files have come to an end."""
        self.intake.nudge()
        return self.settled


@pytest.fixture
async def parts():
    made = []

    def make(clock):
        made.append(Parts(clock))
        return made[-1]

    yield make
    for each in made:
        await each.threads.close()


async def test_few_files_that_come_slowly_are_placed_and_counted(parts):
    """Nobody waits for the thousandth before the first is told to be there."""
    p = parts(SystemClock())
    for name in ("a", "b"):
        await p.intake.add(ended(name))
    await eventually(p.nudged)
    assert p.placer.groups == [2]


async def test_files_wait_for_each_other(parts):
    """Each placing syncs the disk: it is not done at every nudge."""
    clock = FakeClock()
    p = parts(clock)
    await p.intake.add(ended("a"))
    await eventually(lambda: p.nudged() or p.intake._whole)
    await p.intake.add(ended("b"))
    await eventually(lambda: p.nudged() or len(p.intake._whole) == 2)
    assert p.placer.groups == []
    await clock.advance(PLACE_S)
    await eventually(p.nudged)
    assert p.placer.groups == [2]


async def test_a_nudge_during_a_pause_counts_nothing_twice(parts):
    """After a cut what is on its way comes to its end, while the worker's clock goes on ticking."""
    p = parts(SystemClock())
    hindered = threading.Event()
    take = p.receiver.take

    def slow(steps):
        if steps[0].work.file.path == "b":
            hindered.wait(10)
        return take(steps)

    p.receiver.take = slow
    for name in ("a", "b"):
        await p.intake.add(ended(name))
        p.intake._submit()
    await eventually(p.intake._receiving[0].done)
    pausing = asyncio.create_task(p.intake.pause())
    await asyncio.sleep(0)
    p.intake.nudge()
    hindered.set()
    await pausing
    assert sum(p.placer.groups) == 2
    assert [each.file.path for each in p.settled] == ["a", "b"]


async def test_a_full_disk_is_told_to_the_stream_and_not_to_the_nudge(parts):
    """Whoever nudges cannot do anything about it."""
    p = parts(SystemClock())
    p.receiver.is_full = True
    await p.intake.add(ended("a"))
    p.intake.nudge()
    await eventually(p.intake._receiving[0].done)
    p.intake.nudge()
    with pytest.raises(LocalDiskFull):
        await p.intake.flush()
