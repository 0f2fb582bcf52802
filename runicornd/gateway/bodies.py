"""Reads the JSON body of a request, in bounded time and room."""

from __future__ import annotations

import asyncio
import http
from typing import TypeVar

import msgspec
from aiohttp import web

from runicornd.gateway.answers import Refused

T = TypeVar("T")

SILENCE = web.AppKey("silence_s", float)
"""For so many seconds a request may not be complete."""


async def read_body(request: web.Request) -> bytes:
    """Return the body; the guard has seen to its size.

    Raises:
        Refused: It comes too slowly.
    """
    try:
        async with asyncio.timeout(request.app[SILENCE]):
            return await request.read()
    except TimeoutError as error:
        raise Refused(
            http.HTTPStatus.REQUEST_TIMEOUT, "bad_request", "cannot read the body: it comes too slowly"
        ) from error


def decoded(body: bytes, kind: type[T]) -> T:
    """Return the body as a value; an empty one is an empty object.

    Raises:
        Refused: It is not what is expected.
    """
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(
            http.HTTPStatus.BAD_REQUEST, "invalid_params", f"cannot take the body: {error}"
        ) from error
