"""Channels as streams and processes, with bounded buffers in both directions."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import asyncssh

from runicornd.errors import NotConnected
from runicornd.ssh.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.ssh.windows import Window

S = TypeVar("S")

# What is read ahead for a reader who is away; the channel's window is on top of it.
READ_AHEAD_BYTES = 256 * 1024
WRITE_PIECE_BYTES = 256 * 1024
JOIN_BYTES = 64 * 1024
CLOSE_TIMEOUT_S = 2.0


class ChannelStream(asyncssh.SSHClientSession[bytes]):
    """A channel as a ``ByteStream``. Also takes what only a command's channel has.

    Args:
        window: The channel's window, which grows with what it is used for; None: it stays as it is.
    """

    def __init__(self, window: Window | None = None) -> None:
        self._channel: Any = None
        self._window = window
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._taken_in = 0
        self.on_read: Callable[[int], None] | None = None
        self.on_lost: Callable[[], None] | None = None
        self._is_paused = False
        self._has_ended = False
        self._is_lost = False
        self._is_broken = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = asyncio.Event()
        self.exited: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self.errors = Tail()

    # ByteStream

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has come yet that was not read: no bytes, no end, no loss."""
        return not (self._chunks or self._has_ended)

    async def read(self, limit: int) -> bytes:
        """Return 1 to ``limit`` bytes, or ``b""`` at the end.

        Raises:
            NotConnected: The connection broke before the end, so that something is missing.
        """
        while not self._chunks and not self._has_ended:
            self._readable.clear()
            await self._readable.wait()
        if self._is_broken and not self._chunks:
            raise _broken()
        data = self._take(limit)
        if self._taken_in and self.on_read is not None and not self._is_lost:
            counted = min(self._taken_in, len(data))
            self._taken_in -= counted
            self.on_read(counted)
        # A channel that is lost must not be touched: it has forgotten what it still held back.
        if self._is_paused and not self._is_lost and self._buffered < READ_AHEAD_BYTES // 2:
            self._is_paused = False
            self._channel.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send all of it, as fast as the other side takes it."""
        view = memoryview(data)
        for start in range(0, len(data), WRITE_PIECE_BYTES):
            await self._writable.wait()
            if self._is_lost:
                raise _gone()
            try:
                self._channel.write(bytes(view[start : start + WRITE_PIECE_BYTES]))
            except OSError as error:
                raise _gone() from error
        await self._writable.wait()
        if self._is_lost:
            raise _gone()

    async def finish(self) -> None:
        """Half-close."""
        with suppress(OSError):
            self._channel.write_eof()

    def abort(self) -> None:
        """Drop everything at once."""
        self._end()
        self._chunks.clear()
        self._buffered = 0
        self._channel.abort()

    async def close(self) -> None:
        """Send what is left, then close; after two seconds by force."""
        self._channel.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._lost.wait()
        except TimeoutError:
            self.abort()

    # What asyncssh tells

    def connection_made(self, chan: Any) -> None:  # noqa: ANN401 - one of several classes of asyncssh
        """The channel is open."""
        self._channel = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Bytes came; ``datatype`` tells standard error from the rest."""
        if datatype is not None:
            self.errors.add(data)
            return
        self._chunks.append(data)
        self._buffered += len(data)
        self._readable.set()
        if self._window is not None and self.on_read is None and self.grown(len(data)):
            # asyncssh has no other door to this; with the next packet it tells the other side.
            self._channel._init_recv_window = self._window.size  # noqa: SLF001 - see above
        if self._buffered >= READ_AHEAD_BYTES and not self._is_paused:
            self._is_paused = True
            self._channel.pause_reading()

    # What a shortcut past asyncssh tells and asks

    @property
    def channel(self) -> Any:  # noqa: ANN401 - as below
        """The channel as asyncssh has it."""
        return self._channel

    @property
    def is_paused(self) -> bool:
        """Whether asyncssh keeps data back."""
        return self._is_paused

    @property
    def is_lost(self) -> bool:
        """Whether nobody wants anything of it any more."""
        return self._is_lost

    def grown(self, size: int) -> int:
        """By how many bytes the window has grown now that so many more were received."""
        return self._window.received(size) if self._window is not None else 0

    def take_in(self, data: bytes) -> None:
        """Bytes came past asyncssh. ``on_read`` hears of them when they are read, and makes room for more."""
        if not self._is_lost:
            self._chunks.append(data)
            self._buffered += len(data)
            self._taken_in += len(data)
            self._readable.set()

    # What asyncssh tells, too

    def eof_received(self) -> bool:
        """The other side has finished sending; true keeps our direction open."""
        self._has_ended = True
        self._readable.set()
        return True

    def pause_writing(self) -> None:
        """The other side does not keep up."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()

    def exit_status_received(self, status: int) -> None:
        """The command has ended."""
        self._set_exit(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed, in order or not."""
        self._is_broken = exc is not None and not self._has_ended
        self._end()
        self._set_exit(None)
        self._lost.set()
        if self.on_lost is not None:
            self.on_lost()
        if self._window is not None:
            self._window.close()

    def _end(self) -> None:
        self._has_ended = True
        self._is_lost = True
        self._readable.set()
        self._writable.set()

    def _set_exit(self, status: int | None) -> None:
        if not self.exited.done():
            self.exited.set_result(status)

    def _take(self, limit: int) -> bytes:
        if not self._chunks:
            return b""
        taken: list[bytes] = []
        room = limit
        while self._chunks and room > 0:
            if taken and len(self._chunks[0]) > min(room, JOIN_BYTES):
                break  # to copy it would cost more than another call
            chunk = self._chunks.popleft()
            if len(chunk) > room:
                self._chunks.appendleft(chunk[room:])
                chunk = chunk[:room]
            taken.append(chunk)
            room -= len(chunk)
        data = taken[0] if len(taken) == 1 else b"".join(taken)
        self._buffered -= len(data)
        return data


class ChannelProcess:
    """A command at the far end, as a ``Process``."""

    def __init__(self, stream: ChannelStream) -> None:
        self.stream = stream
        self._session = stream

    async def wait(self) -> int | None:
        """Wait for the exit status."""
        return await asyncio.shield(self._session.exited)

    def complaint(self) -> str:
        """The end of its standard error."""
        return self._session.errors.text()


async def opened(opening: Awaitable[tuple[Any, S]]) -> tuple[Any, S]:
    """Wait for a channel to open; return it and its session.

    When the waiting ends early, a channel that opens later is dropped.
    """
    task = asyncio.ensure_future(opening)
    try:
        return await asyncio.shield(task)
    except BaseException:
        task.add_done_callback(_drop)
        raise


def _drop(task: asyncio.Future[tuple[Any, S]]) -> None:
    if not task.cancelled() and task.exception() is None:
        task.result()[0].abort()


def _broken() -> NotConnected:
    return NotConnected("cannot receive: the connection was lost", hint="see 'runicornctl status'")


def _gone() -> NotConnected:
    return NotConnected("cannot send: the other side has closed the stream", hint="see 'runicornctl status'")
