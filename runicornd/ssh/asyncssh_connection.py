"""An open SSH connection."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import asyncssh

from runicornd.errors import (
    ChannelRefused,
    ForwardingForbidden,
    HostUnreachable,
    NotConnected,
    RunicorndError,
)
from runicornd.ssh.asyncssh_shortcut import CIPHERS, HAS_SHORTCUT, Shortcut
from runicornd.ssh.asyncssh_streams import ChannelProcess, ChannelStream, opened
from runicornd.ssh.text import printable
from runicornd.ssh.windows import Allowance, Window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.ssh.carriers import Carrier, Watcher
    from runicornd.ssh.targets import Host

    # Makes a channel, given its session's factory and its sizes; returns the channel and the session.
    _Create = Callable[..., Awaitable[tuple[Any, Any]]]

OPEN_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 0.5
PROBES = 3
JUST_ENDED_S = 0.5
ROOM_S = 0.1
"""sshd forgets a command when it has seen to all that came with the news of its end, the next request too."""

PACKET_BYTES = 32 * 1024
LEAST_FOLLOWED_BYTES = 4 * PACKET_BYTES
"""Of smaller windows too little would be left between what the engine and the shortcut keep to themselves."""


@dataclass(frozen=True, slots=True)
class ChannelSizes:
    """What each channel may have on its way, the same for all of a connection.

    Args:
        window: Bytes without an acknowledgement; also what a reader who stops leaves in memory.
        packet: Bytes of one packet; each costs a fixed amount of work.
        rate: The window is what this many bytes a second need for the round trip of the connection,
            between ``least`` and ``window``.
    """

    window: int
    packet: int
    rate: float
    least: int

    def window_for(self, round_trip_s: float) -> int:
        """The window of a connection with this round trip."""
        return max(self.least, min(self.window, int(self.rate * round_trip_s)))


BULK = ChannelSizes(window=32 * 1024 * 1024, packet=64 * 1024, rate=160e6, least=2 * 1024 * 1024)
"""For a few channels of a process that does nothing else.

sshd gathers up to a window of what the command says, in a buffer that it enlarges in small steps by
copying: on a near server a large window makes it slow.
"""

_JUMP = ChannelSizes(window=16 * 1024 * 1024, packet=PACKET_BYTES, rate=320e6, least=2 * 1024 * 1024)
"""For the one channel that carries another connection with all of its channels."""


class AsyncsshConnection:
    """A ``Connection`` over SSH, together with the way it goes.

    Args:
        host: The server.
        connection: asyncssh's connection, logged in.
        carrier: What carries it.
        below: The connection to the last jump host, which ends with this one.
        channels: How much each channel may have on its way; None: what its path needs, of what all share.
        round_trip_s: About how long a question to the server takes.
    """

    def __init__(
        self,
        host: Host,
        connection: asyncssh.SSHClientConnection,
        carrier: Carrier,
        below: AsyncsshConnection | None,
        channels: ChannelSizes | None = None,
        round_trip_s: float = 0.0,
    ) -> None:
        self._host = host
        self._connection = connection
        self._carrier = carrier
        self._below = below
        self._allowance = Allowance(round_trip_s=round_trip_s)
        self._channels = channels
        self._command_ended = float("-inf")
        self._shortcut = _shortcut_of(connection)

    async def execute(self, command: str) -> ChannelProcess:
        """Start a command. Where only few may run, one that has just ended counts for a moment longer."""
        try:
            return await self._execute(command)
        except ChannelRefused:
            if asyncio.get_running_loop().time() - self._command_ended > JUST_ENDED_S:
                raise
        await asyncio.sleep(ROOM_S)
        return await self._execute(command)

    async def _execute(self, command: str) -> ChannelProcess:
        try:
            stream = await self._open(
                lambda session, **sizes: self._connection.create_session(
                    session, command=command, request_pty=False, **sizes
                )
            )
        except asyncssh.ChannelOpenError as error:
            raise ChannelRefused(
                f"cannot run a command on {self._host.target}: the server refuses another channel "
                f"({printable(error.reason)})",
                hint="the server may limit the number of channels (MaxSessions)",
            ) from error
        stream.on_lost = self._note_end
        return ChannelProcess(stream)

    def _note_end(self) -> None:
        self._command_ended = asyncio.get_running_loop().time()

    async def open_unix(self, path: str) -> ChannelStream:
        """Connect to a Unix socket of the server."""
        try:
            return await self._open(
                lambda session, **sizes: self._connection.create_unix_connection(session, path, **sizes)
            )
        except asyncssh.ChannelOpenError as error:
            raise self._forbidden(f"the socket {printable(path)}", error) from error

    async def open_tcp(self, hostname: str, port: int) -> ChannelStream:
        """Connect to a port as the server sees it."""
        try:
            return await self._open(
                lambda session, **sizes: self._connection.create_connection(session, hostname, port, **sizes)
            )
        except asyncssh.ChannelOpenError as error:
            raise self._forbidden(f"{printable(hostname)}:{port}", error) from error

    async def open_for_jump(self, watcher: Watcher, host: Host) -> asyncio.BaseTransport:
        """Open the way to the next host for its SSH connection.

        Raises:
            HostUnreachable: This jump host cannot reach it, or may not.
        """
        try:
            async with asyncio.timeout(host.connect_timeout_s):
                channel, _ = await opened(
                    self._connection.create_connection(
                        lambda: watcher,  # type: ignore[arg-type,return-value] # as above
                        host.hostname,
                        host.port,
                        encoding=None,
                        window=_JUMP.window_for(self._allowance.round_trip_s),
                        max_pktsize=_JUMP.packet,
                    )
                )
        except (asyncssh.Error, OSError) as error:
            why = printable(getattr(error, "reason", "") or "no answer")
            raise HostUnreachable(
                f"cannot reach {host.address} through {self._host.address}: {why}",
                hint="check the name and port as the jump host sees them, and that it allows forwarding",
                reason="jump",
            ) from error
        # A channel of asyncssh is a transport in all but name.
        return cast(asyncio.BaseTransport, channel)

    async def probe(self, timeout_s: float) -> None:
        """Ask a few times in quick succession; asyncssh gives the connection up if nothing comes back."""
        connection, host = self._connection, self._host
        if connection.is_closed() or timeout_s >= host.keepalive_interval_s * host.keepalive_count:
            return  # the usual questions are not slower
        # A little faster than the time that we wait, so that asyncssh has judged by then.
        connection.set_keepalive(0.9 * timeout_s / (PROBES + 1), PROBES)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await connection.wait_closed()
        if not connection.is_closed():
            connection.set_keepalive(host.keepalive_interval_s, unanswered(host))

    async def wait_closed(self) -> None:
        """Return when the connection is gone."""
        await self._connection.wait_closed()

    async def close(self) -> None:
        """Close this connection and those that carry it."""
        self._connection.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._connection.wait_closed()
        except TimeoutError:
            self._connection.abort()
        below = [self._below.close()] if self._below else []
        await asyncio.gather(self._carrier.close(), *below)

    async def _open(self, create: _Create) -> ChannelStream:
        window = None if self._channels else Window(self._allowance, asyncio.get_running_loop().time)
        try:
            return await self._opened(create, window)
        except BaseException:
            if window:
                window.close()
            raise

    async def _opened(self, create: _Create, window: Window | None) -> ChannelStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                # Two turns of the loop from now the request has been written.
                loop.call_soon(loop.call_soon, self._acknowledge_at_once)
                began = loop.time()
                sizes = self._sizes(window)
                _, stream = await opened(create(lambda: ChannelStream(window), **sizes))
                self._allowance.measured(loop.time() - began)
                if self._shortcut is not None and sizes["window"] >= LEAST_FOLLOWED_BYTES:
                    self._shortcut.follow(stream)
                return cast(ChannelStream, stream)
        except TimeoutError as error:
            raise self._lost(f"no answer within {OPEN_TIMEOUT_S:g} s") from error
        except asyncssh.ChannelOpenError as error:
            if self._connection.is_closed():
                raise self._lost("the connection is gone") from error
            raise
        except (asyncssh.Error, OSError) as error:
            raise self._lost("the connection is gone") from error

    def _sizes(self, window: Window | None) -> dict[str, Any]:
        if window:
            return {"encoding": None, "window": window.size, "max_pktsize": PACKET_BYTES}
        assert self._channels is not None
        size = self._channels.window_for(self._allowance.round_trip_s)
        return {"encoding": None, "window": size, "max_pktsize": self._channels.packet}

    def _acknowledge_at_once(self) -> None:
        """Keep the next answer from being held back.

        sshd says something small after the login that has no answer, and its system then keeps the
        next small packet until ours has confirmed the first: 40 ms, unless ours is told to hurry.
        """
        connection = self._connection.get_extra_info("socket")
        if connection is not None and hasattr(socket, "TCP_QUICKACK"):  # Linux has it
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _lost(self, why: str) -> RunicorndError:
        return NotConnected(
            f"cannot use the connection to {self._host.target}: {why}",
            hint="run 'runicornctl status' to see when it is back",
        )

    def _forbidden(self, what: str, error: asyncssh.ChannelOpenError) -> ForwardingForbidden:
        return ForwardingForbidden(
            f"cannot connect to {what} on {self._host.target}: the server says {printable(error.reason)!r}",
            hint="nothing listens there, or the server forbids it (AllowTcpForwarding, "
            "AllowStreamLocalForwarding)",
        )


def _shortcut_of(connection: asyncssh.SSHClientConnection) -> Shortcut | None:
    """What large transfers take, where the cipher and the way to the server allow it."""
    transport = connection._transport  # noqa: SLF001 - asyncssh shows it to nobody
    is_fit = HAS_SHORTCUT and connection.get_extra_info("recv_cipher") in CIPHERS
    if not is_fit or not isinstance(transport, asyncio.Transport):
        return None
    shortcut = Shortcut(connection, transport)
    transport.set_protocol(shortcut)
    return shortcut


def unanswered(host: Host) -> int:
    """How many unanswered questions asyncssh has to allow: it gives up one interval after the last."""
    return max(1, host.keepalive_count - 1)
