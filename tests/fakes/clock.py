"""A clock that moves when it is told."""

import asyncio
import heapq
import itertools


class FakeClock:
    """Mirrors ``SystemClock``; ``advance`` moves all its times and wakes whoever slept long enough."""

    def __init__(self, wall=1_000_000.0):
        self._now = 0.0
        self._wall = wall
        self._suspended = 0.0
        self._numbers = itertools.count()
        self._sleepers = []

    def monotonic(self):
        return self._now

    def boot_time(self):
        return self._now + self._suspended

    def wall(self):
        return self._wall + self._now + self._suspended

    async def sleep(self, seconds):
        wakes = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._numbers), wakes))
        await wakes

    @property
    def sleepers(self):
        """How many sleep now."""
        return sum(not wakes.done() for _, _, wakes in self._sleepers)

    async def advance(self, seconds):
        """Let time pass, waking sleepers in order and giving each its turn."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, wakes = heapq.heappop(self._sleepers)
            if not wakes.done():
                wakes.set_result(None)
            await settle()
        self._now = end

    def suspend(self, seconds):
        """Let the machine sleep: the wall and the boot time go on alone."""
        self._suspended += seconds


async def settle():
    """Let everything that is ready run until it waits again."""
    for _ in range(50):
        await asyncio.sleep(0)
