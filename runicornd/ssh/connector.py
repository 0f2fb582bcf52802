"""Connections over SSH, from a library that is imported when it is first needed.

It takes as long as all the rest of a small daemon's start, and the first answer needs nothing of it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Connection, Interviewer

LOAD_AFTER_S = 1.0


class SshConnector:
    """The ``Connector`` for every host but ``local``. Errors are those of ``AsyncsshConnector``."""

    def __init__(self) -> None:
        self._connector: AsyncsshConnector | None = None
        self._loading = asyncio.Lock()

    async def load(self) -> AsyncsshConnector:
        """Import what connecting takes, beside other work. Safe to call again."""
        async with self._loading:
            if self._connector is None:
                self._connector = await asyncio.to_thread(_load)
            return self._connector

    async def load_later(self, clock: Clock) -> None:
        """Import it once the daemon has started, so that the first connection need not wait for it."""
        await clock.sleep(LOAD_AFTER_S)
        await self.load()

    async def connect(self, host: Host, interviewer: Interviewer) -> Connection:
        """Connect through the jump hosts, check every host key, log in everywhere."""
        return await (await self.load()).connect(host, interviewer)

    async def fetch_host_key(self, host: Host, interviewer: Interviewer) -> tuple[str, bytes]:
        """Return the type and blob of the key that the host shows now, without logging in there."""
        return await (await self.load()).fetch_host_key(host, interviewer)


def _load() -> AsyncsshConnector:
    from runicornd.ssh.asyncssh_adapter import AsyncsshConnector  # noqa: PLC0415 - why this module exists

    return AsyncsshConnector()
