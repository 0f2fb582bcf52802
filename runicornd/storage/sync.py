"""One sync: from the far end's stream into the index, all of it or nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runicornd.errors import AgentFailed
from runicornd.remote.store_stream import (
    MetadataFile,
    MetadataGone,
    Scanning,
    SyncBegun,
    SyncEnded,
    SyncRequest,
    sync_metadata,
)
from runicornd.storage.index.results import SyncOutcome
from runicornd.storage.model import SyncProgress

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

    from runicornd._lib.clock import Clock
    from runicornd.remote.store_stream import SyncFrame
    from runicornd.ssh.transport import Connection
    from runicornd.storage.index import Index, SyncBatch
    from runicornd.storage.index.results import Applied

    Stream = Callable[[Connection, SyncRequest], AsyncGenerator[Sequence[SyncFrame], None]]

REPORT_INTERVAL_S = 0.1
RATE_WINDOW_S = 3.0
AHEAD_BYTES = 1024 * 1024
FRAME_BYTES = 512
"""Content that may wait while the index's thread is busy, and what a file counts beside its content."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be mirrored, and up to which size a file, or a manifest, is."""

    root: str | None
    max_file_bytes: int
    max_manifest_bytes: int


class Meter:
    """How far a sync is: told at each new phase, and otherwise at most ten times a second.

    Args:
        clock: The time.
        report: Hears of the progress.
    """

    def __init__(self, clock: Clock, report: Callable[[SyncProgress], None]) -> None:
        self.progress = SyncProgress("connecting", clock.wall())
        self._clock = clock
        self._report = report
        self._reported = float("-inf")
        self._samples: deque[tuple[float, int]] = deque()

    def enter(self, phase: str) -> None:
        """Come to a phase: connecting, scanning, receiving, indexing."""
        self.progress = replace(self.progress, phase=phase, current="", rate=0.0)
        self._tell()

    def scanned(self, files: int) -> None:
        """So many files have been found so far."""
        self.progress = replace(self.progress, files_done=files)
        self._tell_sometimes()

    def expect(self, files: int, size: int) -> None:
        """So much will come."""
        self.progress = replace(
            self.progress, files_done=0, files_total=files, bytes_done=0, bytes_total=size
        )
        self.enter("receiving")

    def took(self, files: Sequence[MetadataFile]) -> None:
        """These have come."""
        if not files:
            return
        done = self.progress.bytes_done + sum(len(file.data or b"") for file in files)
        self.progress = replace(
            self.progress,
            files_done=self.progress.files_done + len(files),
            bytes_done=done,
            current=files[-1].path,
            rate=self._rate(done),
        )
        self._tell_sometimes()

    def _rate(self, done: int) -> float:
        """Bytes a second over the last few seconds."""
        now = self._clock.monotonic()
        self._samples.append((now, done))
        while self._samples[0][0] < now - RATE_WINDOW_S and len(self._samples) > 2:
            self._samples.popleft()
        began, before = self._samples[0]
        return (done - before) / (now - began) if now > began else 0.0

    def _tell_sometimes(self) -> None:
        if self._clock.monotonic() - self._reported >= REPORT_INTERVAL_S:
            self._tell()

    def _tell(self) -> None:
        self._reported = self._clock.monotonic()
        self._report(self.progress)


async def bring_up_to_date(
    connection: Connection, index: Index, wish: Wish, meter: Meter, *, stream: Stream = sync_metadata
) -> Applied:
    """Mirror what has changed. Ended early, by whatever, the index is as it was.

    Raises:
        RunicorndError: As ``sync_metadata``, or what the index says of this machine's disk.
        AgentFailed: The far end did not finish.
    """
    meter.enter("scanning")
    known = await index.known()
    request = SyncRequest(
        root=wish.root,
        known=known.files,
        token=known.token,
        max_file_bytes=wish.max_file_bytes,
        max_manifest_bytes=wish.max_manifest_bytes,
    )
    async with index.sync() as batch, aclosing(stream(connection, request)) as frames:
        return await _Intake(batch, meter).take(frames)


class _Intake:
    """Takes the frames of one stream into one batch.

    While files are put away on the index's thread, the next ones are received, up to a bound.
    """

    def __init__(self, batch: SyncBatch, meter: Meter) -> None:
        self._batch = batch
        self._meter = meter
        self._root: str | None = None
        self._ended: SyncEnded | None = None
        self._files: list[MetadataFile] = []
        self._bytes = 0
        self._putting: asyncio.Task[None] | None = None

    async def take(self, frames: AsyncIterator[Sequence[SyncFrame]]) -> Applied:
        try:
            async for group in frames:
                await self._take_group(group)
            await self._all_put()
        finally:
            if self._putting is not None:  # something else went wrong before
                await asyncio.wait([self._putting])
                self._putting.exception()
        if self._root is None or self._ended is None or not self._ended.is_complete:
            raise AgentFailed(
                "cannot sync: the server's side ended before it had looked at everything",
                hint="it is tried again by itself; the mirror is as it was",
            )
        self._meter.enter("indexing")
        done = self._meter.progress
        outcome = SyncOutcome(started=done.since, received_bytes=done.bytes_done)
        return await self._batch.commit(root=self._root, token=self._ended.token, outcome=outcome)

    async def _take_group(self, group: Sequence[SyncFrame]) -> None:
        gone = []
        for frame in group:
            match frame:
                case MetadataFile():
                    self._files.append(frame)
                    self._bytes += FRAME_BYTES + len(frame.data or b"")
                case MetadataGone(path):
                    gone.append(path)
                case Scanning(found):
                    self._meter.scanned(found)
                case SyncBegun(root, count, size):
                    self._root = root
                    self._meter.expect(count, size)
                    self._batch.expect(count)
                case SyncEnded():
                    self._ended = frame
        await self._put_more()
        if gone:
            await self._all_put()
            await self._batch.remove(gone)

    async def _put_more(self) -> None:
        """Hand over what has come, unless the index's thread is busy and there is room for more."""
        is_busy = self._putting is not None and not self._putting.done()
        if self._files and (not is_busy or self._bytes >= AHEAD_BYTES):
            await self._settle()
            files, self._files, self._bytes = self._files, [], 0
            self._putting = asyncio.create_task(self._put(files), name="sync: put")
            await asyncio.sleep(0)  # it begins now: what comes next may be here already

    async def _put(self, files: Sequence[MetadataFile]) -> None:
        await self._batch.put(files)
        self._meter.took(files)

    async def _settle(self) -> None:
        """Wait for what was handed over. Raises what went wrong with it."""
        if self._putting is not None:
            await asyncio.wait([self._putting])
            putting, self._putting = self._putting, None
            putting.result()

    async def _all_put(self) -> None:
        while self._files or self._putting is not None:
            await self._settle()
            await self._put_more()
