"""Everything that is fetched from one store: its worker process, which is there while it has work."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Protocol

import structlog

from runicornd._lib.backoff import delays
from runicornd._lib.clock import set_within
from runicornd.errors import RunicorndError
from runicornd.storage.downloads.failures import INTERNAL_HINT
from runicornd.storage.downloads.interviews import WorkerInterviews
from runicornd.storage.downloads.process import WorkerProcess
from runicornd.storage.worker.messages import Drop, Ended, Idle, Kick, Limit, Linked, Progress, Serve

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd._lib.clock import Clock
    from runicornd.ssh.auth import Login
    from runicornd.ssh.targets import Host
    from runicornd.storage.downloads.interviews import DownloadPrompts, NewInterview
    from runicornd.storage.worker.messages import Fetch, Report

CRASH_LIMIT = 5
_log = structlog.get_logger("storage.downloads")


class Listener(Protocol):
    """Who hears how the downloads of a store fare."""

    def held(self, name: str, detail: str, prompt_id: str | None = None) -> None:
        """It waits for the link."""
        ...

    def moved(self, progress: Progress) -> None:
        """It came further."""
        ...

    def ended(self, ended: Ended) -> None:
        """It is over."""
        ...

    def gave_up(self, name: str, error: RunicorndError) -> None:
        """It cannot go on."""
        ...


class Fetcher:
    """Runs the worker of one store.

    Args:
        resolve: Returns the host, as it is to be reached now, and what the user gave to log in.
        on_change: Called when it has come to have work, or no more.
    """

    def __init__(
        self,
        store: str,
        *,
        resolve: Callable[[], Awaitable[tuple[Host, Login | None]]],
        new_interview: NewInterview,
        prompts: DownloadPrompts,
        listener: Listener,
        on_change: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._store = store
        self._resolve = resolve
        self._new_interview = new_interview
        self._prompts = prompts
        self._listener = listener
        self._on_change = on_change
        self._clock = clock
        self._orders: dict[str, Fetch] = {}
        self._process: WorkerProcess | None = None
        self._is_dismissed = False
        self._is_expected = False
        self._wanted = asyncio.Event()
        self._kicked = asyncio.Event()
        self._rate = 0.0
        self._crashes = 0
        self._detail = ""
        self._prompt_id: str | None = None

    @property
    def is_busy(self) -> bool:
        """Whether it has anything to fetch."""
        return bool(self._orders)

    def expect(self) -> None:
        """There will be work: a worker takes a while to start. If none comes it ends by itself."""
        if self._process is None:
            self._is_expected = True
            self._wanted.set()

    def begin(self, order: Fetch) -> None:
        """Fetch this, too."""
        self._orders[order.id] = order
        self._on_change()
        self._wanted.set()
        if self._process is not None:
            self._process.tell(order)

    def drop(self, name: str, *, discard: bool) -> bool:
        """End a download; return whether the worker will say ``Ended`` for it."""
        if self._orders.pop(name, None) is None or self._process is None:
            return False
        self._process.tell(Drop(name, discard))
        return True

    def limit(self, rate: float) -> None:
        """Fetch at most so many bytes a second; 0 is no limit."""
        if rate != self._rate:
            self._rate = rate
            if self._process is not None:
                self._process.tell(Limit(rate))

    def kick(self) -> None:
        """Conditions changed, or somebody asks for it: skip pauses."""
        self._kicked.set()
        if self._process is not None:
            self._process.tell(Kick())

    async def run(self) -> None:
        """Have a worker while there is work, or is about to be, until cancelled."""
        while True:
            await self._wanted.wait()
            pauses = delays(random.Random())  # noqa: S311 - jitter, not a secret
            while self._orders or self._is_expected:
                self._is_expected = False
                if not await self._serve():
                    self._kicked.clear()
                    await set_within(self._clock, self._kicked, next(pauses))
            self._wanted.clear()
            if self._orders:
                self._wanted.set()

    async def _serve(self) -> bool:
        """Live with one worker; return whether it ended in order."""
        try:
            host, login = await self._resolve()
            interviews = WorkerInterviews(
                host, login, new=self._new_interview, prompts=self._prompts, on_waiting=self._waiting
            )
            process = await WorkerProcess.start(interviews, self._hear)
        except RunicorndError as error:
            self._fail(error)
            return True
        except OSError as error:
            self._fail(RunicorndError(f"cannot start the worker of downloads: {error}", hint=INTERNAL_HINT))
            return True
        self._process, self._is_dismissed = process, False
        try:
            process.tell(Serve(host))
            process.tell(Limit(self._rate))
            for order in self._orders.values():
                process.tell(order)
            status = await process.wait()
        finally:
            self._process = None
            await process.close()
        if self._is_dismissed or not self._orders:  # what was ordered since then, the next worker does
            return True
        self._crashed(status)
        return False

    def _crashed(self, status: int) -> None:
        self._crashes += 1
        _log.error("worker of downloads has ended", store=self._store, status=status, times=self._crashes)
        if self._crashes >= CRASH_LIMIT:
            self._fail(
                RunicorndError(
                    f"cannot go on: the worker of downloads ended unexpectedly {CRASH_LIMIT} times in a row",
                    hint=INTERNAL_HINT,
                    status=status,
                )
            )
            self._crashes = 0
            return
        self._hold("the worker has ended unexpectedly and is started again")

    def _fail(self, error: RunicorndError) -> None:
        names = list(self._orders)
        self._orders.clear()
        for name in names:
            self._listener.gave_up(name, error)

    def _hear(self, report: Report) -> None:
        match report:
            case Progress(id):
                self._crashes = 0
                if id in self._orders:
                    self._listener.moved(report)
            case Linked(detail):
                self._detail = detail
                if detail:
                    self._hold(detail)
            case Ended(id):
                self._orders.pop(id, None)
                self._on_change()
                self._listener.ended(report)
            case Idle():
                if not self._orders and self._process is not None:
                    self._is_dismissed = True
                    self._process.end_input()

    def _waiting(self, prompt_id: str | None) -> None:
        self._prompt_id = prompt_id
        self._hold("waiting for an answer" if prompt_id else self._detail or "connecting")

    def _hold(self, detail: str) -> None:
        for name in list(self._orders):
            self._listener.held(name, detail, self._prompt_id)
