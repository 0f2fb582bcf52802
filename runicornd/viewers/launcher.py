"""Starts one viewer on a host, or finds the one that still runs there, and makes sure it can be reached."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from runicornd.errors import ForwardingForbidden, RunicorndError
from runicornd.remote.models import ViewerExit, ViewerRecord
from runicornd.viewers.exits import crash
from runicornd.viewers.spare import Ahead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runicornd.remote.models import ViewerIdentity
    from runicornd.ssh.transport import ByteStream
    from runicornd.viewers.kinds.base import ViewerKind

UNIX = "unix"
TCP = "tcp"
LEASE_S = 1800.0
GRACE_S = 5.0
ANSWER_TO_START_S = 1.5
ABANDON_S = 2.5
ABANDON_GRACE_S = 1.0
"""Together these bound what a cancelled start may still take: a daemon has 5 s to end."""


class ViewerHost(Protocol):
    """What is needed of a host; ``remote.host.RemoteHost`` has it, and says what each raises."""

    async def start_viewer(
        self,
        *,
        instance: str,
        session: str,
        argv: Sequence[str],
        root: str,
        env: Mapping[str, str] | None = None,
        transport: str = "unix",
        lease_s: float = LEASE_S,
    ) -> ViewerRecord:
        """Start a viewer under a keeper of its own; returns before it answers."""
        ...

    async def attach_viewer(self, identity: ViewerIdentity) -> ViewerRecord | ViewerExit | None:
        """Find exactly this viewer again: its record, its exit, or None when nothing is known."""
        ...

    async def stop_viewer(self, identity: ViewerIdentity, *, grace_s: float = GRACE_S) -> bool:
        """End it and clear away what it left; False when it was not running."""
        ...

    async def viewers(self) -> tuple[ViewerRecord, ...]:
        """All viewers of this account that run, whoever started them."""
        ...

    async def exits(self, instance: str) -> ViewerExit:
        """Wait for the end of a viewer that was started or attached."""
        ...

    async def open_stream(self, record: ViewerRecord) -> ByteStream:
        """Connect to its socket."""
        ...


@dataclass(frozen=True, slots=True)
class Reached:
    """A viewer that runs, and the stream that was opened to see that it can be reached."""

    record: ViewerRecord
    stream: ByteStream


@dataclass(frozen=True, slots=True)
class Launch:
    """What is to run: the Python of the environment, the storage root, and whose viewer it is."""

    python: str
    root: str
    session: str


class TransportMemory:
    """Which targets turned out to forbid the forwarding of Unix sockets.

    Kept for the daemon's life only, so that an administrator who allows it gets the safer way back.
    """

    def __init__(self) -> None:
        self._tcp_only: set[str] = set()

    def preferred(self, target: str) -> str:
        """The transport to try first: ``unix`` or ``tcp``."""
        return TCP if target in self._tcp_only else UNIX

    def unix_is_forbidden(self, target: str) -> None:
        """Remember it."""
        self._tcp_only.add(target)

    def forget(self, target: str) -> None:
        """Try Unix sockets first again."""
        self._tcp_only.discard(target)


class Launcher:
    """Starts viewers of one kind on one host."""

    def __init__(
        self,
        host: ViewerHost,
        kind: ViewerKind,
        *,
        target: str,
        memory: TransportMemory,
        lease_s: float = LEASE_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._host = host
        self._kind = kind
        self._target = target
        self._memory = memory
        self._lease_s = lease_s
        self._grace_s = grace_s

    async def adopt(self, record: ViewerRecord, session: str) -> Reached | None:
        """Return the viewer of the record if it still runs and can be reached, else None.

        A viewer that runs and can no longer be reached is stopped. One of another session is left alone.
        The stream is opened while the host says who is there; not a byte goes through it before that.
        """
        async with Ahead(self._host.open_stream(record)) as ahead:
            running = await self._host.attach_viewer(record.identity)
            if not isinstance(running, ViewerRecord) or running.session not in _names(session):
                return None
            try:
                is_same_place = running.endpoint == record.endpoint
                return Reached(running, await (ahead.take() if is_same_place else self._reach(running)))
            except ForwardingForbidden:
                await self.stop(running)
                return None

    async def start(self, launch: Launch) -> Reached:
        """Start a viewer and return once its socket can be reached; it may not answer yet.

        Raises:
            ViewerCrashed: It exited at once.
            ForwardingForbidden: Neither its Unix socket nor a TCP port can be reached.
            RemoteError: The host cannot start it: no root, no permission, no disk space.
        """
        if self._memory.preferred(self._target) == UNIX:
            try:
                return await self._start_on(UNIX, launch)
            except ForwardingForbidden:
                pass  # the more open way is left to try
        try:
            reached = await self._start_on(TCP, launch)
        except ForwardingForbidden as error:
            self._memory.forget(self._target)
            raise _all_forbidden(self._target) from error
        self._memory.unix_is_forbidden(self._target)
        return reached

    async def stop(self, record: ViewerRecord) -> bool:
        """End the viewer; False when it was not running. Nothing of it is left either way."""
        return await self._host.stop_viewer(record.identity, grace_s=self._grace_s)

    async def clear(self, session: str) -> None:
        """End the viewers of a session that nobody has a record of.

        They come from starts whose answer was lost: the link broke, or the daemon was killed.
        """
        for stray in await self._host.viewers():
            if stray.session == session:
                await self.stop(stray)

    async def _start_on(self, transport: str, launch: Launch) -> Reached:
        record = await self._begin(transport, launch)
        try:
            return Reached(record, await self._reach(record))
        except BaseException:
            await self._abandon(record)
            raise

    async def _begin(self, transport: str, launch: Launch) -> ViewerRecord:
        """Ask the host to start it; when cancelled meanwhile, see that nothing stays behind."""
        request = asyncio.ensure_future(
            self._host.start_viewer(
                instance=secrets.token_hex(16),
                session=launch.session,
                argv=self._kind.argv(launch.python),
                env=self._kind.environment(launch.root),
                root=launch.root,
                transport=transport,
                lease_s=self._lease_s,
            )
        )
        try:
            return await asyncio.shield(request)
        except asyncio.CancelledError:
            await self._undo(request)
            raise

    async def _undo(self, request: asyncio.Future[ViewerRecord]) -> None:
        try:
            async with asyncio.timeout(ANSWER_TO_START_S):
                record = await request
        except (RunicorndError, TimeoutError, asyncio.CancelledError):
            return
        await self._abandon(record)

    async def _abandon(self, record: ViewerRecord) -> None:
        """Stop a viewer that nobody will use; if the link is gone as well, its lease ends it."""
        try:
            async with asyncio.timeout(ABANDON_S):
                await self._host.stop_viewer(record.identity, grace_s=ABANDON_GRACE_S)
        except (RunicorndError, TimeoutError):
            return

    async def _reach(self, record: ViewerRecord) -> ByteStream:
        """Connect to its socket. A server answers alike when it forbids that and when nobody listens."""
        try:
            return await self._host.open_stream(record)
        except ForwardingForbidden:
            found = await self._host.attach_viewer(record.identity)
            if isinstance(found, ViewerExit):
                raise crash(found) from None
            raise


def _names(session: str) -> tuple[str, str]:
    """What a session's viewers may be marked with: daemons before 0.2 left out what follows the ``@``."""
    return session, session.partition("@")[0]


def _all_forbidden(target: str) -> ForwardingForbidden:
    return ForwardingForbidden(
        f"cannot reach a viewer on {target}: the server forbids the forwarding of Unix sockets and of ports",
        hint=(
            "ask its administrator for 'AllowStreamLocalForwarding yes' (or at least 'AllowTcpForwarding "
            "local') and no 'DisableForwarding yes' or narrow 'PermitOpen' in sshd_config, and for no "
            "'restrict' or 'no-port-forwarding' before your key in authorized_keys"
        ),
        target=target,
    )
