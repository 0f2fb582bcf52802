"""Builds sessions: the one place that knows what a session is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runicornd.sessions.bringup import BringUp, Patience
from runicornd.sessions.restarts import STABLE_S, RestartBudget
from runicornd.sessions.session import Session
from runicornd.tunnels.spares import Room, Spares
from runicornd.tunnels.tunnel import Tunnel
from runicornd.viewers import health
from runicornd.viewers.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.prompts import Prompts
    from runicornd.remote.registry import RemoteHosts
    from runicornd.sessions.model import Intent
    from runicornd.sessions.store import SessionStore
    from runicornd.ssh.link import Link
    from runicornd.tunnels.ports import Ports
    from runicornd.viewers.kinds.base import ViewerKind
    from runicornd.viewers.kinds.registry import Kinds
    from runicornd.viewers.launcher import TransportMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFactory:
    """What all sessions share.

    Args:
        hold_s: How long a new connection waits for a link that is away, in seconds.
        lease_s: How long a remote viewer lives on without us, in seconds.
        patience: How long a viewer may take to answer.
        proof_s: How long a viewer must be ready for its restarts to be forgotten, in seconds.
        room: Whose tunnels have streams ready.
    """

    remotes: RemoteHosts
    kinds: Kinds
    ports: Ports
    transports: TransportMemory
    prompts: Prompts
    store: SessionStore
    events: EventHub
    clock: Clock
    hold_s: float
    lease_s: float
    patience: Patience
    proof_s: float = STABLE_S
    room: Room = field(default_factory=Room)

    def session(self, intent: Intent, link: Link, *, last_python: Callable[[], str | None]) -> Session:
        """Return the session of an intent, at rest; its port is kept for it."""
        if intent.local_port:
            self.ports.remember(intent.id, intent.local_port)
        remote = self.remotes.of(link.host.key, link)
        kind = self.kinds.get(intent.viewer)
        viewer = Viewer(
            remote,
            kind,
            session=_label(intent),
            target=intent.target,
            memory=self.transports,
            lease_s=self.lease_s,
            has_past=intent.local_port is not None,
        )
        steps = BringUp(
            target=intent.target,
            link=link,
            remote=remote,
            kind=kind,
            viewer=viewer,
            patience=self.patience,
            prompts=self.prompts,
            last_python=last_python,
        )
        return Session(
            intent,
            link=link,
            viewer=viewer,
            steps=steps,
            tunnel=self._tunnel(intent, link, kind),
            budget=RestartBudget(stable_s=self.proof_s),
            store=self.store,
            events=self.events,
            clock=self.clock,
        )

    def _tunnel(self, intent: Intent, link: Link, kind: ViewerKind) -> Tunnel:
        return Tunnel(
            intent.id,
            intent.target,
            self.ports,
            hold_s=self.hold_s,
            # On this machine there is no way that could be shortened.
            spares=None if link.host.is_local else Spares(intent.id, self.room),
            knock=health.knock(kind.health_path),
        )


def _label(intent: Intent) -> str:
    """What marks a remote viewer as this session's, also beside those of the user's other machines."""
    return f"{intent.id}@{intent.created!r}"
