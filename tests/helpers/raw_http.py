"""HTTP written by hand, so that a test can send what no library would."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

WAIT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """What came back. Names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The kind of the error in the body."""
        return self.json["error"]["kind"]


@dataclass(frozen=True)
class Ask:
    """A request; the one that is right in every way is changed in one thing by each test."""

    method: str = "GET"
    target: str = "/token"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def bytes(self) -> bytes:
        """The request as it travels."""
        lines = [
            f"{self.method} {self.target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        if self.body and "Transfer-Encoding" not in dict(self.headers):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + self.body


async def send(port: int, ask: Ask, address: str = "127.0.0.1") -> Answer:
    """Send a request and read the whole answer."""
    return await send_raw(port, ask.bytes(), address)


async def send_raw(port: int, data: bytes, address: str = "127.0.0.1") -> Answer:
    """Send bytes and read an answer until the other side hangs up, or its length is read."""
    async with asyncio.timeout(WAIT_S):
        reader, writer = await asyncio.open_connection(address, port)
        try:
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            status = int(first.split()[1])
            has_no_body = status in {101, 204} or data.startswith(b"HEAD")
            size = int(headers.get("content-length", 0))
            return Answer(status, headers, b"" if has_no_body else await reader.readexactly(size))
        finally:
            writer.close()
