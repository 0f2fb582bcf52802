"""A viewer's end, in words that help."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from runicornd.errors import DiskFull, ViewerCrashed, ViewerUnresponsive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.errors import RemoteError
    from runicornd.remote.models import ViewerExit

SHOWN_LINES = 8
AGAIN = "read the log above; once the cause is mended, 'runicornctl connect' starts it again"


def crash(ended: ViewerExit) -> RemoteError:
    """The error that says how a viewer ended, with the last lines of its log in the message.

    A viewer that ended for want of disk space is ``DiskFull``: starting it again would not help.
    """
    said = [line for line in ended.log_tail if line.strip()]
    if any("No space left on device" in line for line in said):
        return DiskFull(
            "cannot run the viewer: the disk of its host is full",
            hint="free some space there; its home folder, /tmp and the storage root count",
            log_tail=list(ended.log_tail),
        )
    return ViewerCrashed(
        f"cannot run the viewer: it {how_it_ended(ended)}{_quoted(said) if said else ' and logged nothing'}",
        hint=_hint(said),
        code=ended.code,
        signal=ended.signal,
        log_tail=list(ended.log_tail),
    )


def silence(error: ViewerUnresponsive, log_tail: Sequence[str]) -> ViewerUnresponsive:
    """The error for a new viewer that does not answer, with the last lines of its log in the message.

    A viewer that never was ready is ended, and its log goes with it.
    """
    said = [line for line in log_tail if line.strip()]
    context = error.context | {"log_tail": list(log_tail)}
    return ViewerUnresponsive(f"{error.message}; it logged{_quoted(said)}", hint=AGAIN, **context)


def how_it_ended(ended: ViewerExit) -> str:
    """The exit as a clause: "exited with status 3", "was ended by SIGKILL"."""
    if ended.signal is not None:
        return f"was ended by {_signal_name(ended.signal)}"
    if ended.code is not None:
        return f"exited with status {ended.code}"
    return "ended, nobody saw how"


def _quoted(said: Sequence[str]) -> str:
    """The last lines of a log, one a line; in a word, that there is none."""
    return ":" + "".join(f"\n  {line}" for line in said[-SHOWN_LINES:]) if said else " nothing"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _hint(said: list[str]) -> str:
    if any("ModuleNotFoundError" in line or "ImportError" in line for line in said[-SHOWN_LINES:]):
        return "something is missing in the environment: install Runicorn again in it, or choose another one"
    return AGAIN
