"""From the stream to the threads: gathers what comes into bites, and keeps what waits within bounds."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from runicornd.storage.worker.receiving import Received

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runicornd._lib.clock import Clock
    from runicornd.storage.worker.placing import Placed, Placer
    from runicornd.storage.worker.receiving import Receiver, Refused, Step

    Settle = Callable[[Placed | Refused], None]

T = TypeVar("T")

BITE_BYTES = 1024 * 1024
BITE_STEPS = 1024
BITES_WAITING = 8
PLACE_FILES = 1000
PLACE_BYTES = 64 * 1024 * 1024
PLACES_WAITING = 2
PLACE_S = 2.0
"""Whole files wait so long for others at most; each time all that was written is synced to the disk."""


class Threads:
    """One thread that receives and one that places, so that network, hashing and disk overlap."""

    def __init__(self) -> None:
        self.receiving = ThreadPoolExecutor(1, thread_name_prefix="receive")
        self.placing = ThreadPoolExecutor(1, thread_name_prefix="place")

    async def receive(self, work: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - of the work
        """Do it in the receiving thread."""
        return await asyncio.get_running_loop().run_in_executor(self.receiving, work, *args)

    async def place(self, work: Callable[..., T], *args: Any) -> T:  # noqa: ANN401 - of the work
        """Do it in the placing thread."""
        return await asyncio.get_running_loop().run_in_executor(self.placing, work, *args)

    async def close(self) -> None:
        """Wait until both are done with what they have."""
        for pool in (self.receiving, self.placing):
            await asyncio.to_thread(pool.shutdown)


class Intake:
    """Takes the steps of one pass.

    Args:
        settle: Called in the event loop for each file that came to an end.
    """

    def __init__(
        self, threads: Threads, receiver: Receiver, placer: Placer, settle: Settle, clock: Clock
    ) -> None:
        self._threads = threads
        self._receiver = receiver
        self._placer = placer
        self._settle = settle
        self._clock = clock
        self._placed_at = clock.monotonic()
        self._steps: list[Step] = []
        self._size = 0
        self._whole: list[Received] = []
        self._whole_size = 0
        self._receiving: deque[asyncio.Future[list[Received | Refused]]] = deque()
        self._placing: deque[asyncio.Future[list[Placed | Refused]]] = deque()

    async def add(self, step: Step) -> None:
        """Take a step; waits while too much is on its way to the disk.

        Raises:
            LocalDiskFull: There is no room; call ``pause``.
        """
        self._steps.append(step)
        if isinstance(step, (bytes, memoryview)):
            self._size += len(step)
        if self._size >= BITE_BYTES or len(self._steps) >= BITE_STEPS:
            self._submit()
            await self._reap(BITES_WAITING, PLACES_WAITING)

    def nudge(self) -> None:
        """Let a slow stream's bytes and files go on without a full bite; call it a few times a second."""
        while self._receiving and _is_good(self._receiving[0]):
            self._sort(self._receiving.popleft().result())
        while self._placing and _is_good(self._placing[0]):
            for outcome in self._placing.popleft().result():
                self._settle(outcome)
        if self._steps and not self._receiving:
            self._submit()
        if not self._placing and self._clock.monotonic() - self._placed_at >= PLACE_S:
            self._place()

    async def flush(self) -> None:
        """Return when everything taken so far has come to its end. Raises as ``add``."""
        self._submit()
        await self._reap(0, PLACES_WAITING)
        self._place()
        await self._reap(0, 0)

    async def pause(self) -> None:
        """Let what is on its way come to its end, after a cut or an error, and close the open part."""
        self._submit()
        while self._receiving:
            for outcomes in await _results(self._receiving):
                self._sort(outcomes)
        self._place()
        while self._placing:
            for placed in await _results(self._placing):
                for outcome in placed:
                    self._settle(outcome)
        await self._threads.receive(self._receiver.pause)

    def _submit(self) -> None:
        if self._steps:
            steps, self._steps, self._size = self._steps, [], 0
            loop = asyncio.get_running_loop()
            self._receiving.append(loop.run_in_executor(self._threads.receiving, self._receiver.take, steps))

    def _place(self) -> None:
        self._placed_at = self._clock.monotonic()
        if self._whole:
            whole, self._whole, self._whole_size = self._whole, [], 0
            loop = asyncio.get_running_loop()
            self._placing.append(loop.run_in_executor(self._threads.placing, self._placer.place, whole))

    async def _reap(self, receiving: int, placing: int) -> None:
        """Take the results that are there; wait until at most so many are outstanding."""
        while self._receiving and (len(self._receiving) > receiving or self._receiving[0].done()):
            self._sort(await self._receiving.popleft())
        while self._placing and (len(self._placing) > placing or self._placing[0].done()):
            for outcome in await self._placing.popleft():
                self._settle(outcome)

    def _sort(self, outcomes: list[Received | Refused]) -> None:
        for outcome in outcomes:
            if not isinstance(outcome, Received):
                self._settle(outcome)
                continue
            self._whole.append(outcome)
            self._whole_size += outcome.known.size
        has_large = any(each.descriptor is not None for each in self._whole)
        if has_large or len(self._whole) >= PLACE_FILES or self._whole_size >= PLACE_BYTES:
            self._place()


async def _results(futures: deque[asyncio.Future[T]]) -> list[T]:
    """Take them out, for nobody else to count, and wait for them; those that failed have no result."""
    waiting = list(futures)
    futures.clear()
    await asyncio.wait(waiting)
    return [each.result() for each in waiting if _is_good(each)]


def _is_good(future: asyncio.Future[T]) -> bool:
    """Whether there is a result; what went wrong is raised where the stream is read."""
    return future.done() and not future.cancelled() and future.exception() is None
