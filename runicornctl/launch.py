"""Starting the daemon, detached from this terminal."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from typing import IO, TYPE_CHECKING

from runicornctl.failure import Failure
from runicornctl.reach import try_open
from runicornctl.units import daemon_command, start_service
from runicornd.protocol.exits import DAEMON_RUNS_ALREADY, Exit

if TYPE_CHECKING:
    from runicornctl.client import Client

START_S = 10.0
_LOOK_AGAIN_S = 0.03
_SHOWN_LINES = 30


def start(timeout_s: float = START_S) -> Client:
    """Start the daemon and connect to it.

    When its service is installed, the service is started. Of several that start it at the same time
    one wins, and all connect to it.

    Raises:
        Failure: It ended at once, with what it said; or it did not answer in time.
    """
    deadline = time.monotonic() + timeout_s
    is_service = start_service()
    child: _Child | None = None
    try:
        while time.monotonic() < deadline:
            if client := try_open():
                if child:
                    child.yield_to(client.daemon.pid)
                return client
            if not is_service and (child is None or child.lost_the_race()):
                child = _replaced(child)
            time.sleep(_LOOK_AGAIN_S)
        said = child.said() if child else ""
    finally:
        if child:
            child.forget()
    raise Failure(
        f"cannot start the daemon: it does not answer within {timeout_s:g} s" + (f"\n{said}" if said else ""),
        kind="daemon_failed",
        hint="see what it does with: runicornctl daemon logs",
        code=Exit.NO_DAEMON,
    )


def _replaced(child: _Child | None) -> _Child:
    if child:
        child.forget()
    return _Child()


class _Child:
    """A daemon that was started just now."""

    def __init__(self) -> None:
        # An unlinked file takes what it says until its log is open; a pipe would break when we are gone.
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `forget` closes it
        self._process = subprocess.Popen(
            daemon_command(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._output,
            cwd="/",
            start_new_session=True,
        )

    def lost_the_race(self) -> bool:
        """Whether it ended because another daemon holds the place; False while it still runs.

        Raises:
            Failure: It ended for another reason.
        """
        if self._process.poll() is None:
            return False
        if self._process.returncode == DAEMON_RUNS_ALREADY:
            return True
        said = self.said()
        raise Failure(
            "cannot start the daemon: " + (said or f"it ended at once with code {self._process.returncode}"),
            kind="daemon_failed",
            hint="" if said else "see why with: runicornctl daemon logs",
            code=Exit.NO_DAEMON,
        )

    def yield_to(self, winner: int) -> None:
        """End it if another daemon won: it may still be starting, and would take the place later."""
        if winner not in {0, self._process.pid} and self._process.poll() is None:
            self._process.terminate()

    def said(self) -> str:
        """Return the last lines that it printed."""
        # Not by seeking: the daemon writes at the same position.
        text = os.pread(self._output.fileno(), 1 << 20, 0)
        lines = text.decode(errors="replace").strip().splitlines()
        return "\n".join(lines[-_SHOWN_LINES:])

    def forget(self) -> None:
        """Leave it to itself: it outlives this command."""
        self._output.close()
        if self._process.returncode is None:
            self._process.returncode = 0  # nobody waits for it, and that is meant so
