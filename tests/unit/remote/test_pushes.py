"""Exits and log lines for those who wait for them."""

import asyncio

import pytest

from runicornd.errors import AgentFailed, NotConnected
from runicornd.remote.models import ViewerExit
from runicornd.remote.pushes import BACKLOG_LIMIT, KNOWN_LIMIT, Exits, LogFeeds
from tests.helpers.waiting import within


def ended(instance):
    return ViewerExit(instance, 0, None, ())


async def test_an_exit_reaches_all_who_wait_and_those_who_come_late():
    """Told once, known from then on."""
    exits = Exits()
    exits.watch("a")
    waiting = [asyncio.create_task(exits.wait("a")) for _ in range(2)]
    await asyncio.sleep(0)
    exits.tell(ended("a"))
    assert await within(asyncio.gather(*waiting, exits.wait("a"))) == [ended("a")] * 3


async def test_waiting_ends_when_the_agent_is_gone():
    """Everyone gets the reason, and nobody may wait until the viewer is attached again."""
    exits = Exits()
    exits.watch("a")
    waiting = [asyncio.create_task(exits.wait("a")) for _ in range(2)]
    await asyncio.sleep(0)
    exits.fail(NotConnected("gone"))
    failures = await within(asyncio.gather(*waiting, return_exceptions=True))
    assert [type(failure) for failure in failures] == [NotConnected] * 2
    assert failures[0] is not failures[1]
    with pytest.raises(AgentFailed):
        await exits.wait("a")


async def test_a_waiter_that_leaves_is_forgotten():
    """Cancelling one leaves the others."""
    exits = Exits()
    exits.watch("a")
    first, second = (asyncio.create_task(exits.wait("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first])
    exits.tell(ended("a"))
    assert await within(second) == ended("a")


async def test_old_exits_are_forgotten():
    """What is known is bounded."""
    exits = Exits()
    for number in range(KNOWN_LIMIT + 1):
        exits.watch(str(number))
        exits.tell(ended(str(number)))
    assert exits.known("0") is None
    assert exits.known(str(KNOWN_LIMIT)) is not None


async def test_a_slow_reader_loses_the_oldest_lines():
    """The backlog is bounded; the end still comes."""
    feeds = LogFeeds()
    with feeds.open("a") as feed:
        for number in range(BACKLOG_LIMIT + 5):
            feeds.tell("a", (str(number),))
        feeds.end("a")
        heard = [lines async for lines in feed]
    assert (len(heard), heard[-1]) == (BACKLOG_LIMIT, (str(BACKLOG_LIMIT + 4),))
    assert feeds.readers("a") == 0


async def test_a_reader_hears_of_the_agents_end():
    """First what was said, then the reason."""
    feeds = LogFeeds()
    with feeds.open("a") as feed:
        feeds.tell("a", ("last",))
        feeds.fail(NotConnected("gone"))
        assert await anext(feed) == ("last",)
        with pytest.raises(NotConnected):
            await anext(feed)
