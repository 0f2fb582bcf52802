"""Where the sessions of the daemon before this one lead: each target is resolved once, a few at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runicornd.errors import RunicorndError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from runicornd.ssh.targets import Host

AT_ONCE = 8
"""Each is a process of OpenSSH's for a few milliseconds."""


async def resolved(
    targets: Iterable[str], resolve: Callable[[str], Awaitable[Host]]
) -> dict[str, Host | RunicorndError]:
    """Return the host of every target, or why there is none."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(target: str) -> Host | RunicorndError:
        async with places:
            try:
                return await resolve(target)
            except RunicorndError as error:
                return error

    names = list(dict.fromkeys(targets))
    return dict(zip(names, await asyncio.gather(*map(one, names)), strict=True))
