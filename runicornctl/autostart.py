"""Reaching the daemon, and starting it first when it is not running."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runicornctl.failure import DaemonNotRunning
from runicornctl.reach import try_open

if TYPE_CHECKING:
    from runicornctl.client import Client

NO_AUTOSTART = "RUNICORND_NO_AUTOSTART"


def open_or_start() -> Client:
    """Connect to the daemon, and start it first when it is not running.

    Raises:
        DaemonNotRunning: It is not running, and ``RUNICORND_NO_AUTOSTART`` forbids to start it.
        Failure: It did not start; the message has what it said.
    """
    client = try_open()
    if client is not None:
        return client
    if os.environ.get(NO_AUTOSTART, "0") not in {"", "0"}:
        raise DaemonNotRunning(hint=f"start it with: runicornctl daemon start ({NO_AUTOSTART} is set)")
    from runicornctl.launch import start  # noqa: PLC0415 - most commands find the daemon running

    return start()
