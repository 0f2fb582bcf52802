"""The first request over a stream that lay ready, which is sent again when no answer can come.

Such a stream may be dead without anybody knowing it yet: the lid was closed, the network is another one. A
stream that is opened for a client shows that by not opening, and the client waits for the next link.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runicornd._lib.race import first_of
from runicornd.errors import RunicorndError

if TYPE_CHECKING:
    import asyncio

    from runicornd.ssh.transport import ByteStream

ANSWER_BYTES = 512 * 1024

_CHANGES_NOTHING = re.compile(rb"(?:GET|HEAD|OPTIONS) [^\r\n]+ HTTP/1\.[01]\r\n")
"""The methods that are safe (RFC 9110, section 9.2.1)."""


def may_be_repeated(request: bytes) -> bool:
    """Whether these bytes are one whole HTTP request that changes nothing."""
    is_whole = request.find(b"\r\n\r\n") == len(request) - 4
    return is_whole and _CHANGES_NOTHING.match(request) is not None


async def ask(stream: ByteStream, request: bytes, gone: asyncio.Event) -> bytes:
    """Send the request and return the first bytes of its answer.

    Returns nothing when the stream ends before that or ``gone`` is set; the stream is dropped then.
    """
    answer = b""
    try:
        answer = await first_of(_answer(stream, request), _nothing(gone))
    except RunicorndError:
        pass  # that is what the caller is told
    finally:
        if not answer:
            stream.abort()
    return answer


async def _answer(stream: ByteStream, request: bytes) -> bytes:
    await stream.write(request)
    return await stream.read(ANSWER_BYTES)


async def _nothing(gone: asyncio.Event) -> bytes:
    await gone.wait()
    return b""
