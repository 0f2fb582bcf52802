"""All remote hosts: one for each link."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runicornd.remote.channel import PING_INTERVAL_S
from runicornd.remote.host import RemoteHost

if TYPE_CHECKING:
    from collections.abc import Hashable

    from runicornd.remote.host import ConnectionSource


class RemoteHosts:
    """Hands out the one ``RemoteHost`` of each link.

    Args:
        ping_interval_s: Seconds between two signs of life, which also renew the leases.
    """

    def __init__(self, *, ping_interval_s: float = PING_INTERVAL_S) -> None:
        self._ping_interval_s = ping_interval_s
        self._hosts: dict[Hashable, RemoteHost] = {}

    def of(self, key: Hashable, source: ConnectionSource) -> RemoteHost:
        """Return the host of the link with that key, made on first use."""
        host = self._hosts.get(key)
        if host is None:
            host = self._hosts[key] = RemoteHost(source, ping_interval_s=self._ping_interval_s)
        return host

    async def forget(self, key: Hashable) -> None:
        """End the agent of a link that goes away."""
        host = self._hosts.pop(key, None)
        if host is not None:
            await host.close()

    async def close(self) -> None:
        """End all agents at the same time: one that does not answer takes its second, not everyone's."""
        await asyncio.gather(*(self.forget(key) for key in tuple(self._hosts)))
