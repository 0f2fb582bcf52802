"""Streams to a real server on loopback, as a link would open them."""

import asyncio
import contextlib

from runicornd.errors import NotConnected


class SocketStream:
    """A ``ByteStream`` over a TCP connection. ``cut`` breaks it as a lost link does."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._cut = asyncio.Event()
        self.aborted = False

    @property
    def is_fresh(self):
        return not (self._cut.is_set() or self._reader.at_eof())

    @classmethod
    async def open(cls, port):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=256 * 1024)
        except OSError as error:
            raise NotConnected(f"cannot reach the viewer: {error}") from error
        return cls(reader, writer)

    async def read(self, limit):
        reading = asyncio.create_task(self._reader.read(limit))
        cutting = asyncio.create_task(self._cut.wait())
        try:
            await asyncio.wait({reading, cutting}, return_when=asyncio.FIRST_COMPLETED)
            if self._cut.is_set():
                raise NotConnected("cannot read: the link is gone")
            return reading.result()
        except OSError as error:
            raise NotConnected(f"cannot read: {error}") from error
        finally:
            reading.cancel()
            cutting.cancel()
            await asyncio.gather(reading, cutting, return_exceptions=True)

    async def write(self, data):
        if self._cut.is_set():
            raise NotConnected("cannot write: the link is gone")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise NotConnected(f"cannot write: {error}") from error

    async def finish(self):
        with contextlib.suppress(OSError):
            self._writer.write_eof()

    def cut(self):
        self._cut.set()
        self._writer.transport.abort()

    def abort(self):
        self.aborted = True
        self._writer.transport.abort()

    async def close(self):
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class Dialer:
    """What ``attach`` takes: opens streams to a port and remembers them. ``error`` makes it fail."""

    def __init__(self, port):
        self.port = port
        self.streams = []
        self.error = None

    async def __call__(self):
        if self.error:
            raise self.error
        stream = await SocketStream.open(self.port)
        self.streams.append(stream)
        return stream

    def cut(self):
        """Lose the link under all streams."""
        for stream in self.streams:
            stream.cut()
