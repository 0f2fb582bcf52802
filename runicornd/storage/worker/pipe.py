"""The worker's end of the pipes to the daemon: reports out, orders in, questions and their answers."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from runicornd.errors import NotConnected
from runicornd.storage.downloads.failures import error_of
from runicornd.storage.worker.messages import LINE_LIMIT, Answer, Ask, order_of, to_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import msgspec

    from runicornd.storage.worker.messages import Order, Report


class Pipe:
    """Orders come in order; answers find whoever asked. Make it with ``open``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.WriteTransport) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._asked: dict[int, asyncio.Future[msgspec.Raw]] = {}

    @classmethod
    async def open(cls) -> Pipe:
        """Take standard input and output."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
        writer, _ = await loop.connect_write_pipe(asyncio.Protocol, sys.stdout.buffer)
        return cls(reader, writer)

    def tell(self, report: Report) -> None:
        """Send a report. The daemon reads all the time, so that little waits here."""
        if not self._writer.is_closing():
            self._writer.write(to_line(report))

    async def ask(self, attempt: int, about: str, **facts: Any) -> msgspec.Raw:  # noqa: ANN401 - fields of Ask
        """Ask the daemon and wait for its answer, which may take a person's time.

        Raises:
            RunicorndError: It answers with an error, or is gone.
        """
        self._number += 1
        answer = self._asked[self._number] = asyncio.get_running_loop().create_future()
        try:
            self.tell(Ask(number=self._number, attempt=attempt, about=about, **facts))
            value: msgspec.Raw = await answer
            return value
        finally:
            del self._asked[self._number]

    def note(self, attempt: int, about: str, **facts: Any) -> None:  # noqa: ANN401 - as above
        """Say something that has no answer."""
        self.tell(Ask(number=0, attempt=attempt, about=about, **facts))

    async def orders(self) -> AsyncIterator[Order]:
        """Yield orders until the daemon is gone. Raises ``msgspec.MsgspecError`` for a line that is none."""
        while line := await self._reader.readline():
            order = order_of(line)
            if isinstance(order, Answer):
                self._settle(order)
            else:
                yield order
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(NotConnected("cannot ask: the daemon is gone"))

    def _settle(self, order: Answer) -> None:
        answer = self._asked.get(order.number)
        if answer is None or answer.done():
            return
        if order.error is not None:
            answer.set_exception(error_of(order.error))
        else:
            answer.set_result(order.value)
