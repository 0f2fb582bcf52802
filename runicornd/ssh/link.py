"""The one supervised connection to a host: made when it is wanted, kept, and made again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.clock import set_within
from runicornd._lib.race import first_of
from runicornd._lib.supervise import Tasks
from runicornd.errors import AuthFailed, KeyUnusable, NeedsInput, RunicorndError
from runicornd.ssh.lifecycle import (
    Answered,
    Asked,
    Closed,
    Disposition,
    Established,
    Failed,
    LinkChanged,
    LinkPhase,
    LinkState,
    Released,
    Stopped,
    Tried,
    classify,
    transition,
)
from runicornd.ssh.reasons import loss, reason, told
from runicornd.ssh.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Never

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.prompts import Prompts, PromptsFor, Question
    from runicornd.ssh.auth import Interview, Login
    from runicornd.ssh.lifecycle import LinkEvent
    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Connection, Connector

    OnWaiting = Callable[[str | None], None]
    Interviews = Callable[[Host, Login | None, OnWaiting], Interview]

_log = structlog.get_logger(__name__)

LINGER_S = 60.0
STABLE_S = 30.0
CLOSE_S = 3.0
PROBE_S = 4.0


class _StartOver(Exception):
    """The try is made again, with what the user has given meanwhile."""


class Link:
    """One host's connection.

    Whoever needs it takes a hold (``wanted``) and awaits ``up``. While there are holds, a lost
    connection is made again, with a backoff between the tries. What needs a person never loops: the
    link is then ``blocked`` until its question is answered or somebody calls ``kick``.

    Args:
        host: Where to connect.
        connector: Makes connections.
        interviews: Makes the ``Interview`` of one try from the host, the login, and ``on_waiting``.
        prompts: Where a question waits that was not answered during the handshake.
        events: Hears of every change as ``LinkChanged``.
        clock: The time.
        backoff: Makes a fresh row of delays, in seconds.
        linger_s: How long the connection outlives its last hold.
        stable_s: How long it must have been up for the next loss to start with a fresh row of delays,
            unless somebody has said that it ``worked``.
        turns: Shared by all links, so that not all of them connect at the same moment.
    """

    def __init__(
        self,
        host: Host,
        *,
        connector: Connector,
        interviews: Interviews,
        prompts: Prompts | PromptsFor,
        events: EventHub,
        clock: Clock,
        backoff: Callable[[], Iterator[float]],
        linger_s: float = LINGER_S,
        stable_s: float = STABLE_S,
        turns: Turns | None = None,
    ) -> None:
        self.host = host
        self.state = LinkState(LinkPhase.IDLE, clock.wall())
        self._connector = connector
        self._interviews = interviews
        self._prompts = prompts
        self._events = events
        self._clock = clock
        self._backoff = backoff
        self._linger_s = linger_s
        self._stable_s = stable_s
        self._turns = turns or Turns()
        self._is_hurried = False
        self._tasks = Tasks(f"link {host.key}")
        self._login: Login | None = None
        self._connection: Connection | None = None
        self._holds = 0
        self._failures = 0
        self._delays = backoff()
        self._is_probed = False
        self._is_held_back = False
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._kicked = asyncio.Event()
        self._told_more = asyncio.Event()
        self._changed = asyncio.Event()

    # For those who need the connection

    @property
    def connection(self) -> Connection | None:
        """The live connection, or None."""
        return self._connection

    def acquire(self) -> None:
        """Take a hold: from now on the link connects and stays connected."""
        self._holds += 1
        self._wanted.set()
        self._unwanted.clear()

    def release(self) -> None:
        """Give a hold back. After the last one the link lingers, then closes its connection."""
        self._holds -= 1
        if self._holds == 0:
            self._wanted.clear()
            self._unwanted.set()

    @asynccontextmanager
    async def wanted(self) -> AsyncIterator[Link]:
        """Hold the link for the length of the block."""
        self.acquire()
        try:
            yield self
        finally:
            self.release()

    async def up(self, timeout_s: float | None = None, *, eager: bool = False) -> Connection:
        """Wait for the live connection and return it.

        Args:
            timeout_s: How long to wait; None: as long as it may still come by itself.
            eager: A person waits for the result: try at once, whatever the state, and raise the
                first failure, where otherwise the link would go on trying.

        Raises:
            RunicorndError: Why it is blocked, why the (last) try failed, ``NotConnected`` when the time
                is up before any try failed, or an error that is not retryable when the link is closed.
        """
        async with self.wanted():
            if eager:
                self._is_hurried = self._connection is None
                self.kick()
            failures = self._failures
            deadline = None if timeout_s is None else self._clock.monotonic() + timeout_s
            while True:
                if self._connection:
                    return self._connection
                if self.state.phase in {LinkPhase.BLOCKED, LinkPhase.CLOSED}:
                    raise reason(self.state, self.host)
                if eager and self._failures > failures:
                    raise reason(self.state, self.host)
                left = None if deadline is None else deadline - self._clock.monotonic()
                if not await set_within(self._clock, self._changed, left):
                    raise reason(self.state, self.host)

    async def down(self) -> None:
        """Return when the connection of this moment is gone; at once when there is none."""
        connection = self._connection
        while connection and self._connection is connection:
            await self._changed.wait()

    async def unblocked(self) -> None:
        """Return when the link is not blocked (any more): somebody answered, or asked for another try."""
        while self.state.phase is LinkPhase.BLOCKED:
            await self._changed.wait()

    # For those who act on the user's behalf

    def use(self, host: Host, login: Login | None = None) -> None:
        """Take a fresh reading of the same host, and a login if one is given, for the next try.

        A try that waits for a person starts over with a new login: it may have been asked for that.
        """
        self.host = host
        if login is None:
            return
        self._login = login
        if self.state.prompt_id is not None:
            self._prompts.withdraw(self.state.prompt_id)
            self._told_more.set()
            self.kick()

    def worked(self) -> None:
        """What the connection is for has been done over it: it is worth making again at once."""
        self._delays = self._backoff()

    def kick(self) -> None:
        """Try now, because a person acted: skips the backoff, and leaves ``blocked``."""
        if self.state.phase in {LinkPhase.BACKOFF, LinkPhase.BLOCKED}:
            self._apply(Tried())
            self._kicked.set()

    def nudge(self) -> None:
        """Conditions changed: try now, skipping the backoff, or see whether the connection still lives.

        Later tries follow each other quickly again. A blocked link stays blocked.
        """
        self._delays = self._backoff()
        if self.state.phase is LinkPhase.BACKOFF:
            self.kick()
        elif self._connection and not self._is_probed:
            self._is_probed = True
            self._tasks.start("probe", self._probe(self._connection))

    def hold_back(self) -> None:
        """Make no more tries, and break off the one under way: ``close`` follows."""
        self._is_held_back = True
        self._told_more.set()

    # Its own life

    def start(self) -> None:
        """Begin to live; ends with ``close``."""
        self._tasks.start("run", self.run())

    async def close(self) -> None:
        """End for good, at most 3 seconds from now."""
        await self._tasks.close(CLOSE_S)
        self._apply(Closed())

    async def run(self) -> None:
        """Connect whenever the link is wanted, until cancelled."""
        try:
            while True:
                await self._wanted.wait()
                await self._live_while_wanted()
        finally:
            self._apply(Closed())

    async def _live_while_wanted(self) -> None:
        life = asyncio.create_task(self._stay_up(), name=f"link {self.host.key}: stay up")
        boredom = asyncio.create_task(self._until_unwanted(), name=f"link {self.host.key}: linger")
        try:
            await asyncio.wait({life, boredom}, return_when=asyncio.FIRST_COMPLETED)
            if not life.done():
                self._apply(Released())
        finally:
            life.cancel()
            boredom.cancel()
            await asyncio.wait({life, boredom})
        if not life.cancelled():
            life.result()

    async def _until_unwanted(self) -> None:
        """Return when nobody has wanted the connection for a while; without one there is no while."""
        while not self._unwanted.is_set() or self._connection:
            await self._unwanted.wait()
            if self._connection:
                await first_of(self._wanted.wait(), self._clock.sleep(self._linger_s), self.down())
            if not self._wanted.is_set():
                return

    async def _stay_up(self) -> None:
        self._delays = self._backoff()
        while True:
            connection = await self._connect()
            try:
                began = self._clock.monotonic()
                self._connection = connection
                self._apply(Established())
                await connection.wait_closed()
                if self._clock.monotonic() - began >= self._stable_s:
                    self._delays = self._backoff()
                pause = self._fail_for_now(loss(self.host))
            finally:
                await connection.close()
            await set_within(self._clock, self._kicked, pause)

    async def _probe(self, connection: Connection) -> None:
        try:
            await connection.probe(PROBE_S)
        finally:
            self._is_probed = False

    async def _connect(self) -> Connection:
        while True:
            self._apply(Tried())
            login = self._login
            interview = self._interviews(self.host, login, self._waiting)
            self._told_more.clear()
            if self._is_held_back:
                await asyncio.get_running_loop().create_future()  # until it is closed
            try:
                return await first_of(self._try(interview), self._new_login())
            except _StartOver:
                continue
            except Exception as failure:  # noqa: BLE001 - whatever it is, it is classified in one place
                error = interview.explained(failure)
                if classify(error) is Disposition.RETRY:
                    await set_within(self._clock, self._kicked, self._fail_for_now(error))
                elif isinstance(error, NeedsInput) and interview.leftover:
                    await self._ask_on(interview.leftover, interview, error)
                else:
                    if isinstance(error, AuthFailed | KeyUnusable) and self._login is login:
                        self._login = None  # it is wrong; the next try asks, unless a new one is given
                    await self._wait_for_kick(error)

    async def _try(self, interview: Interview) -> Connection:
        async with self._turns.turn(hurry=self._is_hurried):
            self._is_hurried = False
            return await self._connector.connect(self.host, interview)

    async def _ask_on(self, question: Question, interview: Interview, error: NeedsInput) -> None:
        """Keep the question open while blocked, and put a late answer to use."""
        with self._prompts.asking(question) as prompt:
            prompt.answer.add_done_callback(self._on_answer)
            context = error.context | {"prompt": prompt.id}
            self._stop(NeedsInput(error.message, hint=error.hint, **context), prompt.id)
            await self._kicked.wait()
            if prompt.answer.cancelled() or not prompt.answer.done():
                return
            values = prompt.answer.result()
        self._apply(Tried())
        try:
            await interview.remember(question, values)
        except RunicorndError as refusal:
            await self._wait_for_kick(refusal)

    async def _new_login(self) -> Never:
        await self._told_more.wait()
        raise _StartOver

    async def _wait_for_kick(self, error: Exception) -> None:
        self._stop(told(error, self.host))
        await self._kicked.wait()

    def _on_answer(self, answer: asyncio.Future[tuple[str, ...]]) -> None:
        if not answer.cancelled():
            self._kicked.set()

    def _waiting(self, prompt_id: str | None) -> None:
        self._apply(Answered() if prompt_id is None else Asked(prompt_id))

    def _fail_for_now(self, error: Exception) -> float:
        """Come to ``backoff``; return how many seconds it lasts."""
        pause = next(self._delays)
        self._failures += 1
        self._kicked.clear()
        self._apply(Failed(told(error, self.host), self._clock.wall() + pause))
        return pause

    def _stop(self, error: RunicorndError, prompt_id: str | None = None) -> None:
        """Come to ``blocked``."""
        self._failures += 1
        self._kicked.clear()
        self._apply(Stopped(error, prompt_id))

    def _apply(self, event: LinkEvent) -> None:
        before = self.state
        self.state = transition(before, event, self._clock.wall())
        if self.state.phase is not LinkPhase.UP:
            self._connection = None
        if self.state == before:
            return
        error = self.state.error
        _log.info(
            "link changed",
            host=self.host.key,
            phase=str(self.state.phase),
            before=str(before.phase),
            error=error and error.kind,
            why=error and error.message,
        )
        self._events.publish(LinkChanged(self.host, self.state))
        self._changed.set()
        self._changed = asyncio.Event()
