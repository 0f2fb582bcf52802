"""A client of the control plane that can also misbehave."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

WAIT_S = 5.0


class WireClient:
    """Speaks raw lines. Use it in ``async with``; every wait ends after ``WAIT_S`` seconds."""

    def __init__(self, path: Path, *, greets: bool = True) -> None:
        self._path = path
        self._greets = greets
        self._ids = itertools.count(1)
        self._replies: dict[Any, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_unix_connection(self._path, limit=32 * 1024 * 1024)
        if self._greets:
            hello = {"client": "test", "version": "1", "protocol": [1, 1]}
            assert "result" in await self.request("daemon.hello", hello)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        try:
            async with asyncio.timeout(WAIT_S):
                await self.writer.wait_closed()
        except ConnectionError:
            pass

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        async with asyncio.timeout(WAIT_S):
            await self.writer.drain()

    async def send(self, message: object) -> None:
        await self.write(json.dumps(message).encode() + b"\n")

    async def begin(self, method: str, params: object | None = None) -> int:
        """Send a request and return its id."""
        number = next(self._ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        await self.send(message if params is None else message | {"params": params})
        return number

    async def request(self, method: str, params: object | None = None) -> dict[str, Any]:
        """Send a request and return its response."""
        return await self.reply(await self.begin(method, params))

    async def result(self, method: str, params: object | None = None) -> Any:
        """Send a request that must succeed and return its result."""
        reply = await self.request(method, params)
        assert "result" in reply, reply
        return reply["result"]

    async def error(self, method: str, params: object | None = None) -> dict[str, Any]:
        """Send a request that must fail and return its error."""
        reply = await self.request(method, params)
        assert "error" in reply, reply
        return reply["error"]

    async def read(self) -> Any:
        """The next line, decoded; None at the end of the stream."""
        async with asyncio.timeout(WAIT_S):
            try:
                line = await self.reader.readline()
            except ConnectionError:
                return None
        return json.loads(line) if line else None

    async def reply(self, number: int) -> dict[str, Any]:
        """The response with that id; events that come before it are kept."""
        while number not in self._replies:
            message = await self.read()
            assert message is not None, "the daemon closed the connection"
            if message.get("method") == "event":
                self.events.append(message["params"])
            else:
                self._replies[message["id"]] = message
        return self._replies.pop(number)

    async def event(self) -> dict[str, Any]:
        """The next event."""
        while not self.events:
            message = await self.read()
            assert message is not None, "the daemon closed the connection"
            if message.get("method") == "event":
                self.events.append(message["params"])
            else:
                self._replies[message["id"]] = message
        return self.events.pop(0)
