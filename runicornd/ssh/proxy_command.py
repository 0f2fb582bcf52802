"""``ProxyCommand``: a program whose standard input and output are the way to the server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any, cast

from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from runicornd.ssh.carriers import Receiver

COMPLAINT_LIMIT_BYTES = 2048
GRACE_S = 1.0


class ProxyProcess(asyncio.SubprocessProtocol, asyncio.WriteTransport):
    """The running command, as the transport of the bytes that go through it."""

    def __init__(self, receiver: Receiver) -> None:
        super().__init__()
        self._receiver = receiver
        self._process: asyncio.SubprocessTransport | None = None
        self._complaint = bytearray()
        self._exited = asyncio.Event()
        self._lost = False

    @property
    def complaint(self) -> str:
        """The end of what the command wrote to its standard error, safe to show."""
        return printable(" ".join(bytes(self._complaint).decode("utf-8", "replace").split()), 300)

    # What asyncio tells about the program

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The program runs."""
        self._process = cast(asyncio.SubprocessTransport, transport)
        self._receiver.connection_made(self)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It wrote something."""
        if fd == 1:
            self._receiver.data_received(data)
        else:
            self._complaint += data
            del self._complaint[:-COMPLAINT_LIMIT_BYTES]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """It closed one of its pipes; without output the connection is over."""
        if fd == 1:
            self._lose(exc)

    def process_exited(self) -> None:
        """It has ended."""
        self._exited.set()

    # The transport

    def write(self, data: Any) -> None:  # noqa: ANN401 - the base class's signature
        """Send bytes into the program."""
        pipe = self._process.get_pipe_transport(0) if self._process else None
        if pipe is not None and not pipe.is_closing():
            cast(asyncio.WriteTransport, pipe).write(data)

    def abort(self) -> None:
        """Ask the program to end."""
        pipe = self._process.get_pipe_transport(0) if self._process else None
        if pipe is not None:
            pipe.close()
        self._signal(signal.SIGTERM)

    def close(self) -> None:
        """Ask the program to end."""
        self.abort()

    def is_closing(self) -> bool:
        """Whether the connection is over."""
        return self._lost

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401, ARG002 - as in the base class
        """Nothing is known of what lies behind a program."""
        return default

    async def finish(self) -> None:
        """End the program and all that it started; takes a little more than a second at most."""
        self.abort()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                await self._exited.wait()
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.close()
            await self._exited.wait()
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._receiver.connection_lost(error)

    def _signal(self, number: int) -> None:
        # The whole group: the command is often a pipeline.
        if self._process and (pid := self._process.get_pid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)


async def start_proxy(command: str, receiver: Receiver) -> ProxyProcess:
    """Start the command in a process group of its own.

    Raises:
        OSError: There is no shell to run it.
    """
    _, process = await asyncio.get_running_loop().subprocess_exec(
        lambda: ProxyProcess(receiver),
        "/bin/sh",
        "-c",
        f"exec {command}",
        start_new_session=True,
    )
    return process
