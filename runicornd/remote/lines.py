"""Lines from a stream of bytes, of bounded length."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runicornd.ssh.transport import ByteStream

LINE_LIMIT = 16 * 1024 * 1024
READ_SIZE = 256 * 1024
MORE_SIZE = 1024 * 1024


class LineTooLong(Exception):
    """More than the limit came without the awaited end; ``start`` has the beginning."""

    def __init__(self, start: bytes) -> None:
        super().__init__(f"no end of line after {len(start)} bytes")
        self.start = start


class LineReader:
    """Reads lines. Every method raises ``EOFError`` at the end, and ``NotConnected`` as the stream does."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    @property
    def heard(self) -> bytes:
        """What has come and was not read as a line."""
        return bytes(self._buffer)

    async def line(self, limit: int = LINE_LIMIT) -> bytes:
        """Return the next line without its end.

        Raises:
            LineTooLong: It has more than ``limit`` bytes.
        """
        return (await self._until(b"\n", limit))[:-1]

    async def skip_past(self, mark: bytes, limit: int) -> bytes:
        """Skip everything up to and with ``mark``; return what was skipped.

        Raises:
            LineTooLong: It did not come within ``limit`` bytes.
        """
        return await self._until(mark, limit)

    async def more(self) -> bytes:
        """Return the next bytes as they come; what was heard with a line first."""
        if self._buffer:
            taken = bytes(self._buffer)
            self._buffer.clear()
            return taken
        data = await self._stream.read(MORE_SIZE)
        if not data:
            raise EOFError
        return data

    async def _until(self, mark: bytes, limit: int) -> bytes:
        searched = 0
        while (found := self._buffer.find(mark, searched)) < 0:
            searched = max(0, len(self._buffer) - len(mark) + 1)
            if len(self._buffer) > limit:
                raise LineTooLong(bytes(self._buffer[:limit]))
            data = await self._stream.read(READ_SIZE)
            if not data:
                raise EOFError
            self._buffer += data
        end = found + len(mark)
        if end > limit + len(mark):
            raise LineTooLong(bytes(self._buffer[:limit]))
        taken = bytes(self._buffer[:end])
        del self._buffer[:end]
        return taken
