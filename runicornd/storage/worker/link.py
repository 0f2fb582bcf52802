"""The worker's one connection: made when it is needed, shared by its downloads, made again after a cut."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from runicornd._lib.backoff import delays
from runicornd._lib.clock import set_within
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd._lib.clock import Clock
    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Connection, Connector
    from runicornd.storage.worker.interview import ProxyInterview

    Begin = Callable[[int, Host], Awaitable[ProxyInterview]]

CLOSED_S = 0.5


class WorkerLink:
    """Connects on demand.

    Args:
        host: The host; ``use`` replaces it by a fresh reading.
        connector: Makes the connections.
        begin: Begins the interview of an attempt, by its number.
        report: Hears in words where the connection stands; ``""`` means that it is there.
    """

    def __init__(
        self, host: Host, connector: Connector, begin: Begin, report: Callable[[str], None], clock: Clock
    ) -> None:
        self._host = host
        self._connector = connector
        self._begin = begin
        self._report = report
        self._clock = clock
        self._attempts = 0
        self._connection: Connection | None = None
        self._watch: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[Connection] | None = None
        self._kicked = asyncio.Event()
        self.worked()

    def use(self, host: Host) -> None:
        """Take a fresh reading of the same host for the next attempt."""
        self._host = host

    def kick(self) -> None:
        """Skip the pause before the next attempt."""
        self._kicked.set()

    def worked(self) -> None:
        """Something has come over the connection: later attempts follow each other quickly again."""
        self._delays = delays(random.Random(), first_s=0.2)  # noqa: S311 - jitter, not a secret

    async def up(self) -> Connection:
        """Return the connection, made now if need be. Whoever waits at the same time shares the outcome.

        Raises:
            RunicorndError: It cannot be made, and trying on is not worth it.
        """
        if self._connection is not None and self._is_up:
            return self._connection
        attempt = self._attempt()
        try:
            return await asyncio.shield(attempt)
        finally:
            if attempt.done() and self._connecting is attempt:
                self._connecting = None

    def begin(self) -> None:
        """It will be wanted soon: connect beside other work. What goes wrong the next ``up`` tells."""
        if not self._is_up:
            self._attempt()

    async def pause(self, why: str) -> None:
        """Wait as long as after a failed attempt: ``why`` says what has failed."""
        seconds = next(self._delays)
        self._kicked.clear()
        self._report(f"{printable(why, 300)}; next try in {seconds:.1f} s")
        await set_within(self._clock, self._kicked, seconds)

    async def lost(self, connection: Connection) -> bool:
        """Hear that something broke; return whether the connection itself is gone."""
        if self._connection is not connection or self._watch is None:
            return True
        await asyncio.wait({self._watch}, timeout=CLOSED_S)
        return self._watch.done()

    async def close(self) -> None:
        """Close what is open. Safe to call again."""
        tasks = [task for task in (self._connecting, self._watch) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    @property
    def _is_up(self) -> bool:
        return self._watch is not None and not self._watch.done()

    def _attempt(self) -> asyncio.Task[Connection]:
        """The attempt that goes on, or whose failure nobody has heard of; else a new one."""
        attempt = self._connecting
        if attempt is None or (attempt.done() and not _has_failed(attempt)):
            attempt = self._connecting = asyncio.create_task(self._connect(), name="worker: connect")
            attempt.add_done_callback(_has_failed)  # it is no news for asyncio: ``up`` may never ask
        return attempt

    async def _connect(self) -> Connection:
        if self._connection is not None:
            await self._connection.close()
        while True:
            self._attempts += 1
            self._report(f"connecting to {self._host.target}")
            interview = await self._begin(self._attempts, self._host)
            try:
                connection = await self._connector.connect(self._host, interview)
            except Exception as failure:  # noqa: BLE001 - the daemon classifies it, in the one place for that
                if await interview.failed(failure):
                    await self.pause(str(failure))
                continue
            self._connection = connection
            self._watch = asyncio.create_task(connection.wait_closed(), name="worker: watch the connection")
            self._report("")
            return connection


def _has_failed(attempt: asyncio.Task[Connection]) -> bool:
    return attempt.cancelled() or attempt.exception() is not None
