"""The stream that proves that a viewer can be reached, and goes to whoever needs one next.

What lies ready for visitors after that is kept by ``tunnels.spares``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any, Self

    from runicornd.ssh.transport import ByteStream

KEEP_S = 10.0


class Spare:
    """At most one stream, for a short time: one that lies about for long may be dead when it is used.

    Args:
        keep_s: Seconds after which a stream that nobody took is dropped.
    """

    def __init__(self, keep_s: float = KEEP_S) -> None:
        self._keep_s = keep_s
        self._stream: ByteStream | None = None
        self._expiry: asyncio.TimerHandle | None = None

    def put(self, stream: ByteStream) -> None:
        """Keep a fresh stream, in place of the one before."""
        self.drop()
        self._stream = stream
        self._expiry = asyncio.get_running_loop().call_later(self._keep_s, self.drop)

    def take(self) -> ByteStream | None:
        """Hand the stream over, if there is one that is still alive."""
        if (stream := self._let_go()) is None or stream.is_fresh:
            return stream
        stream.abort()
        return None

    def drop(self) -> None:
        """Close the stream, if there is one. Safe to call again."""
        if (stream := self._let_go()) is not None:
            stream.abort()

    def _let_go(self) -> ByteStream | None:
        stream, self._stream = self._stream, None
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        return stream


class Ahead:
    """A stream that is being opened while something else is waited for; dropped unless it is taken."""

    def __init__(self, opening: Coroutine[Any, Any, ByteStream]) -> None:
        self._opening = asyncio.ensure_future(opening)
        self._is_taken = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_taken:
            return
        self._opening.cancel()
        await asyncio.wait([self._opening])
        if not self._opening.cancelled() and self._opening.exception() is None:
            self._opening.result().abort()

    async def take(self) -> ByteStream:
        """Wait for the stream and own it from now on. Raises what its opening raises."""
        stream = await asyncio.shield(self._opening)
        self._is_taken = True
        return stream
