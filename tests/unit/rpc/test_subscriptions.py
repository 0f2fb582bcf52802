"""Who follows which log."""

import asyncio

import pytest

from runicornd.errors import NotConnected
from runicornd.rpc.subscriptions import LogFollowers
from tests.helpers.waiting import eventually


class Slow:
    """Sessions whose logs take a while to turn on and off."""

    def __init__(self):
        self.calls = []
        self.gate = asyncio.Event()
        self.failure = None

    async def follow_log(self, subject):
        self.calls.append(f"+{subject}")
        await self.gate.wait()
        if self.failure:
            raise self.failure

    async def unfollow_log(self, subject):
        self.calls.append(f"-{subject}")
        await self.gate.wait()
        if self.failure:
            raise self.failure


async def test_many_at_once_turn_it_on_once():
    """Those who come while it is being turned on wait for the same."""
    sessions = Slow()
    followers = LogFollowers(sessions)
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(followers.follow("a"))
        await eventually(lambda: sessions.calls)
        sessions.gate.set()
    assert sessions.calls == ["+a"]
    for _ in range(5):
        await followers.unfollow("a")
    assert sessions.calls == ["+a", "-a"]


async def test_leaving_while_it_is_turned_on():
    """In the end it is off, whatever overtook what."""
    sessions = Slow()
    followers = LogFollowers(sessions)
    async with asyncio.TaskGroup() as group:
        group.create_task(followers.follow("a"))
        await eventually(lambda: sessions.calls)
        group.create_task(followers.unfollow("a"))
        await asyncio.sleep(0)
        sessions.gate.set()
    assert sessions.calls == ["+a", "-a"]


async def test_a_log_that_cannot_be_followed():
    """The failure is told and not counted: the next one tries again."""
    sessions = Slow()
    sessions.gate.set()
    followers = LogFollowers(sessions)
    sessions.failure = NotConnected("cannot follow: down")
    with pytest.raises(NotConnected):
        await followers.follow("a")
    sessions.failure = None
    await followers.follow("a")
    assert sessions.calls == ["+a", "+a"]


async def test_a_log_that_cannot_be_left():
    """A session that is gone is no reason to fail."""
    sessions = Slow()
    sessions.gate.set()
    followers = LogFollowers(sessions)
    await followers.follow("a")
    sessions.failure = NotConnected("cannot unfollow: down")
    await followers.unfollow("a")
    assert sessions.calls == ["+a", "-a"]


async def test_one_slow_log_holds_no_other_up():
    """Each log has its own turn."""
    sessions = Slow()
    followers = LogFollowers(sessions)
    async with asyncio.TaskGroup() as group:
        group.create_task(followers.follow("a"))
        group.create_task(followers.follow("b"))
        await eventually(lambda: len(sessions.calls) == 2)
        sessions.gate.set()
