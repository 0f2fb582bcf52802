"""What the daemon tells: a snapshot, kept up to date by its events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from runicornctl.client import unreadable
from runicornctl.failure import Failure
from runicornd.protocol.models import (
    Download,
    Event,
    Forward,
    HostState,
    LogLines,
    PromptInfo,
    Session,
    StatusResult,
    Store,
    SubscribeParams,
    SubscribeResult,
)

if TYPE_CHECKING:
    from runicornctl.client import Client


class World:
    """What the daemon has told so far: a snapshot, kept up to date by events.

    Args:
        client: A connection on which nothing has been subscribed yet.
        topics: More to hear of, such as ``log:<session id>``.

    ``gone`` has removed sessions as they were last; ``lines`` the lines of a log that were not yet taken.
    """

    def __init__(self, client: Client, *, topics: tuple[str, ...] = ()) -> None:
        self._client = client
        self._topics = list(topics)
        self.sequence = 0
        self.sessions: dict[str, Session] = {}
        self.gone: dict[str, Session] = {}
        self.hosts: dict[str, HostState] = {}
        self.prompts: dict[str, PromptInfo] = {}
        self.stores: dict[str, Store] = {}
        self.downloads: dict[str, Download] = {}
        self.forwards: dict[str, Forward] = {}
        self.lines: list[str] = []
        self.status = self.refresh()

    def refresh(self) -> StatusResult:
        """Take a fresh snapshot.

        Raises:
            Failure: The daemon refused, or gave none.
        """
        params = SubscribeParams(topics=self._topics)
        result = self._client.call("events.subscribe", SubscribeResult, params)
        snapshot = result.snapshot
        if snapshot is None:
            raise Failure("cannot follow the daemon: it gave no snapshot", kind="internal")
        self.sequence = result.sequence
        self.gone |= self.sessions
        self.sessions = {session.id: session for session in snapshot.sessions}
        self.hosts = {host.target: host for host in snapshot.hosts}
        self.prompts = {prompt.id: prompt for prompt in snapshot.prompts}
        self.stores = {store.name: store for store in snapshot.stores}
        self.downloads = {download.id: download for download in snapshot.downloads}
        self.forwards = {forward.id: forward for forward in snapshot.forwards}
        self.status = snapshot
        return snapshot

    def next(self, timeout_s: float) -> bool:
        """Take in the next event; false when none came in time."""
        event = self._client.next_event(timeout_s)
        if event is None:
            return False
        self.take(event)
        return True

    def take(self, event: Event) -> None:
        """Take in one event. Topics of a later version are passed over."""
        if event.topic == "resync":
            self.refresh()
        elif event.sequence > self.sequence or event.topic == "log":
            try:
                self._apply(event)
            except msgspec.ValidationError as exc:
                raise unreadable(f"an event {event.topic!r} with {exc}") from exc

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there is news."""
        return self._client.fileno()

    def find(self, subject: str) -> Session | None:
        """Return the session with that id, or the only one of that target."""
        if subject in self.sessions:
            return self.sessions[subject]
        of_target = [each for each in self.sessions.values() if each.target == subject]
        return of_target[0] if len(of_target) == 1 else None

    def _apply(self, event: Event) -> None:
        match event.topic:
            case "session":
                changed = msgspec.convert(event.data, Session)
                self.sessions[changed.id] = changed
            case "session.removed":
                if session := self.sessions.pop(_id_of(event), None):
                    self.gone[session.id] = session
            case "host":
                host = msgspec.convert(event.data, HostState)
                self.hosts[host.target] = host
                if host.state in {"idle", "closed"}:  # as a snapshot has it: nobody wants it any more
                    del self.hosts[host.target]
            case "prompt":
                prompt = msgspec.convert(event.data, PromptInfo)
                self.prompts[prompt.id] = prompt
            case "prompt.closed":
                self.prompts.pop(_id_of(event), None)
            case "log":
                self.lines += msgspec.convert(event.data, LogLines).lines
            case _:
                self._apply_more(event)

    def _apply_more(self, event: Event) -> None:
        match event.topic:
            case "store":
                store = msgspec.convert(event.data, Store)
                self.stores[store.name] = store
            case "store.removed":
                self.stores.pop(_id_of(event, "name"), None)
            case "download":
                download = msgspec.convert(event.data, Download)
                self.downloads[download.id] = download
            case "download.removed":
                self.downloads.pop(_id_of(event), None)
            case "forward":
                forward = msgspec.convert(event.data, Forward)
                self.forwards[forward.id] = forward
            case "forward.removed":
                self.forwards.pop(_id_of(event), None)


def session_of(event: Event) -> Session | None:
    """Return the session that an event tells of, or None when it tells of something else."""
    return msgspec.convert(event.data, Session) if event.topic == "session" else None


def _id_of(event: Event, field: str = "id") -> str:
    return str(event.data[field]) if isinstance(event.data, dict) else ""
