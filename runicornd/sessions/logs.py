"""Viewer logs: the last lines, and the new ones while somebody follows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd._lib.supervise import Tasks
from runicornd.errors import NotConnected, RunicorndError
from runicornd.sessions.model import LogWritten, Phase

if TYPE_CHECKING:
    from runicornd.events import EventHub
    from runicornd.remote.registry import RemoteHosts
    from runicornd.sessions.session import Session

RETRY_S = 1.0


@dataclass(slots=True)
class _Follow:
    listeners: int
    task: asyncio.Task[None]


class LogFollower:
    """Reads the logs of sessions' viewers from their hosts.

    Args:
        remotes: The agents.
        events: Where followed lines are published.
    """

    def __init__(self, remotes: RemoteHosts, events: EventHub) -> None:
        self._remotes = remotes
        self._events = events
        self._follows: dict[str, _Follow] = {}
        self._tasks = Tasks("logs")

    async def tail(self, session: Session, lines: int) -> list[str]:
        """Return the last lines; of a viewer that crashed, those that came with its exit.

        Raises:
            NotConnected: The host cannot be asked now.
        """
        record = session.intent.record
        if record is not None:
            remote = self._remotes.of(session.link.host.key, session.link)
            return list(await remote.viewer_log(record.identity.instance, lines))
        error = session.view().state.error
        kept = error.context.get("log_tail") if error else None
        if isinstance(kept, list):
            return [str(line) for line in kept[-lines:]]
        raise NotConnected(
            f"cannot read the log of {session.intent.id}: its viewer is not running",
            hint=f"start it: runicornctl connect {session.intent.target}",
        )

    def follow(self, session: Session) -> None:
        """Publish new lines; counted, so that several can follow."""
        key = session.intent.id
        if key in self._follows:
            self._follows[key].listeners += 1
            return
        task = self._tasks.start(f"follow {key}", self._publish(session))
        self._follows[key] = _Follow(1, task)

    async def unfollow(self, session: Session) -> None:
        """Take one ``follow`` back; the last one ends the reading."""
        follow = self._follows.get(session.intent.id)
        if follow is None:
            return
        follow.listeners -= 1
        if follow.listeners == 0:
            del self._follows[session.intent.id]
            follow.task.cancel()
            await asyncio.wait([follow.task])

    async def close(self) -> None:
        """End all reading."""
        self._follows.clear()
        await self._tasks.close()

    async def _publish(self, session: Session) -> None:
        """Follow one viewer after the other, for the session may get a new one or lose its link."""
        while True:
            record = session.intent.record
            if record is not None and session.phase is not Phase.RECONNECTING:
                remote = self._remotes.of(session.link.host.key, session.link)
                try:
                    async for lines in remote.follow_log(record.identity.instance, 0):
                        self._events.publish(LogWritten(session.intent.id, lines))
                except RunicorndError:
                    pass  # the session shows why; the log goes on when it is back
            await asyncio.sleep(RETRY_S)
