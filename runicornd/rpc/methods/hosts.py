"""``hosts.*``: saved hosts and host keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present
from runicornd.rpc.logins import local_path

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def list_hosts(call: Call, _params: models.Empty) -> models.HostsResult:
    """Answer with what can be connected to, and what is connected."""
    return models.HostsResult(
        saved=[present.saved_host(saved) for saved in call.services.hosts.list()],
        aliases=list(await call.services.hosts.aliases()),
        links=present.links(call.services),
    )


async def save(call: Call, params: models.HostSaveParams) -> models.Done:
    """Save or replace a host."""
    key = local_path("identity_file", params.identity_file)
    call.services.hosts.save(params.name, params.address, key)
    return models.Done()


async def forget(call: Call, params: models.HostNameParams) -> models.Done:
    """Forget a saved host."""
    call.services.hosts.forget(params.name)
    return models.Done()


async def check(call: Call, params: models.TargetParams) -> models.HostCheckResult:
    """Look at a server's host key without logging in."""
    return present.host_check(params.target, await call.services.hosts.check(params.target))


async def keys(call: Call, _params: models.Empty) -> models.TrustedKeysResult:
    """Answer with the keys that were trusted here."""
    return models.TrustedKeysResult(
        [
            models.TrustedKey(each.names, present.host_key(each.key))
            for each in await call.services.hosts.trusted_keys()
        ]
    )


async def trust(call: Call, params: models.TrustParams) -> models.Done:
    """Trust the key that the server shows now."""
    await call.services.hosts.trust(params.target, params.fingerprint)
    return models.Done()


async def untrust(call: Call, params: models.TargetParams) -> models.UntrustResult:
    """Forget what is known of a host's keys."""
    outcome = await call.services.hosts.untrust(params.target)
    return models.UntrustResult(
        removed=[present.host_key(key) for key in outcome.removed], elsewhere=list(outcome.elsewhere)
    )


HANDLERS: Handlers = {
    "hosts.list": list_hosts,
    "hosts.save": save,
    "hosts.forget": forget,
    "hosts.check": check,
    "hosts.keys": keys,
    "hosts.trust": trust,
    "hosts.untrust": untrust,
}
