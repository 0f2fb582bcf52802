"""How many links connect at once."""

import asyncio

import pytest

from runicornd.ssh.turns import Turns
from tests.helpers.waiting import eventually


async def test_so_many_connect_at_once_and_no_more():
    """However many links are lost together, only some of them are being made again at a time."""
    turns, done = Turns(at_once=3, longest_s=60), asyncio.Event()
    inside, most = 0, 0

    async def attempt():
        nonlocal inside, most
        async with turns.turn():
            inside += 1
            most = max(most, inside)
            await done.wait()
            inside -= 1

    attempts = [asyncio.create_task(attempt()) for _ in range(20)]
    await eventually(lambda: inside == 3)
    done.set()
    await asyncio.gather(*attempts)
    assert most == 3


async def test_a_host_that_does_not_answer_keeps_nobody_waiting():
    """A turn lapses while its try goes on, and is given back only once."""
    turns, never = Turns(at_once=1, longest_s=0.01), asyncio.Event()

    async def hang():
        async with turns.turn():
            await never.wait()

    hanging = asyncio.create_task(hang())
    await asyncio.sleep(0)
    async with asyncio.timeout(5), turns.turn():
        never.set()
        await hanging
        with pytest.raises(TimeoutError):  # the end of the one that lapsed makes no second place
            async with asyncio.timeout(0.001), turns.turn():
                pass


async def test_whoever_is_in_a_hurry_waits_for_nobody():
    """A person who connects does not queue behind two hundred links that were lost."""
    turns = Turns(at_once=1, longest_s=60)
    async with turns.turn(), asyncio.timeout(5), turns.turn(hurry=True):
        pass


async def test_a_try_that_is_given_up_while_it_waits_takes_no_turn():
    """A cancelled wait leaves the turn for others."""
    turns = Turns(at_once=1, longest_s=60)

    async def take():
        async with turns.turn():
            pass

    async with turns.turn():
        waiting = asyncio.create_task(take())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    async with asyncio.timeout(5):
        await take()
