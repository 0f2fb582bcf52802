"""Hosts, their links and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runicornd.protocol import models
from runicornd.rpc.present.errors import reason
from runicornd.ssh.lifecycle import LinkPhase

if TYPE_CHECKING:
    from typing import Literal

    from runicornd.rpc.services import CheckView, KeyView, SavedHostView, Services
    from runicornd.ssh.lifecycle import LinkState
    from runicornd.ssh.targets import Host


def links(services: Services) -> list[models.HostState]:
    """The links that are wanted, or were a moment ago."""
    shown = (
        link for link in services.pool.links() if link.state.phase not in {LinkPhase.IDLE, LinkPhase.CLOSED}
    )
    return [host_state(link.host, link.state) for link in shown]


def host_state(host: Host, state: LinkState) -> models.HostState:
    """A link."""
    return models.HostState(
        target=host.target,
        address=host.address,
        state=state.phase,
        since=state.since,
        retry_at=state.retry_at,
        error=reason(state.error),
        prompt=state.prompt_id,
    )


def saved_host(saved: SavedHostView) -> models.SavedHost:
    """A saved host."""
    key = saved.identity_file
    return models.SavedHost(saved.name, saved.address, None if key is None else str(key))


def host_key(key: KeyView) -> models.HostKey:
    """A host key."""
    return models.HostKey(type=key.key_type, fingerprint=key.fingerprint, source=key.source)


def host_check(target: str, check: CheckView) -> models.HostCheckResult:
    """A look at a server's key."""
    return models.HostCheckResult(
        target=target,
        address=check.address,
        verdict=cast("Literal['trusted', 'unknown', 'changed', 'revoked']", str(check.verdict)),
        shown=host_key(check.shown),
        known=[host_key(key) for key in check.known],
    )
