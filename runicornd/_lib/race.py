"""Waiting for whichever comes first."""

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
