"""One forward: its tunnel, and the link that it holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import NotConnected, RunicorndError
from runicornd.forwards.model import ForwardChanged, ForwardPhase, ForwardView
from runicornd.ssh.lifecycle import Disposition, LinkPhase, classify

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.forwards.model import ForwardIntent
    from runicornd.ssh.link import Link
    from runicornd.ssh.transport import ByteStream
    from runicornd.tunnels.tunnel import Tunnel

_log = structlog.get_logger("forwards")


class Forward:
    """Keeps one local port leading to its endpoint while the link is up, and waiting while it is not.

    Args:
        intent: What is wanted.
        link: The host's link, held for as long as the forward lives.
        tunnel: Not yet open.
        events: Hears of every change as ``ForwardChanged``.
        clock: The time.
    """

    def __init__(
        self, intent: ForwardIntent, *, link: Link, tunnel: Tunnel, events: EventHub, clock: Clock
    ) -> None:
        self.intent = intent
        self._link = link
        self._tunnel = tunnel
        self._events = events
        self._clock = clock
        self._view = ForwardView(intent, ForwardPhase.CONNECTING, clock.wall())
        self._tasks = Tasks(f"forward {intent.id}")

    def hold_for(self, seconds: float) -> None:
        """Let connections wait so long for the link from now on."""
        self._tunnel.hold_for(seconds)

    def view(self) -> ForwardView:
        """How it stands."""
        return replace(self._view, intent=self.intent, connections=self._tunnel.connections)

    def open(self) -> None:
        """Take the local port and begin; raises as ``Tunnel.open``, and has then done nothing."""
        port = self._tunnel.open(self.intent.local_port, explicit=self.intent.port_is_explicit)
        self.intent = replace(self.intent, local_port=port)
        self._tasks.start("run", self._run())

    async def close(self) -> None:
        """End it and its connections, at most 4 seconds from now. Safe to call again."""
        await self._tasks.close()
        await self._tunnel.close()

    async def _run(self) -> None:
        async with self._link.wanted():
            while self._link.state.phase is not LinkPhase.CLOSED:
                try:
                    await self._link.up()
                    self._tunnel.attach(self._dial)
                    self._apply(ForwardPhase.READY)
                    await self._link.down()
                    error = self._link.state.error
                    raise error or NotConnected(f"cannot reach {self.intent.target}: the connection was lost")
                except RunicorndError as error:
                    await self._recover(error)

    async def _recover(self, error: RunicorndError) -> None:
        self._tunnel.detach()
        if classify(error) is Disposition.RETRY:
            self._apply(ForwardPhase.RECONNECTING, error)
            return
        self._apply(ForwardPhase.BLOCKED, error)
        await self._link.unblocked()

    async def _dial(self) -> ByteStream:
        connection = self._link.connection
        if connection is None:
            raise NotConnected(f"cannot reach {self.intent.target}: the link is down")
        endpoint = self.intent.endpoint
        if endpoint.path is not None:
            return await connection.open_unix(endpoint.path)
        return await connection.open_tcp(endpoint.host, endpoint.port)

    def _apply(self, phase: ForwardPhase, error: RunicorndError | None = None) -> None:
        """The one place where the state changes: it logs and publishes."""
        prompt_id = self._link.state.prompt_id if phase is ForwardPhase.BLOCKED else None
        self._view = ForwardView(self.intent, phase, self._clock.wall(), prompt_id=prompt_id, error=error)
        _log.info("forward changed", forward=self.intent.id, phase=phase, why=error and error.message)
        self._events.publish(ForwardChanged(self.view()))
