"""Whether a viewer answers, asked through its own tunnel as a browser would.

The only importer of aiohttp below the gateway.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import aiohttp

from runicornd.errors import ViewerUnresponsive

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER_LIMIT = 65536
"""Bytes of a health answer that are read; Runicorn's has about 400."""

TRY_S = 15.0
"""After so long without an answer a new connection is tried; the old one may have been lost."""

PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0
INTERVAL_S = 15.0
PROBE_TIMEOUT_S = 5.0
DOUBT_S = 2.0
"""After a question without an answer the next one follows so soon."""

MISSES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a healthy viewer said of itself; None where it said nothing."""

    version: str | None
    storage: str | None


def knock(path: str) -> bytes:
    """What the questions to a health path begin with, for those who tell visitors from them."""
    return f"GET {path} HTTP/1.1\r\n".encode()


class Miss(Exception):
    """One unanswered question; the text says what came instead."""


async def answer(url: str, timeout_s: float) -> Answer:
    """Ask the health address until it answers well.

    Args:
        url: The full address, the viewer kind's health path included.
        timeout_s: Seconds for everything; a viewer that is still starting simply answers late.

    Raises:
        ViewerUnresponsive: It did not answer well in time; the message says what came instead.
    """
    last = "nothing came back"
    try:
        async with asyncio.timeout(timeout_s), _client() as client:
            pause = PAUSE_S
            while True:
                try:
                    return await _ask(client, url, TRY_S)
                except Miss as miss:
                    last = str(miss)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
    except TimeoutError as error:
        raise _unresponsive(f"no good answer within {timeout_s:g} s: {last}", url) from error


class Health:
    """Watches a viewer that is ready, at the cost of one small request an interval.

    Args:
        url: The full address, the viewer kind's health path included.
        interval_s: Seconds between two questions.
        timeout_s: Seconds that one answer may take.
        misses: So many unanswered questions in a row mean that the viewer is wedged.
    """

    def __init__(
        self,
        url: str,
        *,
        interval_s: float = INTERVAL_S,
        timeout_s: float = PROBE_TIMEOUT_S,
        misses: int = MISSES,
    ) -> None:
        self._url = url
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._limit = misses

    async def watch(self) -> NoReturn:
        """Ask for ever; cancel it when the link is down or the session ends.

        Raises:
            ViewerUnresponsive: The viewer runs, and has not answered ``misses`` times in a row.
        """
        missed = 0
        async with _client(keep_s=self._interval_s * 3) as client:
            while True:
                await asyncio.sleep(min(self._interval_s, DOUBT_S) if missed else self._interval_s)
                try:
                    await _ask(client, self._url, self._timeout_s)
                    missed = 0
                except Miss as miss:
                    missed += 1
                    if missed >= self._limit:
                        why = f"{missed} questions in a row failed, at last: {miss}"
                        raise _unresponsive(why, self._url) from miss


@asynccontextmanager
async def _client(keep_s: float = 15.0) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client with one connection, no proxies, no cookies and no time-outs of its own.

    aiohttp's time-outs swallow a cancellation that comes at the same moment; asyncio's do not.
    """
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1, keepalive_timeout=keep_s),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as client:
        yield client


async def _ask(client: aiohttp.ClientSession, url: str, timeout_s: float) -> Answer:
    try:
        async with asyncio.timeout(timeout_s), client.get(url, allow_redirects=False) as response:
            return _understand(response.status, await _body(response))
    except TimeoutError as error:
        raise Miss("it did not answer in time") from error
    except aiohttp.ClientError as error:
        raise Miss(f"the connection broke ({error or type(error).__name__})") from error


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise Miss("its answer is too long")
    return bytes(body)


def _understand(status: int, body: bytes) -> Answer:
    if status == 429:  # it counts its requests, so it works; who asks so much is not our question
        return Answer(version=None, storage=None)
    if status != 200:
        raise Miss(f"it answered with HTTP status {status}")
    try:
        facts = json.loads(body)
    except ValueError as error:
        raise Miss("its answer is not JSON") from error
    if not isinstance(facts, dict):
        raise Miss("its answer is no JSON object")
    return Answer(version=_text(facts.get("version")), storage=_text(facts.get("storage")))


def _text(value: object) -> str | None:
    return value[:4096] if isinstance(value, str) else None


def _unresponsive(why: str, url: str) -> ViewerUnresponsive:
    return ViewerUnresponsive(
        f"cannot use the viewer: {why}",
        hint="look at 'runicornctl logs' for this session, then try 'runicornctl restart'",
        url=url,
    )
