"""When it is worth trying again at once: the machine woke up, or its network changed."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd._lib.clock import Clock

    OnChange = Callable[[str], None]

CHECK_S = 2.0
ASLEEP_S = 3.0
SETTLE_S = 0.5

# Groups of <linux/rtnetlink.h>: links, addresses and routes of IPv4 and IPv6.
_RTMGRP = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
_log = structlog.get_logger(__name__)


async def watch_sleep(clock: Clock, on_change: OnChange, check_s: float = CHECK_S) -> None:
    """Call ``on_change`` each time the machine has been asleep; runs until it is cancelled.

    While it sleeps the boot time goes on and the monotonic clock stands still, so their difference grows.

    Args:
        clock: Both clocks; on a system without a boot time nothing is noticed.
        on_change: Gets the reason in words.
        check_s: Seconds between two looks.
    """
    before = clock.boot_time() - clock.monotonic()
    while True:
        await clock.sleep(check_s)
        now = clock.boot_time() - clock.monotonic()
        if now - before >= ASLEEP_S:
            on_change(f"woke up after {now - before:.0f} s of sleep")
        before = now


async def watch_network(on_change: OnChange, settle_s: float = SETTLE_S) -> None:
    """Call ``on_change`` when addresses or routes have changed; runs until it is cancelled.

    The kernel tells: by netlink on Linux, by a routing socket on macOS and the BSDs. Changes come in
    bursts; the first one may already be what was waited for, and the last one makes the others work. So
    there is a call at the beginning of each burst, and another one at its end if more has come.

    Args:
        on_change: Gets the reason in words.
        settle_s: Seconds without a further change that end a burst.
    """
    try:
        listener = _listen()
    except OSError as error:
        _log.warning("network changes are not noticed", reason=str(error))
        return
    loop = asyncio.get_running_loop()
    with listener:
        while True:
            await _next_message(loop, listener)
            on_change("the network changed")
            if await _burst_end(loop, listener, settle_s):
                on_change("the network changed further")


def _listen() -> socket.socket:
    if sys.platform == "linux":
        listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        try:
            listener.bind((0, _RTMGRP))
        except OSError:
            listener.close()
            raise
    else:
        listener = socket.socket(getattr(socket, "AF_ROUTE", socket.AF_UNSPEC), socket.SOCK_RAW)
    listener.setblocking(False)
    return listener


async def _next_message(loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
    try:
        await loop.sock_recv(listener, 65536)
    except OSError:  # the kernel dropped messages that we were too slow to read: a change all the same
        return


async def _burst_end(loop: asyncio.AbstractEventLoop, listener: socket.socket, settle_s: float) -> bool:
    """Wait for the end of a burst; return whether anything more came."""
    has_more = False
    while True:
        try:
            async with asyncio.timeout(settle_s):
                await _next_message(loop, listener)
                has_more = True
        except TimeoutError:
            return has_more
