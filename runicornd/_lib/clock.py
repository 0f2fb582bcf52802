"""Time as a value that is handed in, so that tests need not wait for it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

# Counts while the machine sleeps, which CLOCK_MONOTONIC does not. macOS lacks the name; its
# CLOCK_MONOTONIC_RAW counts through sleep, while Python's monotonic() there (mach_absolute_time) stops.
_BOOT_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC_RAW", None))


class Clock(Protocol):
    """All times are in seconds."""

    def monotonic(self) -> float:
        """Never goes back; stands still while the machine sleeps."""
        ...

    def boot_time(self) -> float:
        """Never goes back; goes on while the machine sleeps, where the system has such a clock."""
        ...

    def wall(self) -> float:
        """Since the epoch; may jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after so long."""
        ...


class SystemClock:
    """The real one."""

    def monotonic(self) -> float:
        """See ``Clock``."""
        return time.monotonic()

    def boot_time(self) -> float:
        """See ``Clock``; the same as ``monotonic`` where the system has no such clock."""
        return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)

    def wall(self) -> float:
        """See ``Clock``."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        await asyncio.sleep(seconds)


async def set_within(clock: Clock, event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for the event, at most so long (None: without end); return whether it is set."""
    if seconds is None:
        return await event.wait()
    if event.is_set() or seconds <= 0:
        return event.is_set()
    waits = {asyncio.create_task(event.wait()), asyncio.create_task(clock.sleep(seconds))}
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return event.is_set()
