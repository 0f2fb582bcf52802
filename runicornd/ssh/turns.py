"""How many connections may be begun at once, however many hosts there are."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AT_ONCE = 32
LONGEST_S = 2.0


class Turns:
    """Keeps hundreds of links that are lost together from being made again all at the same moment.

    A turn ends with its try, and after a while in any case: a host that does not answer, or one that
    waits for a person, keeps nobody else waiting.

    Args:
        at_once: How many turns there are.
        longest_s: How long one lasts at the most, in seconds.
    """

    def __init__(self, at_once: int = AT_ONCE, longest_s: float = LONGEST_S) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._longest_s = longest_s

    @asynccontextmanager
    async def turn(self, *, hurry: bool = False) -> AsyncIterator[None]:
        """Wait for a turn and take it for the length of the block. Whoever is in a hurry takes none."""
        if hurry:
            yield
            return
        await self._free.acquire()
        place = _Place(self._free)
        lapse = asyncio.get_running_loop().call_later(self._longest_s, place.give_back)
        try:
            yield
        finally:
            lapse.cancel()
            place.give_back()


class _Place:
    """What is given back once, by whoever comes first."""

    def __init__(self, free: asyncio.Semaphore) -> None:
        self._free = free
        self._is_taken = True

    def give_back(self) -> None:
        if self._is_taken:
            self._is_taken = False
            self._free.release()
