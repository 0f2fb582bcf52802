"""Why a link is down, as others get to know it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import structlog

from runicornd.errors import HostUnreachable, NotConnected, RunicorndError
from runicornd.ssh.lifecycle import LinkPhase

if TYPE_CHECKING:
    from runicornd.ssh.lifecycle import LinkState
    from runicornd.ssh.targets import Host

_log = structlog.get_logger(__name__)


def told(error: Exception, host: Host) -> RunicorndError:
    """Return why a try failed; what nobody foresaw is logged in full."""
    if isinstance(error, RunicorndError):
        return error
    if isinstance(error, OSError):
        return HostUnreachable(f"cannot connect to {host.target}: {error}")
    _log.error("connecting crashed", host=host.key, exc_info=error)
    return RunicorndError(
        f"cannot connect to {host.target}: a mistake in runicornd itself ({type(error).__name__})",
        hint="the daemon's log has the details; 'runicornctl daemon logs' shows it",
    )


def loss(host: Host) -> NotConnected:
    """Return why a link that was up is down."""
    return NotConnected(
        f"cannot reach {host.target} at the moment: the connection was lost",
        hint="it is made again by itself",
    )


def reason(state: LinkState, host: Host) -> RunicorndError:
    """Return why a link in this state cannot be used; each time another instance, to be raised."""
    if state.error:
        # A copy, because each raise adds to the traceback of the instance, which the state keeps.
        return copy.copy(state.error)
    # Closed is for good, so this kind must not invite to another try.
    kind = RunicorndError if state.phase is LinkPhase.CLOSED else NotConnected
    return kind(
        f"cannot use the link to {host.target}: it is {state.phase}",
        hint="run 'runicornctl status' to see what it does",
    )
