"""One store: the coroutine that keeps its mirror up to date."""

from __future__ import annotations

import asyncio
import copy
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Never

import structlog

from runicornd._lib.clock import set_within
from runicornd._lib.race import first_of
from runicornd._lib.supervise import Tasks
from runicornd.errors import ConnectError, RunicorndError
from runicornd.ssh.lifecycle import LinkPhase
from runicornd.ssh.targets import LOCAL_TARGET
from runicornd.storage import lifecycle
from runicornd.storage.model import Counts, StoreChanged, StorePhase, StoreView
from runicornd.storage.opening import IndexDoor
from runicornd.storage.refusals import called_off, disconnected, mistake, unanswered
from runicornd.storage.schedule import Schedule
from runicornd.storage.sync import Meter, Wish, bring_up_to_date
from runicornd.storage.way import Way

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.ssh.auth import Login
    from runicornd.ssh.link import Link
    from runicornd.ssh.transport import Connection
    from runicornd.storage.index import Index
    from runicornd.storage.model import StoreIntent, SyncReport
    from runicornd.storage.sync import Stream
    from runicornd.storage.way import FindLink, NewLink

STOP_S = 5.0


class CalledOffError(Exception):
    """Somebody has ended the sync that runs."""


class Store:
    """The owner of one mirror.

    The state changes in ``_apply`` only. At most one sync runs; whoever asks meanwhile joins it.

    Args:
        intent: What is wanted.
        find_link, own_link: See ``Way``.
        folder: Its folder in the cache.
        open_index: Opens the index of a folder.
        stream: What a sync reads from a connection.
        wish: What is to be mirrored.
        in_use: The name of the store in use.
        events: Where every change is published.
        clock: The time.
        rng: For jitter.
    """

    def __init__(
        self,
        intent: StoreIntent,
        *,
        find_link: FindLink,
        own_link: NewLink,
        folder: Path,
        open_index: Callable[[Path], Awaitable[Index]],
        stream: Stream,
        wish: Wish,
        in_use: Callable[[], str | None],
        events: EventHub,
        clock: Clock,
        rng: random.Random,
    ) -> None:
        self.intent = intent
        self.folder = folder
        self.root: str | None = None
        self.changing = asyncio.Lock()  # at most one change at the source at once; removal waits for it
        self._way = Way(
            intent.target,
            find_link=find_link,
            own_link=own_link,
            show=self._apply,
            told=self._settle,
            clock=clock,
        )
        self._door = IndexDoor(folder, open_index)
        self._stream = stream
        self._wish = wish
        self._in_use = in_use
        self._events = events
        self._clock = clock
        phase = StorePhase.IDLE if intent.is_connected else StorePhase.DISCONNECTED
        self._state = lifecycle.StoreState(phase, clock.wall())
        self._counts = Counts()
        self._last_sync: SyncReport | None = None
        self._schedule = Schedule(intent.interval_s, clock, rng)
        self._is_wanted = False
        self._is_eager = False
        self._is_paused = False
        self._has_missed = False
        self._has_failed = False
        self._wake, self._off = asyncio.Event(), asyncio.Event()
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        self._result: asyncio.Future[RunicorndError | None] | None = None
        self._tasks = Tasks(f"store {intent.name}")
        self._log = structlog.get_logger("stores").bind(store=intent.name)

    @property
    def link(self) -> Link | None:
        """The link of its host, once it has been asked for."""
        return self._way.link

    @property
    def login(self) -> Login | None:
        """What the user gave to log in."""
        return self._way.login

    @property
    def has_only_failed(self) -> bool:
        """Whether it was tried, and there is nothing to see of it yet."""
        return self._has_failed and self._last_sync is None

    @property
    def phase(self) -> StorePhase:
        """Where it stands."""
        return self._state.phase

    def view(self) -> StoreView:
        """The store as others see it now."""
        state = self._state
        return StoreView(
            intent=self.intent,
            phase=state.phase,
            since=state.since,
            in_use=self._in_use() == self.intent.name,
            is_local=self.intent.target == LOCAL_TARGET,
            root=self.root,
            counts=self._counts,
            last_sync=self._last_sync,
            next_sync=state.next_sync,
            progress=state.progress,
            detail=state.detail,
            prompt_id=state.prompt_id,
            error=state.error,
        )

    def announce(self) -> None:
        """Publish the view: something of it changed."""
        self._events.publish(StoreChanged(self.view()))

    async def index(self) -> Index:
        """Return the index, opened. Raises ``LocalError`` when this machine's disk is in the way."""
        return await self._door.index()

    async def reach(self, login: Login | None = None) -> Link:
        """Return the link to its machine. See ``Way.reach``."""
        return await self._way.reach(login)

    # Its life

    def start(self) -> None:
        """Begin to live; ends with ``close``."""
        self._tasks.start("run", self.run())

    async def close(self) -> None:
        """End all work; the mirror stays."""
        await self._tasks.close(STOP_S)
        await self._way.leave()
        self._settle(called_off(self.intent.name))
        await self._door.close()

    @asynccontextmanager
    async def emptied(self) -> AsyncIterator[Path]:
        """Keep the index closed for the length of the block, in which its files may go; then sync."""
        self._is_paused = True
        try:
            await self.call_off()
            async with self._door.closed():
                yield self.folder
        finally:
            self._is_paused = False
            self._wake.set()
        await self.refresh()
        if self.intent.is_connected:
            self.ask(eager=False)

    async def run(self) -> None:
        """Sync whenever it is due or wanted, until cancelled."""
        await self._begin()
        while True:
            await self._until_due()
            self._at_rest.clear()
            try:
                self._settle(await self._attempt())
            finally:
                self._at_rest.set()

    # What is asked of it

    def ask(self, *, eager: bool = True) -> asyncio.Future[RunicorndError | None]:
        """Want a sync now, or join the one that runs; the future has what went wrong, or None.

        Args:
            eager: A person waits for it: the link tries at once, and its first failure is the answer.
        """
        if self._result is None:
            self._result = asyncio.get_running_loop().create_future()
        if self._at_rest.is_set():
            self._is_wanted = True
            self._is_eager |= eager
            self._wake.set()
        elif eager and (link := self._way.current) is not None and link.state.prompt_id is None:
            link.kick()  # a person asks for it now: no backoff, and another try if it is blocked
        return self._result

    async def synced(self, *, eager: bool = True) -> None:
        """Sync now, or join the sync that runs, and wait for its end.

        Raises:
            RunicorndError: Why the mirror is as it was.
        """
        if not self.intent.is_connected:
            raise disconnected(self.intent.name, "sync")
        link = self._way.current
        if not self._at_rest.is_set() and link and (question := unanswered(link.state)):
            raise question
        error = await asyncio.shield(self.ask(eager=eager))
        if error is not None:
            raise copy.copy(error)

    async def synced_afresh(self) -> None:
        """As ``synced``, by a sync that began after this was called."""
        if not self._at_rest.is_set():
            await asyncio.shield(self.ask())
        await self.synced()

    async def rested(self, seconds: float) -> None:
        """Return when no sync runs, or after so long."""
        await set_within(self._clock, self._at_rest, seconds)

    async def call_off(self) -> None:
        """End the sync that runs or waits; the mirror is as it was. Returns when it has ended."""
        self._is_wanted = False
        self._off.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await self._at_rest.wait()
        self._settle(called_off(self.intent.name))

    async def disconnect(self) -> None:
        """Leave its machine alone from now on."""
        await self.call_off()
        await self._way.leave()
        self._schedule.stop()
        self._apply(lifecycle.Disconnected())

    def connect(self) -> None:
        """Talk to its machine again, and sync."""
        if self.phase is StorePhase.DISCONNECTED:
            self._apply(lifecycle.Connected())
        self._schedule.forgive()
        self.ask()

    def reschedule(self) -> None:
        """Take over the interval of a changed intent."""
        self._schedule.use(self.intent.interval_s)
        if self.phase is StorePhase.DISCONNECTED:
            self._schedule.stop()
        if self.phase is StorePhase.SYNCING:
            self.announce()
        else:
            self._apply(lifecycle.Rescheduled(self._schedule.next_at))
        self._wake.set()

    def look_again(self) -> None:
        """Conditions changed: sync now if one was missed, or is overdue after a sleep."""
        if self._has_missed and self.intent.is_connected:
            self._is_wanted = True
        self._wake.set()

    def link_changed(self, link: Link) -> None:
        """Show what its link waits for, and make up for a missed sync when it has come back."""
        if self._way.changed(link, link.state):
            return
        if link.state.phase is LinkPhase.UP and self._has_missed and self._at_rest.is_set():
            self.look_again()

    async def refresh(self) -> None:
        """Count again what the index and the disk have, and show it."""
        index = await self.index()
        self._counts = await index.counts()
        self._last_sync = await index.last_sync()
        self.root = (await index.known_root()) or self.root
        self.announce()

    # One sync

    async def _begin(self) -> None:
        """Show what the mirror has, and plan the first sync of this daemon."""
        try:
            await self.refresh()
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the store
            self._fail(self._told(error))
            return
        if self.intent.is_connected and not self._is_wanted:
            self._schedule.resume(self._last_sync.at if self._last_sync else None)
            self._apply(lifecycle.Rescheduled(self._schedule.next_at))

    async def _until_due(self) -> None:
        while True:
            may_begin = self.intent.is_connected and not self._is_paused
            if may_begin and (self._is_wanted or self._schedule.left_s == 0):
                return
            self._wake.clear()
            await set_within(self._clock, self._wake, self._schedule.left_s if may_begin else None)

    async def _attempt(self) -> RunicorndError | None:
        """Sync once; return why that failed."""
        eager, self._is_wanted, self._is_eager, self._has_missed = self._is_eager, False, False, False
        self._off.clear()
        try:
            await first_of(self._sync(eager), self._until_off())
        except CalledOffError:
            self._rest()
            return called_off(self.intent.name)
        except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the store
            failure = self._told(error)
            self._fail(failure)
            return failure
        self._rest()
        return None

    async def _sync(self, eager: bool) -> None:
        self._way.show_connecting()
        await self._way.use(self._mirror, eager=eager)
        await self.refresh()

    async def _mirror(self, connection: Connection) -> None:
        meter = Meter(self._clock, lambda progress: self._apply(lifecycle.Advanced(progress)))
        await bring_up_to_date(connection, await self.index(), self._wish, meter, stream=self._stream)

    async def _until_off(self) -> Never:
        await self._off.wait()
        raise CalledOffError

    # What comes of it

    def _rest(self) -> None:
        self._schedule.succeeded()
        self._apply(lifecycle.Rested(self._schedule.next_at))

    def _fail(self, error: RunicorndError) -> None:
        """The mirror is the one before. What may pass is tried again after growing pauses."""
        self._has_failed = True
        self._schedule.failed(may_pass=error.retryable)
        if isinstance(error, ConnectError):
            self._has_missed = True
            self._apply(lifecycle.Held(error.message, None, error, self._schedule.next_at))
        else:
            self._apply(lifecycle.GaveUp(error, self._schedule.next_at))

    def _told(self, error: Exception) -> RunicorndError:
        if isinstance(error, RunicorndError):
            return error
        self._log.error("sync crashed", exc_info=error)
        return mistake(self.intent.name, error)

    def _settle(self, error: RunicorndError | None) -> None:
        """Tell everyone who waits."""
        result, self._result = self._result, None
        if result is not None and not result.done():
            result.set_result(error)

    def _apply(self, change: lifecycle.Change) -> None:
        """The one place where the state changes: it logs and publishes."""
        before = self._state
        self._state = lifecycle.transition(before, change, self._clock.wall())
        if before.phase is not self._state.phase:
            error = self._state.error
            self._log.info("store changed", phase=self._state.phase, reason=error.message if error else None)
        self.announce()
