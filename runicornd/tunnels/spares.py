"""Streams that are opened before anybody asks for one, so that a new connection costs one round trip less.

A browser opens several connections at once. Behind a tunnel that somebody has visited lately, as many
streams lie ready; each that is taken is replaced at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.race import all_of
from runicornd._lib.supervise import Tasks
from runicornd.errors import RunicorndError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.ssh.transport import ByteStream

    Dial = Callable[[], Awaitable[ByteStream]]

COUNT = 6
"""What a browser opens to one server over HTTP/1.1."""

KEEP_S = 300.0
LOOK_S = 5.0
OPEN_S = 15.0
REST_S = 30.0
MOST_TUNNELS = 10

_log = structlog.get_logger(__name__)


class Room:
    """Whose spares lie ready: those of the tunnels that were visited last.

    Args:
        most: How many tunnels have spares at the same time.
    """

    def __init__(self, most: int = MOST_TUNNELS) -> None:
        self._most = most
        self._inside: dict[Spares, None] = {}

    def enter(self, spares: Spares) -> None:
        """Its tunnel was visited; the one whose visit is longest ago may have to go."""
        self._inside.pop(spares, None)
        self._inside[spares] = None
        if len(self._inside) > self._most:
            next(iter(self._inside)).retire()

    def leave(self, spares: Spares) -> None:
        """It has none any more. Safe to call again."""
        self._inside.pop(spares, None)


class Spares:
    """The streams that lie ready behind one tunnel; none before its first visit, or long after the last.

    Args:
        owner: Whose tunnel it is.
        room: Shared with all other tunnels.
        count: How many there are.
        keep_s: How long after the last visit, in seconds.
        look_s: How often those that the far end has closed are looked for, in seconds.
        rest_s: How long nothing is opened ahead after that has failed, in seconds.
    """

    def __init__(
        self,
        owner: str,
        room: Room,
        *,
        count: int = COUNT,
        keep_s: float = KEEP_S,
        look_s: float = LOOK_S,
        rest_s: float = REST_S,
    ) -> None:
        self._owner = owner
        self._room = room
        self._count = count
        self._keep_s = keep_s
        self._look_s = look_s
        self._rest_s = rest_s
        self._dial: Dial | None = None
        self._streams: list[ByteStream] = []
        self._tasks = Tasks(f"spares of {owner}")
        self._filling: asyncio.Task[None] | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._is_visited = False
        self._last_visit = 0.0
        self._not_before = 0.0

    def __len__(self) -> int:
        return len(self._streams)

    def lead_to(self, dial: Dial | None) -> None:
        """Open them with ``dial`` from now on, and drop those of before; None: open none."""
        was_visited = self._is_visited
        self._drop()
        self._dial, self._not_before = dial, 0.0
        if was_visited:
            self._fill()

    def take(self) -> ByteStream | None:
        """Hand one over that is alive as far as is known; None when there is none."""
        while self._streams:
            stream = self._streams.pop(0)
            if stream.is_fresh:
                self._fill()
                return stream
            stream.abort()
        return None

    def visited(self) -> None:
        """Somebody uses the tunnel, or is about to."""
        self._is_visited = True
        self._last_visit = asyncio.get_running_loop().time()
        self._room.enter(self)
        self._fill()

    def retire(self) -> None:
        """Have none until the next visit."""
        self._is_visited = False
        self._room.leave(self)
        self._drop()

    async def close(self, timeout_s: float) -> None:
        """Drop all; ends within the time. Safe to call again, and the next visit begins anew."""
        self._dial = None
        self.retire()
        tasks, self._tasks = self._tasks, Tasks(f"spares of {self._owner}")
        await tasks.close(timeout_s)

    def _drop(self) -> None:
        if self._filling is not None:
            self._filling.cancel()
            self._filling = None
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        streams, self._streams = self._streams, []
        for stream in streams:
            stream.abort()

    def _fill(self) -> None:
        loop = asyncio.get_running_loop()
        if self._dial is None or not self._is_visited or loop.time() < self._not_before:
            return
        if self._looking is None:
            self._looking = loop.call_later(self._look_s, self._look)
        if self._filling is None or self._filling.done():
            self._filling = self._tasks.start("fill", self._open_missing(self._dial))

    async def _open_missing(self, dial: Dial) -> None:
        try:
            async with asyncio.timeout(OPEN_S):
                while (missing := self._count - len(self._streams)) > 0:
                    await all_of(*(self._open(dial) for _ in range(missing)))
        except (RunicorndError, TimeoutError) as error:
            # Whoever connects opens a stream of his own, and hears what is wrong.
            _log.debug("nothing opened ahead", owner=self._owner, reason=str(error) or "no answer")
            self._not_before = asyncio.get_running_loop().time() + self._rest_s

    async def _open(self, dial: Dial) -> None:
        stream = await dial()
        if self._dial is dial and self._is_visited:
            self._streams.append(stream)
        else:
            stream.abort()

    def _look(self) -> None:
        """Let go of those that the far end has closed, and of all when nobody comes any more."""
        loop = asyncio.get_running_loop()
        self._looking = None
        if loop.time() - self._last_visit >= self._keep_s:
            self.retire()
            return
        self._looking = loop.call_later(self._look_s, self._look)
        for stream in [stream for stream in self._streams if not stream.is_fresh]:
            self._streams.remove(stream)
            stream.abort()
