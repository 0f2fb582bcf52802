"""The daemon itself, its state as a whole, and what changes."""

from __future__ import annotations

from typing import Annotated

import msgspec

from runicornd.protocol.models.base import Params, Result, Text
from runicornd.protocol.models.dashboard import DashboardInfo
from runicornd.protocol.models.downloads import Download
from runicornd.protocol.models.forwards import Forward
from runicornd.protocol.models.hosts import HostState
from runicornd.protocol.models.prompts import PromptInfo
from runicornd.protocol.models.sessions import Session
from runicornd.protocol.models.stores import Store


class HelloParams(Params):
    """First words of a client; ``protocol`` is the range [min, max] that it speaks."""

    client: Annotated[str, msgspec.Meta(max_length=200)]
    version: Annotated[str, msgspec.Meta(max_length=100)]
    protocol: tuple[int, int]


class HelloResult(Result):
    """``protocol`` is what this connection speaks from now on; ``pid`` is 0 when a daemon does not say."""

    protocol: int
    daemon: str
    version: str
    pid: int = 0


class DaemonInfo(Result):
    """The running daemon."""

    pid: int
    started: float
    socket: str
    log: str
    config: str


class StatusParams(Params):
    """``subject``: only this session or store, or what is of this target."""

    subject: Text | None = None


class StatusResult(Result):
    """Everything that lives now. ``dashboard`` is None while it is not served."""

    version: str
    daemon: DaemonInfo
    hosts: list[HostState]
    sessions: list[Session]
    forwards: list[Forward] = []
    prompts: list[PromptInfo] = []
    stores: list[Store] = []
    downloads: list[Download] = []
    dashboard: DashboardInfo | None = None


class ShutdownParams(Params):
    """``keep`` leaves the remote viewers running, to be found again by the next daemon."""

    keep: bool = False


class SubscribeParams(Params):
    """What to listen to.

    ``since``: a sequence number that the client has seen; the snapshot is left out when nothing was
    missed. ``topics``: ``log:<session id>`` adds the lines of a viewer's log. ``gather_ms``: events that come
    within so many milliseconds of others are sent together, several notifications in one array as in a batch
    of JSON-RPC; 0 sends each at once and by itself.
    """

    since: Annotated[int, msgspec.Meta(ge=0)] | None = None
    topics: list[Text] = []
    gather_ms: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0


class SubscribeResult(Result):
    """The state at ``sequence``; every later change follows as an event."""

    sequence: int
    snapshot: StatusResult | None


class Event(Result):
    """The parameters of an ``event`` notification.

    ``topic`` and ``data``: ``session`` (Session), ``session.removed`` ({id}), ``host`` (HostState),
    ``prompt`` (PromptInfo), ``prompt.closed`` ({id}), ``log`` (LogLines), ``store`` (Store),
    ``store.removed`` (StoreRemoved), ``download`` (Download), ``download.removed`` (DownloadRemoved),
    ``forward`` (Forward), ``forward.removed`` (ForwardRemoved), ``doctor`` (DoctorTick), ``resync``
    (null: take a new snapshot).
    """

    sequence: int
    topic: str
    data: object = None
