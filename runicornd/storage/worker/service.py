"""The worker's life: takes orders, runs downloads, and asks to end when it has been idle for a while."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.asyncssh_connection import BULK
from runicornd.ssh.local import LocalConnector
from runicornd.storage.worker.interview import ProxyInterview
from runicornd.storage.worker.job import Job
from runicornd.storage.worker.link import WorkerLink
from runicornd.storage.worker.messages import Drop, Ended, Fetch, Idle, Kick, Limit, Linked, Serve
from runicornd.storage.worker.meter import Bucket

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.ssh.targets import Host
    from runicornd.storage.worker.messages import Order
    from runicornd.storage.worker.pipe import Pipe

IDLE_S = 30.0
_log = structlog.get_logger("storage.worker")


class Worker:
    """Serves one host for the daemon at the other end of the pipe."""

    def __init__(self, pipe: Pipe, clock: Clock, *, idle_s: float = IDLE_S) -> None:
        self._pipe = pipe
        self._clock = clock
        self._idle_s = idle_s
        self._bucket = Bucket(clock)
        self._link: WorkerLink | None = None
        self._jobs: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._drops: set[asyncio.Task[None]] = set()
        self._idle: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve until the daemon closes the pipe."""
        try:
            async for order in self._pipe.orders():
                await self._take(order)
                self._watch_idleness()
        finally:
            if self._idle is not None:
                self._idle.cancel()
            tasks = [*self._drops, *(task for _, task in self._jobs.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._link is not None:
                await self._link.close()

    async def _take(self, order: Order) -> None:
        match order:
            case Serve(host):
                self._serve(host)
            case Fetch():
                self._fetch(order)
            case Drop(id, discard):
                task = asyncio.create_task(self._drop(id, discard=discard), name=f"worker: drop {id}")
                self._drops.add(task)
                task.add_done_callback(self._drops.discard)
            case Limit(rate):
                self._bucket.limit(rate)
            case Kick():
                if self._link is not None:
                    self._link.kick()

    def _serve(self, host: Host) -> None:
        if self._link is not None:
            self._link.use(host)
            return
        self._link = WorkerLink(
            host,
            LocalConnector() if host.is_local else AsyncsshConnector(BULK),
            lambda number, of: ProxyInterview.begin(self._pipe, number, of),
            lambda detail: self._pipe.tell(Linked(detail)),
            self._clock,
        )

    def _fetch(self, order: Fetch) -> None:
        if self._link is None or order.id in self._jobs:
            _log.error("order makes no sense", download=order.id)
            return
        job = Job(order, link=self._link, bucket=self._bucket, clock=self._clock, tell=self._pipe.tell)
        task = asyncio.create_task(self._run(order.id, job), name=f"worker: download {order.id}")
        self._jobs[order.id] = (job, task)

    async def _run(self, name: str, job: Job) -> None:
        ended = await job.run()
        self._jobs.pop(name, None)
        self._pipe.tell(ended)
        self._watch_idleness()

    async def _drop(self, name: str, *, discard: bool) -> None:
        found = self._jobs.pop(name, None)
        if found is None:
            return  # it has ended by itself just now, and said so
        job, task = found
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if discard:
            try:
                await asyncio.to_thread(job.discard)
            except Exception as error:  # noqa: BLE001 - what is left over harms nobody, and is told
                _log.warning("parts not removed", download=name, reason=str(error))
        self._pipe.tell(Ended(name, job.totals, is_dropped=True))
        self._watch_idleness()

    def _watch_idleness(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if not self._jobs and not self._drops:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_s, self._pipe.tell, Idle())
