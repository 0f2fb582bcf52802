"""The event hub: what changed, in order, to everyone who listens.

Managers publish small frozen values; subscribers read them from bounded queues. A subscriber that is
too slow loses its backlog and reads one ``Resync`` instead: it then takes a new snapshot.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

QUEUE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Event:
    """Something that changed. Publishers derive their own kinds from it."""


@dataclass(frozen=True, slots=True)
class Resync(Event):
    """The reader was too slow: what it knows is stale."""


class Subscription:
    """One reader's queue. Iterate it with ``async for``; leave the ``with`` block to unsubscribe."""

    def __init__(self, hub: EventHub, limit: int) -> None:
        self._hub = hub
        self._limit = limit
        self._queue: deque[tuple[int, Event]] = deque()
        self._filled = asyncio.Event()

    def __enter__(self) -> Self:
        self._hub.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hub.remove(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[int, Event]:
        """Wait for the next event and return it with its sequence number."""
        return (await self.take(1))[0]

    async def take(self, limit: int) -> list[tuple[int, Event]]:
        """Wait for the next event; return it and those that wait behind it, at most ``limit`` in all."""
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        return [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]

    def push(self, sequence: int, event: Event) -> None:
        """Queue an event, or trade a full backlog for one ``Resync``."""
        if len(self._queue) >= self._limit:
            self._queue.clear()
            event = Resync()
        self._queue.append((sequence, event))
        self._filled.set()


class EventHub:
    """Numbers events and hands them to every subscription. Never blocks and never awaits."""

    def __init__(self) -> None:
        # A daemon's numbers are higher than those of the one before it: a client that comes back with an
        # old number must not seem to have missed nothing.
        self._sequence = time.time_ns() // 1_000_000
        self._subscriptions: set[Subscription] = set()

    @property
    def sequence(self) -> int:
        """The number of the latest event; a snapshot taken now includes it."""
        return self._sequence

    def publish(self, event: Event) -> None:
        """Give the event the next number and queue it for everyone."""
        self._sequence += 1
        for subscription in self._subscriptions:
            subscription.push(self._sequence, event)

    def subscribe(self, limit: int = QUEUE_LIMIT) -> Subscription:
        """Return a subscription to open in a ``with`` block; at most ``limit`` events wait in it."""
        return Subscription(self, limit)

    def add(self, subscription: Subscription) -> None:
        """Start queueing events for the subscription."""
        self._subscriptions.add(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Stop queueing events for the subscription."""
        self._subscriptions.discard(subscription)
