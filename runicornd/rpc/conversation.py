"""One client's talk with the daemon, whatever carries it: lines in, answers and events out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from runicornd._lib.supervise import Tasks
from runicornd.rpc.failures import ClientGone
from runicornd.rpc.registry import Call
from runicornd.rpc.subscriptions import Feed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.rpc.dispatch import Dispatcher
    from runicornd.rpc.services import Services
    from runicornd.rpc.subscriptions import LogFollowers

MAX_IN_FLIGHT = 32
FEED_CLOSE_S = 1.0


class Conversation:
    """What is known of one client, and the requests that it waits for.

    Args:
        send: Sends one line; waits while the client is slow, raises ``ClientGone`` when it is gone
            or too slow. May be called by several tasks at once.
        abort: Cuts the connection at once.
        max_in_flight: How many requests run at once; more wait unread.
        is_browser: A page talks, not a program of the user's own: it may not do everything.
    """

    def __init__(
        self,
        *,
        dispatcher: Dispatcher,
        services: Services,
        followers: LogFollowers,
        send: Callable[[bytes], Awaitable[None]],
        abort: Callable[[], None],
        max_in_flight: int = MAX_IN_FLIGHT,
        is_browser: bool = False,
    ) -> None:
        self.protocol: int | None = None
        self.is_browser = is_browser
        self.feed = Feed(services, followers, send, abort)
        self._dispatcher = dispatcher
        self._services = services
        self._send = send
        self._max_in_flight = max_in_flight
        self._slots = asyncio.Semaphore(max_in_flight)
        self._tasks = Tasks("conversation")

    async def take(self, line: bytes) -> None:
        """Begin to answer a line; returns when there is room for the next one.

        Raises:
            ClientGone: Before ``daemon.hello`` lines are answered one by one, right here.
        """
        if self.protocol is None:
            await self._answer(line)
            return
        await self._slots.acquire()
        self._tasks.start("request", self._answer_in_slot(line))

    async def close(self, grace_s: float) -> None:
        """Let requests finish for at most ``grace_s`` seconds, cancel them, and end the events.

        When this is itself cancelled it stops waiting, and still leaves nothing behind.
        """
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_s):
                    await self._finished()
        finally:
            await self._tasks.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FEED_CLOSE_S):
                    await self.feed.close()

    async def _finished(self) -> None:
        for _ in range(self._max_in_flight):
            await self._slots.acquire()

    async def _answer_in_slot(self, line: bytes) -> None:
        try:
            await self._answer(line)
        except ClientGone:
            return  # the reader of this connection sees the same and ends it
        finally:
            self._slots.release()

    async def _answer(self, line: bytes) -> None:
        call = Call(self._services, self)
        reply = await self._dispatcher.answer(line, call)
        if reply is not None:
            await self._send(reply)
        for action in call.after_reply:
            action()
