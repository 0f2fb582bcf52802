"""The worker of a store: there while there is work, and replaced when that comes late."""

import asyncio

import pytest

from runicornd._lib.clock import SystemClock
from runicornd.ssh.targets import Host
from runicornd.storage.downloads import fetcher as module
from runicornd.storage.downloads.fetcher import Fetcher
from runicornd.storage.downloads.model import Totals
from runicornd.storage.worker.messages import Ended, Fetch, Idle
from tests.helpers.waiting import eventually


class Worker:
    """What is told to it, and its end, which the test brings about."""

    def __init__(self, hear):
        self.hear = hear
        self.told = []
        self.is_dismissed = False
        self.ends = asyncio.Event()

    def tell(self, order):
        if not self.is_dismissed:
            self.told.append(order)

    def end_input(self):
        self.is_dismissed = True

    async def wait(self):
        await self.ends.wait()
        return 0

    async def close(self):
        return

    @property
    def orders(self):
        return [order.id for order in self.told if isinstance(order, Fetch)]


class Listener:
    """Remembers what was said of downloads."""

    def __init__(self):
        self.said = []

    def held(self, name, detail, prompt_id=None):
        self.said.append(("held", name, detail))

    def ended(self, ended):
        self.said.append(("ended", ended.id))

    def gave_up(self, name, error):
        self.said.append(("gave up", name))


@pytest.fixture
async def bench(monkeypatch):
    """A fetcher that runs, its listener, and the workers that it has started."""
    workers = []

    class Process:
        @staticmethod
        async def start(_interviews, hear):
            workers.append(Worker(hear))
            return workers[-1]

    monkeypatch.setattr(module, "WorkerProcess", Process)

    async def resolve():
        return Host(target="gpu", hostname="gpu"), None

    listener = Listener()
    fetcher = Fetcher(
        "gpu",
        resolve=resolve,
        new_interview=None,
        prompts=None,
        listener=listener,
        on_change=lambda: None,
        clock=SystemClock(),
    )
    running = asyncio.create_task(fetcher.run())
    yield fetcher, listener, workers
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def order(name):
    return Fetch(id=name, plan="/plan", known="/known", root="/data", to="/to")


async def test_a_worker_is_there_before_its_work(bench):
    """The order finds it."""
    fetcher, _, workers = bench
    fetcher.expect()
    await eventually(lambda: workers and workers[0].told)
    fetcher.expect()
    fetcher.begin(order("d1"))
    assert ([worker.orders for worker in workers]) == [["d1"]]


async def test_work_for_a_worker_that_was_told_to_end_gets_another_one(bench):
    """That is no crash: nobody is told so, and nothing waits."""
    fetcher, listener, workers = bench
    fetcher.begin(order("d1"))
    await eventually(lambda: workers and workers[0].orders)
    workers[0].hear(Ended("d1", Totals()))
    workers[0].hear(Idle())
    assert workers[0].is_dismissed
    fetcher.begin(order("d2"))
    workers[0].ends.set()
    await eventually(lambda: len(workers) == 2 and workers[1].orders == ["d2"])
    assert listener.said == [("ended", "d1")]


async def test_a_worker_that_ends_by_itself_has_crashed(bench):
    """Whoever waits is told, and it is started again."""
    fetcher, listener, workers = bench
    fetcher.begin(order("d1"))
    await eventually(lambda: workers and workers[0].orders)
    workers[0].ends.set()
    await eventually(lambda: len(workers) == 2 and workers[1].orders == ["d1"])
    assert ("held", "d1", "the worker has ended unexpectedly and is started again") in listener.said
