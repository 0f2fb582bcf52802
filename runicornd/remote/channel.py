"""The agent's channel: requests by number, their answers in any order, pushed events."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import msgspec

from runicornd._lib.supervise import Tasks
from runicornd.errors import AgentFailed, NotConnected, RunicorndError
from runicornd.remote.handshake import START_S, STATUS_S, feed, greeted, is_closed, launch
from runicornd.remote.lines import LINE_LIMIT, LineTooLong
from runicornd.remote.messages import Message, Nothing, broken, ended_early, raised, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runicornd.remote.lines import LineReader
    from runicornd.remote.models import Greeting
    from runicornd.ssh.transport import Connection, Process

    OnEvent = Callable[[str, msgspec.Raw], None]

PENDING_LIMIT = 256
PING_INTERVAL_S = 60.0
PING_TIMEOUT_S = 20.0
FAREWELL_S = 1.0

T = TypeVar("T")


class AgentChannel:
    """One agent, from its first breath to its end. Make it with ``open``.

    Requests follow the agent's program without waiting for its greeting, which saves a round trip. What
    keeps it from greeting is the answer to them all.

    Args:
        connection: What the agent runs over.
        on_event: Called with the name and the raw parameters of every event.
        on_end: Called once, with the reason, when the agent is gone.
        ping_interval_s: Seconds between two signs of life, which also renew the leases.
    """

    def __init__(
        self,
        connection: Connection,
        process: Process,
        *,
        on_event: OnEvent,
        on_end: Callable[[RunicorndError], None],
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> None:
        self.connection = connection
        self._process = process
        self._on_event = on_event
        self._on_end = on_end
        self._ping_interval_s = ping_interval_s
        self._last_id = 0
        self._waiting = 0
        self._pending: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._writing = asyncio.Lock()
        self._greeting: Greeting | None = None
        self._greeted = asyncio.Event()
        self._ended = asyncio.Event()
        self._reason: RunicorndError | None = None
        self._tasks = Tasks("agent")

    @classmethod
    async def open(
        cls,
        connection: Connection,
        *,
        on_event: OnEvent,
        on_end: Callable[[RunicorndError], None],
        ping_interval_s: float = PING_INTERVAL_S,
    ) -> AgentChannel:
        """Begin to start an agent over a connection.

        Raises:
            NotConnected: The connection is gone, or has no room for it.
        """
        channel = cls(
            connection,
            await launch(connection),
            on_event=on_event,
            on_end=on_end,
            ping_interval_s=ping_interval_s,
        )
        await channel._writing.acquire()  # Nobody else writes before the program is fed.
        channel._tasks.start("feed", channel._feed())
        channel._tasks.start("read", channel._live())
        channel._tasks.start("ping", channel._ping())
        return channel

    @property
    def is_open(self) -> bool:
        """Whether the agent is there, as far as is known."""
        return self._reason is None

    async def greeting(self) -> Greeting:
        """Wait for the agent's greeting.

        Raises:
            NoPython, RemoteUnsupported, AgentFailed: There can be no agent.
            NotConnected: The connection is gone.
        """
        with self._awaited():
            await self._greeted.wait()
        if self._greeting is None:
            assert self._reason is not None
            raise again(self._reason)
        return self._greeting

    async def call(self, method: str, params: Mapping[str, object], kind: type[T], *, timeout_s: float) -> T:
        """Ask the agent and return its answer.

        Raises:
            NoPython, RemoteUnsupported: There can be no agent.
            NotConnected: The connection is gone, or goes while the answer is awaited.
            AgentFailed: The agent did not start, is gone, breaks the protocol, or does not answer in time.
            RunicorndError: What it answers, by its kind.
        """
        if self._reason is not None:
            raise again(self._reason)
        if len(self._pending) >= PENDING_LIMIT:
            raise AgentFailed(
                f"cannot ask the agent: {PENDING_LIMIT} requests wait for it already",
                hint="the server is slow to answer; try again when it has come to rest",
            )
        self._last_id += 1
        number = self._last_id
        answer = self._pending[number] = asyncio.get_running_loop().create_future()
        line = msgspec.json.encode({"id": number, "method": method, "params": params}) + b"\n"
        limit_s = timeout_s + (0.0 if self._greeted.is_set() else START_S)
        try:
            with self._awaited():
                async with asyncio.timeout(limit_s):
                    await self._send(line)
                    raw = await answer
        except TimeoutError as error:
            raise AgentFailed(
                f"cannot do {method}: no answer from the agent in {timeout_s:g} s",
                hint="the server or its disk may be busy: try 'ls' in the home there, then try again",
            ) from error
        finally:
            del self._pending[number]
            if not answer.cancel() and not answer.cancelled():
                answer.exception()  # Seen: a failure that came after the time was up is no news.
        return read(raw, kind)

    async def close(self) -> None:
        """End the agent; what it started on the user's behalf lives on. Safe to call again."""
        self._end(NotConnected("cannot ask the agent: it was closed"), abort=False)
        try:
            async with asyncio.timeout(FAREWELL_S):
                await self._process.stream.finish()
                await self._process.wait()
        except (TimeoutError, NotConnected):
            pass
        self._process.stream.abort()
        await self._tasks.close()

    async def _send(self, line: bytes) -> None:
        if len(line) > LINE_LIMIT:
            raise AgentFailed(
                "cannot ask the agent: the request is too long",
                hint=f"what was asked has more than {LINE_LIMIT} bytes; ask for less at once",
            )
        async with self._writing:
            try:
                await self._process.stream.write(line)
            except NotConnected:
                # The reader learns whether the link is gone or the agent alone, and answers for it.
                await self._ended.wait()

    @contextmanager
    def _awaited(self) -> Iterator[None]:
        """Somebody waits for this agent. One that has not greeted when nobody waits any more is ended."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting and not self._greeted.is_set():
                self._end(NotConnected("cannot ask the agent: nobody waited for its start"))

    async def _feed(self) -> None:
        try:
            await feed(self._process)
        finally:
            self._writing.release()

    async def _live(self) -> None:
        try:
            reader, self._greeting = await greeted(self.connection, self._process)
        except RunicorndError as failure:
            self._end(failure)
            return
        self._greeted.set()
        await self._read(reader)

    async def _read(self, reader: LineReader) -> None:
        try:
            while True:
                self._take(read(await reader.line(), Message))
        except (EOFError, NotConnected):
            self._end(await self._why())
        except LineTooLong:
            self._end(broken("a line without an end"))
        except AgentFailed as failure:
            self._end(failure)

    def _take(self, message: Message) -> None:
        if message.event is not None:
            self._on_event(message.event, message.params)
            return
        answer = self._pending.get(message.id or 0)
        if answer is None or answer.done():
            if message.id is None or not 0 < message.id <= self._last_id:
                raise broken(message.error.message if message.error else "an answer to no request")
            return  # Whoever asked did not wait that long.
        if message.error is not None:
            answer.set_exception(raised(message.error))
        else:
            answer.set_result(message.result)

    async def _why(self) -> RunicorndError:
        """Whether the link was lost or the agent alone ended."""
        status: int | None = None
        try:
            async with asyncio.timeout(STATUS_S):
                status = await self._process.wait()
        except TimeoutError:
            pass
        if await is_closed(self.connection):
            return NotConnected("cannot ask the agent: the connection was lost")
        return ended_early("cannot ask the agent: it", status, self._process.complaint())

    async def _ping(self) -> None:
        while self._reason is None:
            try:
                async with asyncio.timeout(self._ping_interval_s):
                    await self._ended.wait()
            except TimeoutError:
                try:
                    await self.call("ping", {}, Nothing, timeout_s=PING_TIMEOUT_S)
                except (AgentFailed, NotConnected) as failure:
                    self._end(failure)

    def _end(self, reason: RunicorndError, *, abort: bool = True) -> None:
        """The one place where the channel ends; the first reason counts."""
        if self._reason is not None:
            return
        self._reason = reason
        self._greeted.set()
        self._ended.set()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(again(reason))
        if abort:
            self._process.stream.abort()
        self._on_end(reason)


def again(reason: RunicorndError) -> RunicorndError:
    """A fresh error that says the same: one exception object must not be raised in several tasks."""
    return type(reason)(reason.message, hint=reason.hint, **reason.context)


def ping_interval_for(lease_s: float) -> float:
    """Seconds between two signs of life: so few that one may be lost and no lease lapses."""
    return min(PING_INTERVAL_S, lease_s / 3)
