"""Messages and lines: one JSON object a line, UTF-8, ended by a newline, 16 MiB at most.

Pure: bytes in, bytes and values out. Both ends use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from runicornd.protocol.methods import EVENT
from runicornd.protocol.models import ErrorData, Event, Params

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_BATCH = 50

RequestId = str | int | float | None


class LineTooLong(ValueError):
    """A line is longer than ``MAX_LINE_BYTES``; the stream cannot be followed any further."""


class BadMessage(ValueError):
    """A line is no message of this protocol."""


class WireError(msgspec.Struct):
    """The ``error`` of a response. ``code`` is listed in ``runicornd.protocol.errors``."""

    code: int
    message: str
    data: ErrorData | None = None


class Response(msgspec.Struct):
    """An answer, as a client reads it: ``result`` is still JSON, to be decoded as the method says."""

    id: RequestId
    result: msgspec.Raw = msgspec.Raw()
    error: WireError | None = None


class Notification(msgspec.Struct):
    """A push of the daemon. The only ``method`` is ``event``."""

    method: str
    params: Event


class _Request(msgspec.Struct):
    method: str
    params: Params
    id: RequestId
    jsonrpc: Literal["2.0"] = "2.0"


class _Push(msgspec.Struct):
    params: Event
    method: str = EVENT
    jsonrpc: Literal["2.0"] = "2.0"


class _Incoming(msgspec.Struct):
    jsonrpc: Literal["2.0"]
    id: RequestId = None
    method: str | None = None
    params: Event | None = None
    result: msgspec.Raw = msgspec.Raw()
    error: WireError | None = None


_encoder = msgspec.json.Encoder()
_incoming = msgspec.json.Decoder(_Incoming)


def encode_line(message: object) -> bytes:
    """One message as a line.

    Raises:
        LineTooLong: The other side would refuse it.
    """
    line = _encoder.encode(message) + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise LineTooLong(f"cannot send the message: {len(line)} bytes, the limit is {MAX_LINE_BYTES}")
    return line


def encode_request(request_id: RequestId, method: str, params: Params) -> bytes:
    """A request as a line. Raises as ``encode_line``."""
    return encode_line(_Request(method=method, params=params, id=request_id))


def encode_event(event: Event) -> bytes:
    """A push as a line. Raises as ``encode_line``."""
    return encode_line(_Push(event))


def join_lines(lines: Sequence[bytes]) -> bytes:
    """Several messages as one line, an array as in a batch of JSON-RPC; one alone stays as it is."""
    if len(lines) == 1:
        return lines[0]
    return b"[" + b",".join(line.rstrip(b"\n") for line in lines) + b"]\n"


def decode_incoming(line: bytes) -> Response | Notification:
    """What the daemon sent.

    Raises:
        BadMessage: It is neither a response nor a push.
    """
    try:
        message = _incoming.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise BadMessage(f"cannot read the daemon's message: {exc}") from exc
    if message.method is not None:
        if message.params is None:
            raise BadMessage(f"cannot read the daemon's message: {message.method!r} has no parameters")
        return Notification(message.method, message.params)
    return Response(message.id, message.result, message.error)


class LineBuffer:
    """Cuts a stream of bytes into lines, without their ends. Empty lines are dropped.

    Args:
        limit: Longest line in bytes, its end not counted.
    """

    def __init__(self, limit: int = MAX_LINE_BYTES) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived and return the lines that are complete now.

        Raises:
            LineTooLong: Feed nothing more after it.
        """
        *ends, rest = data.split(b"\n")
        lines = [self._end(end) for end in ends]
        self._keep(rest)
        return [line for line in lines if line.strip()]

    def _end(self, end: bytes) -> bytes:
        self._keep(end)
        line = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return line

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise LineTooLong(f"cannot read the line: longer than {self._limit} bytes")
        if part:
            self._parts.append(part)
