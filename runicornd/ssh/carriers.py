"""What carries the bytes of an SSH connection: TCP, a program, or a channel of a jump host.

A carrier also watches the first bytes, because what a server says before the encryption tells best
what is wrong with it.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol, TypeVar

from runicornd.ssh.dial import dial
from runicornd.ssh.greeting import Greeting
from runicornd.ssh.proxy_command import ProxyProcess, start_proxy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.ssh.targets import Host


class Receiver(Protocol):
    """Who gets the bytes: the SSH protocol's engine."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there; write to ``transport``."""
        ...

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        ...

    def eof_received(self) -> bool | None:
        """The other side has finished."""
        ...

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        ...


R = TypeVar("R", bound=Receiver)


class Watcher(asyncio.Protocol):
    """Passes everything on and reads along until the greeting is complete."""

    def __init__(self, receiver: Receiver, greeting: Greeting, on_greeted: Callable[[], None]) -> None:
        self._receiver = receiver
        self._greeting = greeting
        self._on_greeted = on_greeted
        self._was_greeted = False
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Pass it on."""
        self._transport = transport
        self._receiver.connection_made(transport)

    def session_started(self) -> None:
        """A channel of a jump host says this; there is nothing to do."""

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        """Read along, then pass it on."""
        if datatype is None:
            if not self._greeting.is_complete:
                self._read_along(data)
            self._receiver.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass it on."""
        return self._receiver.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Pass it on."""
        self._receiver.connection_lost(exc)

    def _read_along(self, data: bytes) -> None:
        self._greeting.feed(data)
        if self._greeting.version and not self._was_greeted:
            self._was_greeted = True
            self._on_greeted()
        if self._greeting.is_complete and isinstance(self._transport, asyncio.Transport):
            # From now on the bytes go straight to their receiver.
            self._transport.set_protocol(self._receiver)  # type: ignore[arg-type] # it is one in all but name


class Carrier(ABC):
    """One way to the server, and what was heard on it.

    Args:
        host: The server.
        on_greeted: Called once, when the server's version line has come.
    """

    def __init__(self, host: Host, on_greeted: Callable[[], None]) -> None:
        self.greeting = Greeting()
        self._host = host
        self._on_greeted = on_greeted

    @property
    def complaint(self) -> str:
        """What the way itself has to say about its failure."""
        return ""

    async def create_connection(
        self, factory: Callable[[], R], _hostname: str, _port: int
    ) -> tuple[asyncio.BaseTransport, R]:
        """Make the connection for the receiver of the factory; return the transport and the receiver.

        This is the shape of asyncssh's tunnels.

        Raises:
            HostUnreachable: It cannot be made.
        """
        receiver = factory()
        watcher = Watcher(receiver, self.greeting, self._on_greeted)
        return await self._connect(watcher), receiver

    async def close(self) -> None:  # noqa: B027 - most carriers start nothing
        """Let go of whatever was started; bounded in time."""

    @abstractmethod
    async def _connect(self, watcher: Watcher) -> asyncio.BaseTransport:
        """Make the connection for the watcher. Raises as ``create_connection``."""


class TcpCarrier(Carrier):
    """A TCP connection of this machine."""

    async def _connect(self, watcher: Watcher) -> asyncio.BaseTransport:
        connection = await dial(self._host)
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: watcher, sock=connection
            )
        except BaseException:
            connection.close()
            raise
        return transport


class CommandCarrier(Carrier):
    """A ``ProxyCommand``."""

    def __init__(self, host: Host, command: str, on_greeted: Callable[[], None]) -> None:
        super().__init__(host, on_greeted)
        self._command = command
        self._process: ProxyProcess | None = None

    @property
    def complaint(self) -> str:
        """The end of the command's standard error."""
        return self._process.complaint if self._process else ""

    async def close(self) -> None:
        """End the command and its children."""
        if self._process:
            await self._process.finish()

    async def _connect(self, watcher: Watcher) -> asyncio.BaseTransport:
        self._process = await start_proxy(self._command, watcher)
        return self._process


class ChannelCarrier(Carrier):
    """A channel of the connection to a jump host.

    Args:
        open_channel: Opens it for a watcher; raises ``HostUnreachable``.
    """

    def __init__(
        self,
        host: Host,
        open_channel: Callable[[Watcher], Awaitable[asyncio.BaseTransport]],
        on_greeted: Callable[[], None],
    ) -> None:
        super().__init__(host, on_greeted)
        self._open_channel = open_channel

    async def _connect(self, watcher: Watcher) -> asyncio.BaseTransport:
        return await self._open_channel(watcher)
