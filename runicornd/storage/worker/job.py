"""One download: looks at what is there, fetches the rest over as many connections as it takes."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import AgentFailed, RunicorndError
from runicornd.remote.store_stream import FileBegun, FileData, FileEnded, Wanted, fetch_files
from runicornd.storage.downloads.failures import failure_of
from runicornd.storage.downloads.model import FileProgress
from runicornd.storage.downloads.planning import see_room
from runicornd.storage.worker.folder import TargetFolder
from runicornd.storage.worker.intake import Intake, Threads
from runicornd.storage.worker.messages import Ended, Progress
from runicornd.storage.worker.meter import Meter
from runicornd.storage.worker.outcome import Outcome
from runicornd.storage.worker.placing import Placed, Placer
from runicornd.storage.worker.plan import read_plan
from runicornd.storage.worker.receiving import Begin, End, Fail, Receiver, Refused, Work
from runicornd.storage.worker.sizes import with_sizes
from runicornd.storage.worker.survey import Finding, Stopped, Surveyor, Twin, Unsized
from runicornd.storage.worker.verified import Verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from runicornd._lib.clock import Clock
    from runicornd.remote.store_stream import FetchFrame
    from runicornd.ssh.transport import Connection
    from runicornd.storage.downloads.model import Totals
    from runicornd.storage.worker.link import WorkerLink
    from runicornd.storage.worker.messages import Fetch
    from runicornd.storage.worker.meter import Bucket
    from runicornd.storage.worker.plan import PlannedFile

# So many files are looked at and fetched together: each time costs a few round trips.
SLICE_FILES = 50_000
LOOK_FILES = 1000
TICK_S = 0.2
VAIN_LIMIT = 5


class Job:
    """A download in the worker.

    Args:
        link: The worker's connection.
        bucket: Limits all downloads together.
        tell: Sends progress to the daemon.
    """

    def __init__(
        self,
        order: Fetch,
        *,
        link: WorkerLink,
        bucket: Bucket,
        clock: Clock,
        tell: Callable[[Progress], None],
    ) -> None:
        self._order = order
        self._link = link
        self._bucket = bucket
        self._clock = clock
        self._tell = tell
        self._to = Path(order.to)
        self._threads = Threads()
        self._verified = Verified(Path(order.known), self._to)
        self._is_stopped = False
        self._hashed = 0
        self._current: Work | None = None
        self._is_moving = False
        self._open: dict[Work, None] = {}
        self._counted: dict[Work, int] = {}
        self._done: set[str] = set()
        self._vain = 0
        self._outcome = Outcome()
        self._meter = Meter(clock, 0, 0)
        self._intake: Intake | None = None

    @property
    def totals(self) -> Totals:
        """How far it is."""
        return self._meter.totals

    async def run(self) -> Ended:
        """Do it; never raises but for cancellation."""
        error: Exception | None = None
        ticking = asyncio.create_task(self._tick(), name="worker: progress")
        try:
            await self._run()
            error = self._outcome.error()
        except Exception as failure:  # noqa: BLE001 - the daemon shows and logs it
            error = failure
        finally:
            self._is_stopped = True
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            await asyncio.shield(self._threads.close())
        return Ended(
            self._order.id,
            self._meter.totals,
            detail=self._outcome.detail(),
            error=None if error is None else failure_of(error),
        )

    def discard(self) -> None:
        """Remove what there is only in part. Blocking, once ``run`` is over."""
        discard_parts(Path(self._order.plan), Path(self._order.known), self._to)

    async def _run(self) -> None:
        header, files = read_plan(Path(self._order.plan))
        self._meter = Meter(self._clock, header.files, header.bytes)
        with ExitStack() as stack:
            folder = stack.enter_context(TargetFolder(self._to))
            placer = Placer(stack.enter_context(TargetFolder(self._to)), self._verified)
            receiver = Receiver(folder, self._verified, lambda descriptor: self._sync(placer, descriptor))
            surveyor = Surveyor(folder, self._verified, self._on_read)
            self._intake = Intake(self._threads, receiver, placer, self._settle, self._clock)
            try:
                while piece := list(itertools.islice(files, SLICE_FILES)):
                    await self._do(piece, surveyor, placer)
                await self._threads.place(placer.finish)
            finally:
                await asyncio.shield(self._intake.pause())

    async def _do(self, files: Sequence[PlannedFile], surveyor: Surveyor, placer: Placer) -> None:
        """Bring one slice to its end."""
        self._outcome.unproven += sum(not file.digest for file in files)
        self._done.clear()
        await self._threads.receive(self._verified.load, {file.path for file in files})
        twins = await self._survey(files, surveyor)
        await self._fetch_all()
        for twin in twins:
            if twin.of in self._done:
                self._is_moving = True
                self._settle(await self._threads.place(placer.copy, twin.file, twin.of))
                self._meter.bytes_done += twin.file.size
            else:
                self._find(await self._threads.receive(surveyor.fresh, twin.file), [])
        await self._fetch_all()

    async def _survey(self, files: Sequence[PlannedFile], surveyor: Surveyor) -> list[Twin]:
        twins: list[Twin] = []
        unsized: list[PlannedFile] = []
        self._is_moving = True
        for start in range(0, len(files), LOOK_FILES):
            part = files[start : start + LOOK_FILES]
            for file, finding in zip(part, await self._threads.receive(_look, surveyor, part), strict=True):
                if isinstance(finding, Unsized):
                    unsized.append(file)
                    continue
                if isinstance(finding, Placed) and file.size < 0:
                    self._meter.expect(finding.file.size)
                self._find(finding, twins)
        for outcome in await self._sized(unsized):
            if isinstance(outcome, Refused):
                self._settle(outcome)
                continue
            self._meter.expect(outcome.size)
            self._find(await self._threads.receive(surveyor.sized, outcome), twins)
        await self._threads.receive(self._verified.flush)
        self._hashed = 0
        return twins

    async def _sized(self, files: Sequence[PlannedFile]) -> Sequence[PlannedFile | Refused]:
        """Learn how large these are, and whether there is room for them."""
        if not files:
            return ()
        while True:
            self._is_moving = False
            connection = await self._link.up()
            self._is_moving = True
            before = len(self._open), self._meter.received
            try:
                found = await with_sizes(connection, self._order.root, files)
            except RunicorndError as error:
                await self._after_cut(connection, error, before)
                continue
            self._link.worked()
            needed = sum(each.size for each in found if not isinstance(each, Refused))
            await asyncio.to_thread(see_room, self._to, needed)
            return found

    def _find(self, finding: Finding, twins: list[Twin]) -> None:
        if isinstance(finding, Twin):
            twins.append(finding)
        elif isinstance(finding, Work):
            self._link.begin()
            self._open[finding] = None
            self._counted[finding] = finding.offset
            self._meter.bytes_done += finding.offset
        else:
            if isinstance(finding, Placed):
                self._meter.skipped += 1
                self._meter.bytes_done += finding.file.size
            self._settle(finding)

    async def _fetch_all(self) -> None:
        """Fetch what is open, over one connection after the other."""
        while self._open:
            self._is_moving = False
            connection = await self._link.up()
            self._is_moving = True
            before = len(self._open), self._meter.received
            try:
                await self._pass(connection, list(self._open))
            except RunicorndError as error:
                await self._after_cut(connection, error, before)
            else:
                self._count_vain(before, AgentFailed("cannot fetch: the agent does not send what was asked"))

    async def _after_cut(
        self, connection: Connection, error: RunicorndError, before: tuple[int, int]
    ) -> None:
        """Put things in order; raise the error again when trying on is not worth it."""
        assert self._intake is not None
        await self._intake.pause()
        for work in self._open:
            self._count(work, work.offset)
        if not error.retryable:
            raise error
        self._is_moving = False
        is_gone = await self._link.lost(connection)
        if not self._count_vain(before, error, is_fatal=not is_gone and isinstance(error, AgentFailed)):
            await self._link.pause(error.message)

    def _count_vain(self, before: tuple[int, int], error: RunicorndError, *, is_fatal: bool = True) -> bool:
        """Return whether the pass has brought anything; raise the error when too many have not."""
        if (len(self._open), self._meter.received) != before:
            self._vain = 0
            self._link.worked()
            return True
        self._vain += 1
        if is_fatal and self._vain >= VAIN_LIMIT:
            raise error
        return False

    async def _pass(self, connection: Connection, works: Sequence[Work]) -> None:
        """Fetch over one connection.

        Raises:
            RunicorndError: It broke, or cannot be.
        """
        assert self._intake is not None
        wanted = [Wanted(work.file.source, work.file.size, work.offset) for work in works]
        async with aclosing(fetch_files(connection, self._order.root, wanted)) as frames:
            async for frame in frames:
                if type(frame) is FileData:
                    await self._take(frame.data)
                else:
                    await self._intake.add(self._step(frame, works))
        self._current = None
        await self._intake.flush()

    async def _take(self, data: bytes | memoryview) -> None:
        assert self._intake is not None
        wait = self._bucket.take(len(data))
        if wait:
            await self._clock.sleep(wait)
        if self._current is not None:
            self._counted[self._current] += len(data)
        self._meter.fetched(len(data))
        await self._intake.add(data)

    def _step(self, frame: FetchFrame, works: Sequence[Work]) -> Begin | End | Fail:
        assert not isinstance(frame, FileData)
        work = works[frame.index]
        if isinstance(frame, FileBegun):
            self._current = work
            return Begin(work, frame.size, frame.mtime_ns)
        self._current = None
        return End(work) if isinstance(frame, FileEnded) else Fail(work, frame.error)

    def _settle(self, outcome: Placed | Refused) -> None:
        """A file came to an end, or gets another try."""
        if isinstance(outcome, Placed):
            self._meter.files_done += 1
            self._done.add(outcome.file.path)
            if outcome.work is not None:
                self._open.pop(outcome.work, None)
            return
        self._count(outcome.work, 0)
        if not outcome.is_retried:
            self._open.pop(outcome.work, None)
            self._outcome.add(outcome.work.file.path, outcome.error)

    def _count(self, work: Work, size: int) -> None:
        """Let so much of a file count as done."""
        if work in self._counted:
            self._meter.bytes_done -= self._counted[work] - size
            self._counted[work] = size

    def _sync(self, placer: Placer, descriptor: int) -> None:
        self._threads.placing.submit(placer.sync, descriptor)

    def _on_read(self, size: int) -> None:
        if self._is_stopped:
            raise Stopped
        self._hashed += size

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            rate = self._meter.rate()
            if self._intake is not None:
                self._intake.nudge()
            if self._is_moving:
                self._tell(
                    Progress(
                        self._order.id,
                        self._meter.totals,
                        rate=rate,
                        active=self._active(),
                        is_verifying=self._hashed > 0,
                    )
                )

    def _active(self) -> tuple[FileProgress, ...]:
        work = self._current
        if work is None:
            return ()
        return (FileProgress(work.file.path, self._counted.get(work, 0), work.file.size),)


def discard_parts(plan: Path, known: Path, to: Path) -> None:
    """Remove what a download has only in part; what is whole stays. Blocking.

    Raises:
        OSError, PlanUnreadable: It cannot be told what there is.
        PlaceUnwritable: The folder is gone.
    """
    _, files = read_plan(plan)
    verified = Verified(known, to)
    with TargetFolder(to) as folder:
        surveyor = Surveyor(folder, verified, lambda _size: None)
        while piece := list(itertools.islice(files, SLICE_FILES)):
            verified.load({file.path for file in piece})
            for file in piece:
                surveyor.discard(file)


def _look(surveyor: Surveyor, files: Iterable[PlannedFile]) -> list[Finding | Unsized]:
    return [surveyor.look(file) for file in files]
