"""Links in the test's own process, where its clock can be set and its tasks can be counted."""

import asyncio
import contextlib
import os
import random
import time

import pytest

from runicornd._lib.backoff import delays
from runicornd._lib.clock import SystemClock
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.auth import Interview, Secrets
from runicornd.ssh.conditions import watch_sleep
from runicornd.ssh.hostkeys import HostKeys
from runicornd.ssh.lifecycle import LinkPhase
from runicornd.ssh.link import PROBE_S, Link
from runicornd.ssh.pool import Pool
from runicornd.ssh.targets import Host
from tests.fakes.clock import FakeClock
from tests.helpers.census import descriptors
from tests.helpers.proxy import Proxy
from tests.helpers.sshd import Sshd
from tests.helpers.waiting import eventually, steady, within


@pytest.fixture
async def proxy(tmp_path):
    """The way to a real server, 50 ms long."""
    with Sshd(tmp_path / "sshd") as server:
        async with Proxy(server.port, delay_s=0.025) as proxy:
            proxy.server = server
            yield proxy


@pytest.fixture
async def pool(tmp_path):
    """The daemon's links, each with real connections."""
    events = EventHub()
    prompts, secrets, host_keys = Prompts(events), Secrets(), HostKeys(tmp_path / "own_known_hosts")

    def interview(host, login, on_waiting):
        return Interview(
            host, prompts=prompts, secrets=secrets, host_keys=host_keys, login=login, on_waiting=on_waiting
        )

    def new_link(host):
        return Link(
            host,
            connector=AsyncsshConnector(),
            interviews=interview,
            prompts=prompts,
            events=events,
            clock=SystemClock(),
            backoff=lambda: delays(random.Random(1)),
        )

    pool = Pool(new_link)
    yield pool
    await pool.close()


@pytest.fixture
async def link(pool, proxy, tmp_path):
    """A link that is up, with the keep-alives of a real daemon."""
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{proxy.port} {proxy.server.public_host_key}\n")
    host = Host(
        target="far",
        hostname="127.0.0.1",
        port=proxy.port,
        user=proxy.server.user,
        identity_files=(proxy.server.client_key,),
        explicit_identities=True,
        known_hosts_files=(known,),
    )
    link = pool.link(host)
    async with link.wanted():
        await within(link.up())
        yield link


@contextlib.asynccontextmanager
async def asleep_for(seconds, pool):
    """The machine has just slept for so long."""
    clock = FakeClock()
    watching = asyncio.create_task(watch_sleep(clock, pool.kick_all))
    await eventually(lambda: clock.sleepers)
    clock.suspend(seconds)
    await clock.advance(2)
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_a_link_that_died_in_sleep_is_found_in_seconds(link, pool, proxy):
    """Three keep-alives would take 15 s; after waking up it takes 4 s, and then the link is back."""
    dead = link.connection
    proxy.blackhole()
    began = time.monotonic()
    async with asleep_for(600, pool):
        await within(dead.wait_closed(), PROBE_S + 1.5)
    assert time.monotonic() - began < PROBE_S + 1.5
    await eventually(lambda: link.state.phase is not LinkPhase.UP)
    proxy.blackhole(active=False)
    proxy.reset()  # what the next try had begun in the meantime
    await within(link.up())


async def test_a_link_that_lives_is_left_alone(link, pool, proxy):
    """It answers, stays as it is, and is asked no more often than before."""
    before = link.connection
    async with asleep_for(600, pool):
        proxy.reset_counters()
        await eventually(lambda: proxy.round_trips >= 2, "a question and its answer")
        pool.kick_all("the network changed")  # a second reason does not double the questions
        asked = await steady(lambda: proxy.round_trips, for_s=PROBE_S / 2)
    assert asked < 8
    assert link.connection is before
    process = await before.execute("echo alive")
    assert await within(process.stream.read(100)) == b"alive\n"


@pytest.mark.slow
async def test_two_hundred_drops_leave_no_task(link, proxy):
    """As many tasks and descriptors as before, and the delays have not grown."""
    before = len(asyncio.all_tasks()), descriptors(os.getpid())
    proxy.delay_s = 0
    for _ in range(200):
        connection = await within(link.up())
        link.worked()
        proxy.reset()
        await within(connection.wait_closed())
        await eventually(lambda: link.state.phase is not LinkPhase.UP)
    await within(link.up())
    after = await steady(lambda: (len(asyncio.all_tasks()), descriptors(os.getpid())))
    assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)
