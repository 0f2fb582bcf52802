"""All links: one for each host, however many ask for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from runicornd.errors import HostKeyChanged, HostKeyUnknown, NeedsInput
from runicornd.prompts import QuestionKind
from runicornd.ssh.lifecycle import LinkPhase

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runicornd.ssh.auth import Login
    from runicornd.ssh.link import Link
    from runicornd.ssh.targets import Host

_log = structlog.get_logger(__name__)


class Pool:
    """Owns every link.

    Args:
        new_link: Makes the link of a host, not yet started.
    """

    def __init__(self, new_link: Callable[[Host], Link]) -> None:
        self._new_link = new_link
        self._links: dict[str, Link] = {}

    def link(self, host: Host, login: Login | None = None) -> Link:
        """Return the host's link; it connects once somebody holds it.

        Args:
            host: The host as it was resolved just now; the link's next try uses this reading.
            login: What the user gave with the request, for the next try and later ones.
        """
        link = self._links.get(host.key)
        if link is None or link.state.phase is LinkPhase.CLOSED:
            link = self._links[host.key] = self._new_link(host)
            link.start()
        link.use(host, login)
        return link

    def links(self) -> Sequence[Link]:
        """All links, in the order in which their hosts were first named."""
        return tuple(self._links.values())

    def host_key_trusted(self, host: Host) -> None:
        """Let the host's link try again if it is blocked because of the host key."""
        link = self._links.get(host.key)
        if link is None:
            return
        error = link.state.error
        was_asked = isinstance(error, NeedsInput) and error.context.get("question") == QuestionKind.HOST_KEY
        if was_asked or isinstance(error, HostKeyChanged | HostKeyUnknown):
            link.kick()

    def kick_all(self, reason: str) -> None:
        """Skip every backoff and probe what is up, because conditions changed; ``reason`` is for the log."""
        _log.info("all links are looked at", reason=reason)
        for link in self._links.values():
            link.nudge()

    def hold_back(self) -> None:
        """Break off every try to connect: whoever closes down has no use for a crowd of handshakes."""
        for link in self._links.values():
            link.hold_back()

    async def close(self) -> None:
        """Close every link at the same time; takes at most 3 seconds."""
        links = list(self._links.values())
        self._links.clear()
        await asyncio.gather(*(link.close() for link in links))
