"""While files are put away the next ones are received, within bounds, and nothing is lost on the way."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from runicornd.errors import AgentFailed, LocalDiskFull
from runicornd.remote.store_frames import MetadataGone, SyncBegun, SyncEnded
from runicornd.storage.sync import AHEAD_BYTES, FRAME_BYTES, Meter, Wish, bring_up_to_date
from tests.fakes.clock import FakeClock
from tests.fakes.storage_parts import FakeBatch, FakeIndex, file_frame
from tests.helpers.waiting import within

WISH = Wish("/data", 1000, 1000)


class SlowBatch(FakeBatch):
    """Puts nothing away until ``is_open`` is set; then ``error``, if there is one."""

    def __init__(self, index):
        super().__init__(index)
        self.is_open = asyncio.Event()
        self.error = None
        self.done = []
        self.running = 0

    async def put(self, files):
        assert not self.running, "two at once"
        self.running += 1
        try:
            await self.is_open.wait()
            if self.error:
                raise self.error
            self.done += [file.path for file in files]
            await super().put(files)
        finally:
            self.running -= 1

    async def remove(self, paths):
        assert not self.running, "a removal beside a put"
        self.done += [f"-{path}" for path in paths]
        await super().remove(paths)


class Index(FakeIndex):
    """Has one batch."""

    def __init__(self, folder):
        super().__init__(folder)
        self.batch = SlowBatch(self)
        self.is_over = False

    @asynccontextmanager
    async def sync(self):
        try:
            yield self.batch
        finally:
            assert not self.batch.running, "left while it was still at work"
            self.is_over = True


@pytest.fixture
def index(tmp_path):
    return Index(tmp_path)


def syncing(index, groups, sent, error=None):
    """A sync of these groups of frames; ``sent`` has those that were taken."""

    async def stream(_connection, _request):
        yield [SyncBegun("/data", 0, 0)]
        for group in groups:
            yield group
            sent.append(group)
        if error:
            raise error
        yield [SyncEnded(is_complete=True, token="t")]

    meter = Meter(FakeClock(), lambda _progress: None)
    return asyncio.create_task(bring_up_to_date(None, index, WISH, meter, stream=stream))


def named(number, size=10):
    return file_frame(f"f{number:05}", b"x" * size)


async def test_all_of_it_in_order(index):
    """Files, removals and files again, each after what came before."""
    groups = [[named(1)], [named(2), named(3)], [MetadataGone("f00002")], [named(4), MetadataGone("x")]]
    index.batch.is_open.set()
    await within(syncing(index, groups, []))
    assert index.batch.done == ["f00001", "f00002", "f00003", "-f00002", "f00004", "-x"]
    assert sorted(index.files) == ["f00001", "f00003", "f00004"]


@pytest.mark.parametrize("size", [0, 100_000])
async def test_what_waits_is_bounded(index, size):
    """By bytes, and by number where there are none; then the far end has to wait."""
    fits = AHEAD_BYTES // (size + FRAME_BYTES)
    sent = []
    task = syncing(index, [[named(number, size)] for number in range(3 * fits)], sent)
    for _ in range(3 * fits + 100):
        await asyncio.sleep(0)
    assert fits <= len(sent) <= fits + 3
    index.batch.is_open.set()
    await within(task)
    assert len(index.files) == 3 * fits


async def test_a_full_disk_ends_it(index):
    """The error is that of the disk, whatever comes meanwhile."""
    index.batch.error = LocalDiskFull("full")
    index.batch.is_open.set()
    with pytest.raises(LocalDiskFull):
        await within(syncing(index, [[named(number)] for number in range(50)], []))
    assert index.is_over
    assert not index.files


async def test_a_stream_that_breaks_waits_for_what_was_begun(index):
    """The batch is left when nobody works on it any more."""
    task = syncing(index, [[named(1)]], [], AgentFailed("broken"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    index.batch.error = LocalDiskFull("full")
    index.batch.is_open.set()
    with pytest.raises(AgentFailed):
        await within(task)
    assert index.is_over


async def test_called_off_in_the_middle(index):
    """It ends, and leaves nothing behind."""
    task = syncing(index, [[named(1)], [named(2)]], [])
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    index.batch.is_open.set()
    with pytest.raises(asyncio.CancelledError):
        await within(task)
    assert index.is_over
    assert not index.files
