"""``local``: this machine through the same Protocols, without SSH."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import ForwardingForbidden, NotConnected
from runicornd.ssh.tail import Tail
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Interviewer

BUFFER_BYTES = 1024 * 1024
OPEN_TIMEOUT_S = 15.0
CLOSE_TIMEOUT_S = 2.0
PIECE_BYTES = 65536
GRACE_S = 1.0
LAST_WORDS_S = 0.5


class LocalConnector:
    """The ``Connector`` for this machine."""

    async def connect(self, host: Host, interviewer: Interviewer) -> LocalConnection:  # noqa: ARG002 - the Protocol's signature
        """Succeed at once: there is nobody to log in to."""
        return LocalConnection()


class LocalConnection:
    """A ``Connection`` to this machine. Ends when it is closed, and ends its programs then."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()
        self._processes: set[LocalProcess] = set()

    async def execute(self, command: str) -> LocalProcess:
        """Start a command in a session and process group of its own."""
        self._check_open()
        try:
            started = await start_process(command)
        except OSError as error:
            raise NotConnected(
                f"cannot run a command on this machine: {error.strerror or error}", hint="try again"
            ) from error
        self._processes = {process for process in self._processes if not process.has_ended}
        self._processes.add(started)
        return started

    async def open_unix(self, path: str) -> LocalStream:
        """Connect to a Unix socket."""
        return await self._open(
            asyncio.open_unix_connection(path, limit=BUFFER_BYTES), f"the socket {printable(path)}"
        )

    async def open_tcp(self, hostname: str, port: int) -> LocalStream:
        """Connect to a TCP port."""
        return await self._open(
            asyncio.open_connection(hostname, port, limit=BUFFER_BYTES), f"{printable(hostname)}:{port}"
        )

    async def probe(self, timeout_s: float) -> None:
        """Do nothing: this machine is here."""

    async def wait_closed(self) -> None:
        """Return when ``close`` was called."""
        await self._closed.wait()

    async def close(self) -> None:
        """End the programs that were started."""
        self._closed.set()
        await asyncio.gather(*(process.end() for process in self._processes))
        self._processes.clear()

    async def _open(
        self, opening: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]], what: str
    ) -> LocalStream:
        self._check_open()
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                reader, writer = await opening
        except OSError as error:
            raise ForwardingForbidden(
                f"cannot connect to {what} on this machine: {error.strerror or 'no answer'}",
                hint="nothing listens there",
            ) from error
        return LocalStream(reader, writer)

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise NotConnected("cannot use this machine: the connection was closed", hint="connect again")


class LocalStream:
    """A ``ByteStream`` over asyncio's streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def is_fresh(self) -> bool:
        """Whether the other side has not closed it. That bytes have come cannot be seen here."""
        return not (self._reader.at_eof() or self._writer.is_closing())

    async def read(self, limit: int) -> bytes:
        """Return 1 to ``limit`` bytes, or ``b""`` at the end."""
        try:
            return await self._reader.read(limit)
        except OSError:
            return b""

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise _gone() from error
        if self._writer.is_closing():
            raise _gone()

    async def finish(self) -> None:
        """Half-close."""
        with contextlib.suppress(OSError):
            self._writer.write_eof()

    def abort(self) -> None:
        """Drop everything at once."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Send what is left, then close; after two seconds by force."""
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._writer.wait_closed()
        except OSError:  # the time-out is one
            self.abort()


class LocalProcess:
    """A program of this machine, as a ``Process``. Ending it ends all of its process group.

    Args:
        process: The running program.
        stream: Its standard input and output.
        errors: Its standard error.
    """

    def __init__(self, process: asyncio.subprocess.Process, stream: LocalStream, errors: LocalStream) -> None:
        self.stream = stream
        self._process = process
        self._errors = errors
        self._tail = Tail()
        self._reading = asyncio.create_task(self._read_errors(), name="standard error of a local program")

    @property
    def has_ended(self) -> bool:
        """Whether nothing of it is left to be ended."""
        return self._process.returncode is not None and self._reading.done()

    async def wait(self) -> int | None:
        """Wait for the exit status; None after a signal."""
        status = await self._process.wait()
        # What it started may hold standard error open for long.
        await asyncio.wait({self._reading}, timeout=LAST_WORDS_S)
        return status if status >= 0 else None

    def complaint(self) -> str:
        """The end of its standard error."""
        return self._tail.text()

    async def end(self) -> None:
        """Close its input; what still runs after a second is killed."""
        self.stream.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await self._process.wait()
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        self._errors.abort()
        await asyncio.wait({self._reading})

    async def _read_errors(self) -> None:
        while data := await self._errors.read(PIECE_BYTES):
            self._tail.add(data)
        self._errors.abort()


async def start_process(command: str) -> LocalProcess:
    """Run a command with ``/bin/sh`` in the user's home.

    Raises:
        OSError: It cannot be started.
    """
    # Sockets, not pipes: our end can be closed whoever holds the other one.
    ours, theirs = socket.socketpair()
    errors, their_errors = socket.socketpair()
    with theirs, their_errors:
        try:
            process = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                command,
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=their_errors.fileno(),
                cwd=Path.home(),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            errors.close()
            raise
    return LocalProcess(process, await _stream_over(ours), await _stream_over(errors))


async def _stream_over(connection: socket.socket) -> LocalStream:
    return LocalStream(*await asyncio.open_connection(sock=connection, limit=BUFFER_BYTES))


def _gone() -> NotConnected:
    return NotConnected("cannot send: the other side has closed the stream", hint="connect again")
