"""All forwards: opens, remembers and closes them."""

from __future__ import annotations

import asyncio
from difflib import get_close_matches
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.recordfiles import RecordFiles
from runicornd._lib.shortname import short_name
from runicornd.errors import RequestError, RunicorndError, StateUnwritable, UnknownForward
from runicornd.forwards.forward import Forward
from runicornd.forwards.model import ForwardIntent, ForwardRemoved, read_spec
from runicornd.tunnels.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.forwards.model import ForwardView
    from runicornd.ssh.auth import Login
    from runicornd.ssh.pool import Pool
    from runicornd.ssh.targets import Targets
    from runicornd.tunnels.ports import Ports

VERSION = 1
MAX_FORWARDS = 500

_log = structlog.get_logger("forwards")


class Forwards:
    """The registry of forwards.

    Args:
        folder: Where they are remembered; samples are in ``tests/unit/forwards/files``.
        targets: Resolves what the user typed.
        pool: The links.
        ports: Hands out local ports.
        events: Where changes are published.
        clock: The time.
        hold_s: How long a connection waits for the link, in seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        targets: Targets,
        pool: Pool,
        ports: Ports,
        events: EventHub,
        clock: Clock,
        hold_s: float,
    ) -> None:
        self._files = RecordFiles(
            folder, ForwardIntent, noun="forward", version=VERSION, name_of=lambda intent: intent.id
        )
        self._targets = targets
        self._pool = pool
        self._ports = ports
        self._events = events
        self._clock = clock
        self._hold_s = hold_s
        self._forwards: dict[str, Forward] = {}
        self._opening = asyncio.Lock()

    async def restore(self) -> None:
        """Open those of the daemon before, on their ports."""
        for intent in self._files.load():
            try:
                await self._begin(intent, None)
            except RunicorndError as error:
                _log.warning("forward not restored", forward=intent.id, reason=error.message)

    async def close(self) -> None:
        """Let go of all; the next daemon opens them again."""
        await asyncio.gather(*(forward.close() for forward in self._forwards.values()))

    def hold_for(self, seconds: float) -> None:
        """Let connections wait so long for the link from now on."""
        self._hold_s = seconds
        for forward in self._forwards.values():
            forward.hold_for(seconds)

    def list(self) -> Sequence[ForwardView]:
        """Return all forwards, by id."""
        return [self._forwards[key].view() for key in sorted(self._forwards)]

    async def open(self, target: str, spec: str, login: Login | None) -> ForwardView:
        """Open a forward, or find the one that already leads there.

        Raises:
            InvalidTarget, InvalidParams, PortTaken, StateUnwritable: Nothing has begun.
        """
        local_port, endpoint = read_spec(spec)
        async with self._opening:
            for forward in self._forwards.values():
                intent = forward.intent
                is_same = (intent.target, intent.endpoint) == (target, endpoint)
                if is_same and local_port in {None, intent.local_port}:
                    return forward.view()
            if len(self._forwards) >= MAX_FORWARDS:
                raise RequestError(
                    f"cannot forward to {target}: there are {MAX_FORWARDS} forwards already",
                    hint="close some with 'runicornctl forward --close ID'",
                )
            intent = ForwardIntent(
                id=short_name(f"{target}-{endpoint.port or 'socket'}", self._forwards, otherwise="forward"),
                target=target,
                endpoint=endpoint,
                local_port=local_port,
                port_is_explicit=local_port is not None,
                created=self._clock.wall(),
            )
            return await self._begin(intent, login)

    async def shut(self, forward_id: str) -> None:
        """Close a forward and forget it.

        Raises:
            UnknownForward: There is none of that id.
        """
        forward = self._forwards.get(forward_id)
        if forward is None:
            raise self._unknown(forward_id)
        self._delete(forward_id)
        del self._forwards[forward_id]
        await forward.close()
        self._ports.forget(forward_id)
        self._events.publish(ForwardRemoved(forward_id))

    async def _begin(self, intent: ForwardIntent, login: Login | None) -> ForwardView:
        host = await self._targets.resolve(intent.target)
        forward = Forward(
            intent,
            link=self._pool.link(host, login),
            tunnel=Tunnel(intent.id, intent.target, self._ports, hold_s=self._hold_s),
            events=self._events,
            clock=self._clock,
        )
        forward.open()
        try:
            self._save(forward.intent)
        except BaseException:
            await forward.close()
            raise
        self._forwards[intent.id] = forward
        return forward.view()

    def _save(self, intent: ForwardIntent) -> None:
        try:
            self._files.save(intent)
        except OSError as error:
            raise StateUnwritable(
                f"cannot save forward {intent.id}: {error.strerror or error}",
                hint=f"make room in {self._files.folder} and see that it is yours to write",
            ) from error

    def _delete(self, forward_id: str) -> None:
        try:
            self._files.delete(forward_id)
        except OSError as error:
            raise StateUnwritable(f"cannot forget forward {forward_id}: {error.strerror or error}") from error

    def _unknown(self, forward_id: str) -> UnknownForward:
        near = get_close_matches(forward_id, self._forwards, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "'runicornctl forward --list' shows all"
        return UnknownForward(f"cannot find forward {forward_id!r}: there is none of that id", hint=hint)
