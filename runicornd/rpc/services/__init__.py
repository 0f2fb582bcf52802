"""What the handlers need of the daemon, as small Protocols: whoever composes it fills them in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runicornd.rpc.present.presented import PresentedSessions
from runicornd.rpc.services.dashboard import Configuration, Dashboard
from runicornd.rpc.services.doctor import Doctor
from runicornd.rpc.services.forwards import Folders, Forwards
from runicornd.rpc.services.hosts import (
    CheckView,
    Hosts,
    KeyView,
    LinkView,
    Pool,
    SavedHostView,
    UntrustView,
)
from runicornd.rpc.services.sessions import Sessions
from runicornd.rpc.services.storage import Downloads, Stores

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from runicornd.events import EventHub
    from runicornd.prompts import Prompts

__all__ = [
    "CheckView",
    "Configuration",
    "DaemonFacts",
    "Dashboard",
    "Doctor",
    "Downloads",
    "Folders",
    "Forwards",
    "Hosts",
    "KeyView",
    "LinkView",
    "Pool",
    "SavedHostView",
    "Services",
    "Sessions",
    "Stores",
    "UntrustView",
]


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    """What the daemon says about itself. ``started`` is in seconds since the epoch."""

    version: str
    pid: int
    started: float
    socket: Path
    log: Path
    config: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that handlers may use.

    Args:
        use_agent: Takes the socket of the SSH agent to use where the configuration names none.
        shutdown: Begins the end of the daemon and returns at once; true keeps the remote viewers.
        default_viewer: The viewer kind for requests that name none.
        presented: The sessions as they were answered last.
    """

    sessions: Sessions
    hosts: Hosts
    pool: Pool
    stores: Stores
    downloads: Downloads
    doctor: Doctor
    forwards: Forwards
    folders: Folders
    configuration: Configuration
    dashboard: Dashboard
    prompts: Prompts
    events: EventHub
    use_agent: Callable[[Path], None]
    shutdown: Callable[[bool], None]
    daemon: DaemonFacts
    default_viewer: str = "runicorn"
    presented: PresentedSessions = field(default_factory=PresentedSessions)
