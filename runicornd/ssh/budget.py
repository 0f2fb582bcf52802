"""How long each step of a connection attempt may take, not counting the time a person thinks."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Step(StrEnum):
    """The steps of an attempt, in order."""

    REACHING = "reaching"
    GREETING = "greeting"
    HANDSHAKE = "handshake"
    LOGIN = "login"


class Budget:
    """A timeout whose end is set anew at each step, and that can stand still."""

    def __init__(self) -> None:
        self.step = Step.REACHING
        self._timer: asyncio.Timeout | None = None

    @asynccontextmanager
    async def enforced(self) -> AsyncIterator[None]:
        """Raise ``TimeoutError`` in the block when a step takes too long."""
        try:
            async with asyncio.timeout(None) as self._timer:
                yield
        finally:
            self._timer = None

    def enter(self, step: Step, seconds: float | None) -> None:
        """Begin a step that may take so many seconds; None: it has a limit of its own."""
        self.step = step
        self._set(None if seconds is None else asyncio.get_running_loop().time() + seconds)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the clock stand still for the length of the block. May be nested."""
        end = self._timer.when() if self._timer else None
        now = asyncio.get_running_loop().time
        left = None if end is None else end - now()
        self._set(None)
        try:
            yield
        finally:
            self._set(None if left is None else now() + left)

    def _set(self, end: float | None) -> None:
        if self._timer and not self._timer.expired():
            self._timer.reschedule(end)
