"""What one client listens to: a snapshot with its number, then every change in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import InvalidParams, NotConnected, RunicorndError
from runicornd.protocol.framing import encode_event, join_lines
from runicornd.protocol.models import SubscribeResult
from runicornd.rpc import present
from runicornd.rpc.failures import ClientGone
from runicornd.sessions.model import LogWritten

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from runicornd.events import Event, Subscription
    from runicornd.rpc.services import Services, Sessions

LOG_TOPIC = "log:"
MAX_GATHERED = 256
MAX_GATHERED_BYTES = 1024 * 1024

_log = structlog.get_logger(__name__)


class LogFollowers:
    """Counts who follows which log, so that the first one turns it on and the last one off."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._counts: Counter[str] = Counter()
        self._followed: set[str] = set()
        # Turning on and off takes a round trip; the two must not overtake each other.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def follow(self, session_id: str) -> None:
        """Take part in a log.

        Raises:
            RunicorndError: It cannot be followed; nothing is counted then.
        """
        self._counts[session_id] += 1
        try:
            await self._settle(session_id)
        except BaseException:
            self._counts[session_id] -= 1
            raise

    async def unfollow(self, session_id: str) -> None:
        """Leave a log. A session that is gone has no log to turn off, so failures are only noted."""
        self._counts[session_id] -= 1
        try:
            await self._settle(session_id)
        except RunicorndError as exc:
            _log.debug("cannot unfollow a log", session=session_id, reason=exc.message)

    async def _settle(self, session_id: str) -> None:
        """Make the log followed or not, as the count says once it is our turn."""
        async with self._turns[session_id]:
            is_wanted = self._counts[session_id] > 0
            if is_wanted and session_id not in self._followed:
                await self._sessions.follow_log(session_id)
                self._followed.add(session_id)
            elif not is_wanted and session_id in self._followed:
                self._followed.discard(session_id)
                await self._sessions.unfollow_log(session_id)


class Feed:
    """The events of one client. At most one subscription; a new one takes the old one's place.

    Args:
        send: Sends one line, and waits while the client is slow: its backlog then collapses in the
            event hub to one ``resync``. Raises ``ClientGone``.
        abort: Cuts the connection, for a client that would otherwise wait for events in vain.
    """

    def __init__(
        self,
        services: Services,
        followers: LogFollowers,
        send: Callable[[bytes], Awaitable[None]],
        abort: Callable[[], None],
    ) -> None:
        self._services = services
        self._followers = followers
        self._send = send
        self._abort = abort
        self._turn = asyncio.Lock()
        self._logs: frozenset[str] = frozenset()
        self._open = contextlib.ExitStack()
        self._current: Subscription | None = None
        self._pumps = Tasks("feed")
        self._is_closed = False

    async def subscribe(
        self, since: int | None, topics: Sequence[str], gather_s: float = 0.0
    ) -> tuple[SubscribeResult, Callable[[], None]]:
        """Return the state now, and a function that begins to send what comes after it.

        Args:
            since: The number up to which the client knows everything.
            topics: What it wants to hear beside what everyone hears.
            gather_s: After each sending events are gathered for so long and then sent together; 0 sends
                each by itself.

        Raises:
            InvalidParams: There is no such topic.
            RunicorndError: A log cannot be followed.
        """
        logs = frozenset(self._log_of(topic) for topic in topics)
        async with self._turn:
            if self._is_closed:
                raise NotConnected("cannot subscribe: the connection is closing")
            await self._follow(logs)
            await self._stop()
            self._current = subscription = self._open.enter_context(self._services.events.subscribe())
            # No await from here on, so that the number and the snapshot belong together.
            sequence = self._services.events.sequence
            snapshot = None if since == sequence else present.status(self._services)
        return SubscribeResult(sequence, snapshot), lambda: self._begin(subscription, logs, gather_s)

    async def close(self) -> None:
        """Stop sending and leave all logs, for good. Safe to call again."""
        async with self._turn:
            self._is_closed = True
            await self._stop()
            await self._follow(frozenset())

    def _log_of(self, topic: str) -> str:
        if not topic.startswith(LOG_TOPIC):
            raise InvalidParams(
                f"cannot subscribe to {topic!r}: no such topic", hint=f"the topics are {LOG_TOPIC}SESSION"
            )
        return self._services.sessions.get(topic.removeprefix(LOG_TOPIC)).intent.id

    async def _follow(self, logs: frozenset[str]) -> None:
        for session_id in logs - self._logs:
            await self._followers.follow(session_id)
            self._logs |= {session_id}
        for session_id in self._logs - logs:
            self._logs -= {session_id}
            await self._followers.unfollow(session_id)

    async def _stop(self) -> None:
        self._current = None
        self._open.close()
        await self._pumps.close()
        self._pumps = Tasks("feed", on_crash=lambda _name, _error: self._abort())

    def _begin(self, subscription: Subscription, logs: frozenset[str], gather_s: float) -> None:
        # Another subscription, or the end, may have come while the reply was on its way.
        if self._current is subscription:
            self._pumps.start("pump", self._pump(subscription, logs, gather_s))

    async def _pump(self, subscription: Subscription, logs: frozenset[str], gather_s: float) -> None:
        limit = MAX_GATHERED if gather_s else 1
        with contextlib.suppress(ClientGone):
            while True:
                events = await subscription.take(limit)
                lines = _lines(events, logs)
                for line in _joined(lines):
                    await self._send(line)
                # A long backlog must not keep the loop from other clients; nor must it wait for more.
                await asyncio.sleep(gather_s if lines and len(events) < limit else 0)


def _lines(events: Sequence[tuple[int, Event]], logs: frozenset[str]) -> list[bytes]:
    """The messages of those events that are for a client who follows these logs."""
    messages = (
        present.event(sequence, event)
        for sequence, event in events
        if not (isinstance(event, LogWritten) and event.session_id not in logs)
    )
    return [encode_event(message) for message in messages if message is not None]


def _joined(lines: Sequence[bytes]) -> Iterator[bytes]:
    """The lines, put together as far as they do not get too long."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        if waiting and size + len(line) > MAX_GATHERED_BYTES:
            yield join_lines(waiting)
            waiting, size = [], 0
        waiting.append(line)
        size += len(line)
    if waiting:
        yield join_lines(waiting)
