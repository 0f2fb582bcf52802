"""What the agent pushes, for those who wait for it: exits of viewers, lines of logs."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from runicornd.errors import AgentFailed
from runicornd.remote.channel import again

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runicornd.errors import RunicorndError
    from runicornd.remote.models import ViewerExit

KNOWN_LIMIT = 256
BACKLOG_LIMIT = 1024
"""Batches of lines that wait for a slow reader."""


class Exits:
    """The exits of viewers. One that came before anybody asked is kept."""

    def __init__(self) -> None:
        self._watched: set[str] = set()
        self._waiting: defaultdict[str, set[asyncio.Future[ViewerExit]]] = defaultdict(set)
        self._known: dict[str, ViewerExit] = {}

    def watch(self, instance: str) -> None:
        """The agent will tell of this viewer's exit from now on."""
        self._watched.add(instance)

    def unwatch(self, instance: str) -> None:
        """The agent will not tell of it: it does not know the viewer."""
        self._watched.discard(instance)
        for waiting in self._waiting.pop(instance, ()):
            if not waiting.done():
                waiting.set_exception(_unwatched(instance))

    def known(self, instance: str) -> ViewerExit | None:
        """The exit of a viewer, if it was told."""
        return self._known.get(instance)

    async def wait(self, instance: str) -> ViewerExit:
        """Return the exit of a viewer once it is known.

        Raises:
            AgentFailed: Nobody would tell of it.
            RunicorndError: Why nobody will any more.
        """
        known = self._known.get(instance)
        if known is not None:
            return known
        if instance not in self._watched:
            raise _unwatched(instance)
        waiting: asyncio.Future[ViewerExit] = asyncio.get_running_loop().create_future()
        self._waiting[instance].add(waiting)
        try:
            return await waiting
        finally:
            self._waiting[instance].discard(waiting)
            if not self._waiting[instance]:
                del self._waiting[instance]

    def tell(self, ended: ViewerExit) -> None:
        """Take an exit that the agent told; one of a viewer that is none of ours is ignored."""
        if ended.instance not in self._watched:
            return
        self._watched.discard(ended.instance)
        self._known[ended.instance] = ended
        while len(self._known) > KNOWN_LIMIT:
            del self._known[next(iter(self._known))]
        for waiting in self._waiting.get(ended.instance, ()):
            if not waiting.done():
                waiting.set_result(ended)

    def fail(self, reason: RunicorndError) -> None:
        """The agent is gone: nobody tells of anything until viewers are attached again."""
        self._watched.clear()
        for waiters in self._waiting.values():
            for waiting in waiters:
                if not waiting.done():
                    waiting.set_exception(again(reason))


def _unwatched(instance: str) -> AgentFailed:
    return AgentFailed(f"cannot wait for the exit of viewer {instance}: it is not attached")


class LogFeed:
    """New lines of one log for one reader. Iterate it; it ends when the viewer ends."""

    def __init__(self) -> None:
        self._batches: deque[tuple[str, ...]] = deque(maxlen=BACKLOG_LIMIT)
        self._changed = asyncio.Event()
        self._has_ended = False
        self._failure: RunicorndError | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, ...]:
        """Wait for the next lines. Raises what ``LogFeeds.fail`` was told."""
        while not self._batches:
            if self._failure is not None:
                raise again(self._failure)
            if self._has_ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._batches.popleft()

    def put(self, lines: tuple[str, ...]) -> None:
        """Queue lines; the oldest make room."""
        self._batches.append(lines)
        self._changed.set()

    def end(self, failure: RunicorndError | None = None) -> None:
        """Nothing more will come."""
        self._has_ended = True
        self._failure = self._failure or failure
        self._changed.set()


class LogFeeds:
    """All readers of all logs."""

    def __init__(self) -> None:
        self._feeds: defaultdict[str, set[LogFeed]] = defaultdict(set)

    @contextmanager
    def open(self, instance: str) -> Iterator[LogFeed]:
        """Read a log for the length of the block."""
        feed = LogFeed()
        self._feeds[instance].add(feed)
        try:
            yield feed
        finally:
            self._feeds[instance].discard(feed)
            if not self._feeds[instance]:
                del self._feeds[instance]

    def readers(self, instance: str) -> int:
        """How many read a log."""
        return len(self._feeds.get(instance, ()))

    def tell(self, instance: str, lines: tuple[str, ...]) -> None:
        """Hand new lines to everyone who reads that log."""
        for feed in self._feeds.get(instance, ()):
            feed.put(lines)

    def end(self, instance: str) -> None:
        """The viewer ended."""
        for feed in self._feeds.get(instance, ()):
            feed.end()

    def fail(self, reason: RunicorndError) -> None:
        """The agent is gone."""
        for feeds in self._feeds.values():
            for feed in feeds:
                feed.end(reason)
