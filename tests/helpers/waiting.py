"""Waiting for conditions, in bounded time."""

import asyncio
import time

PATIENCE_S = 10.0


async def eventually(condition, what="the condition", patience_s=PATIENCE_S):
    """Wait until ``condition()`` is true, and return what it returned."""
    try:
        async with asyncio.timeout(patience_s):
            while True:
                if result := condition():
                    return result
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"{what} did not come true within {patience_s:g} s") from None


def until(condition, what="the condition", patience_s=PATIENCE_S):
    """``eventually`` for tests without an event loop."""
    deadline = time.monotonic() + patience_s
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {patience_s:g} s"
        time.sleep(0.01)
    return result


async def steady(value, for_s=0.5, patience_s=PATIENCE_S):
    """Wait until ``value()`` has not changed for a while, and return it."""
    async with asyncio.timeout(patience_s):
        last = value()
        while True:
            await asyncio.sleep(for_s)
            if (now := value()) == last:
                return now
            last = now


async def within(work, patience_s=PATIENCE_S):
    """Await the work, which must end in time."""
    async with asyncio.timeout(patience_s):
        return await work


def stays(condition, for_s):
    """See that the condition holds for so long."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        assert condition(), f"it did not stay so for {for_s:g} s"
        time.sleep(0.05)
