"""The page's end of the WebSocket."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any, Self

import aiohttp

WAIT_S = 10.0


class PageSocket:
    """Speaks JSON-RPC as a page does. Use it in ``async with``.

    Args:
        port: The gateway's.
        token: The page's.
        greets: Whether to say hello.
    """

    def __init__(self, port: int, token: str, *, greets: bool = True) -> None:
        self._port = port
        self._token = token
        self._greets = greets
        self._ids = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        try:
            self.socket = await self._session.ws_connect(
                f"http://localhost:{self._port}/rpc",
                protocols=["runicornd", f"token.{self._token}"],
                origin=f"http://localhost:{self._port}",
                max_msg_size=0,
            )
            if self._greets:
                await self.result("daemon.hello", {"client": "page", "version": "1", "protocol": [1, 1]})
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._session.close()

    async def begin(self, method: str, params: object) -> int:
        """Send a request and return its id."""
        number = next(self._ids)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self.socket.send_str(json.dumps(message))
        return number

    async def request(self, method: str, params: object | None = None) -> dict[str, Any]:
        """Send a request and return its answer; events on the way are kept."""
        number = await self.begin(method, params or {})
        while "method" in (message := await self.receive()) or message["id"] != number:
            if "method" in message:
                self.events.append(message["params"])
        return message

    async def result(self, method: str, params: object | None = None) -> Any:
        """Send a request that must succeed and return its result."""
        answer = await self.request(method, params)
        assert "result" in answer, answer
        return answer["result"]

    async def error(self, method: str, params: object | None = None) -> Any:
        """Send a request that must fail and return what its error says."""
        answer = await self.request(method, params)
        assert "error" in answer, answer
        return answer["error"]["data"]

    async def receive(self) -> dict[str, Any]:
        """Return the next message."""
        return await self.socket.receive_json(timeout=WAIT_S)

    async def event(self, topic: str) -> dict[str, Any]:
        """Return the next event of a topic."""
        while True:
            event = self.events.pop(0) if self.events else (await self.receive())["params"]
            if event["topic"] == topic:
                return event

    async def ended(self) -> int | None:
        """Read until the other side ends the conversation; its code."""
        async with asyncio.timeout(WAIT_S):
            while (message := await self.socket.receive()).type not in {
                aiohttp.WSMsgType.CLOSE,
                aiohttp.WSMsgType.CLOSING,
                aiohttp.WSMsgType.CLOSED,
                aiohttp.WSMsgType.ERROR,
            }:
                pass
        return message.data if message.type is aiohttp.WSMsgType.CLOSE else self.socket.close_code
