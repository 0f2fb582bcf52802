"""What the handlers need of the daemon, as small Protocols: whoever composes it fills them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from runicornd.events import EventHub
    from runicornd.prompts import Prompts
    from runicornd.sessions.model import EnvironmentReport, SessionView, StartRequest
    from runicornd.ssh.auth import Login
    from runicornd.ssh.lifecycle import LinkState
    from runicornd.ssh.targets import Host


class Sessions(Protocol):
    """The manager of all sessions. A subject is a session id, or a target that has one session."""

    def list(self) -> Sequence[SessionView]:
        """All sessions, by id."""
        ...

    def get(self, subject: str) -> SessionView:
        """One session.

        Raises:
            UnknownSession: None is meant by that, or more than one.
        """
        ...

    async def start(self, request: StartRequest) -> SessionView:
        """Start a session, or find the one that already is what is asked for."""
        ...

    async def stop(self, subject: str) -> SessionView:
        """Stop a session and its viewer."""
        ...

    async def restart(self, subject: str) -> SessionView:
        """Start the viewer of a session afresh."""
        ...

    async def remove(self, subject: str) -> None:
        """Stop a session and forget it."""
        ...

    async def logs(self, subject: str, lines: int) -> tuple[str, Sequence[str]]:
        """The session's id and the last lines of its viewer's log."""
        ...

    async def follow_log(self, subject: str) -> None:
        """Publish the lines of the viewer's log as ``LogWritten`` from now on."""
        ...

    async def unfollow_log(self, subject: str) -> None:
        """Publish them no longer."""
        ...

    async def environments(self, target: str, viewer: str, login: Login | None) -> EnvironmentReport:
        """The environments of a target, judged for a viewer kind."""
        ...


class LinkView(Protocol):
    """A link as it is shown."""

    @property
    def host(self) -> Host:
        """Where it leads."""
        ...

    @property
    def state(self) -> LinkState:
        """Where it stands."""
        ...


class Pool(Protocol):
    """All links."""

    def links(self) -> Iterable[LinkView]:
        """The links there are."""
        ...


class SavedHostView(Protocol):
    """A host that the user saved."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def address(self) -> str:
        """``[user@]host[:port]``."""
        ...

    @property
    def identity_file(self) -> Path | None:
        """The key to log in with."""
        ...


class KeyView(Protocol):
    """A host key."""

    @property
    def key_type(self) -> str:
        """As in known_hosts."""
        ...

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it."""
        ...

    @property
    def source(self) -> str:
        """The file and line that list it; empty for the key that the server shows."""
        ...


class CheckView(Protocol):
    """What a server shows before any login."""

    @property
    def address(self) -> str:
        """The account and address that the target means."""
        ...

    @property
    def verdict(self) -> str:
        """One of trusted, unknown, changed, revoked."""
        ...

    @property
    def shown(self) -> KeyView:
        """The key that the server shows."""
        ...

    @property
    def known(self) -> Sequence[KeyView]:
        """The keys that are known for it."""
        ...


class UntrustView(Protocol):
    """What happened to the keys of a host."""

    @property
    def removed(self) -> Sequence[KeyView]:
        """The keys that we knew, and know no longer."""
        ...

    @property
    def elsewhere(self) -> Sequence[str]:
        """The user's own files that list the host as well."""
        ...


class Hosts(Protocol):
    """Saved hosts and host keys."""

    def list(self) -> Sequence[SavedHostView]:
        """The saved hosts, by name."""
        ...

    async def aliases(self) -> Sequence[str]:
        """The aliases of the user's OpenSSH configuration."""
        ...

    def save(self, name: str, address: str, identity_file: Path | None) -> None:
        """Save or replace a host.

        Raises:
            InvalidTarget: The name or the address is none.
        """
        ...

    def forget(self, name: str) -> None:
        """Forget a saved host.

        Raises:
            UnknownHost: No saved host has that name.
        """
        ...

    async def check(self, target: str) -> CheckView:
        """Ask the server for its key, without logging in."""
        ...

    async def trust(self, target: str, fingerprint: str) -> object:
        """Trust the key that the server shows now, if it has this fingerprint."""
        ...

    async def untrust(self, target: str) -> UntrustView:
        """Remove what we know of a host's keys from our own file."""
        ...


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
    """

    sessions: Sessions
    hosts: Hosts
    pool: Pool
    prompts: Prompts
    events: EventHub
    use_agent: Callable[[Path], None]
    shutdown: Callable[[bool], None]
    daemon: DaemonFacts
    default_viewer: str = "runicorn"
