"""Doing several things at once: until the first has ended, or until all have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


async def first_of(*works: Coroutine[Any, Any, T]) -> T:
    """Run all at once; return or raise what the first one to end does, and end the others.

    When several have ended together, an error among them wins over a result.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    winner = next((task for task in done if task.exception()), None) or done.pop()
    return winner.result()


async def all_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run all at once until all have ended; when one fails, end the others and raise its error.

    Not a ``TaskGroup``: before Python 3.13 one that failed leaves its task marked as cancelled, and in
    Debian 12's 3.11.2 every later time-out of that task then comes as a cancellation.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
