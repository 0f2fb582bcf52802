"""``daemon.*``: who we are, how we are, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams, UnknownSession
from runicornd.protocol import PROTOCOL_MAX, PROTOCOL_MIN, models
from runicornd.rpc import present
from runicornd.rpc.failures import VersionMismatch

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def hello(call: Call, params: models.HelloParams) -> models.HelloResult:
    """Agree on the highest protocol that both know."""
    low, high = params.protocol
    if low > high:
        raise InvalidParams(f"cannot agree on a protocol: {low} to {high} is no range")
    if high < PROTOCOL_MIN:
        raise _mismatch(low, high, "update the client (pip install -U runicornd)")
    if low > PROTOCOL_MAX:
        raise _mismatch(low, high, "restart the daemon with 'runicornctl daemon stop' and your command again")
    call.conversation.protocol = min(high, PROTOCOL_MAX)
    facts = call.services.daemon
    return models.HelloResult(call.conversation.protocol, "runicornd", facts.version, facts.pid)


async def status(call: Call, params: models.StatusParams) -> models.StatusResult:
    """Everything, or what belongs to one session or target."""
    result = present.status(call.services)
    subject = params.subject
    if subject is None:
        return result
    result.sessions = [one for one in result.sessions if subject in {one.id, one.target}]
    targets = {subject, *(one.target for one in result.sessions)}
    result.hosts = [one for one in result.hosts if one.target in targets]
    result.forwards = [one for one in result.forwards if one.target in targets]
    result.stores = [one for one in result.stores if one.target in targets or subject == one.name]
    names = {one.name for one in result.stores}
    result.downloads = [one for one in result.downloads if one.store in names]
    # A jump host's question is of whoever waits for it.
    asked = {one.prompt for one in result.sessions} | {one.prompt for one in result.hosts}
    result.prompts = [one for one in result.prompts if one.target in targets or one.id in asked]
    if not (result.sessions or result.hosts or result.prompts or result.stores):
        raise UnknownSession(
            f"cannot show {subject!r}: no session, connected host or store is called that",
            hint="'runicornctl status' shows all of them",
        )
    return result


async def shutdown(call: Call, params: models.ShutdownParams) -> models.Done:
    """Begin the end once this answer is on its way."""
    call.refuse_browser("end the daemon")
    call.after_reply.append(lambda: call.services.shutdown(params.keep))
    return models.Done()


def _mismatch(low: int, high: int, fix: str) -> VersionMismatch:
    ours = f"{PROTOCOL_MIN} to {PROTOCOL_MAX}"
    return VersionMismatch(
        f"cannot agree on a protocol: the client speaks {low} to {high}, the daemon {ours}", hint=fix
    )


HANDLERS: Handlers = {"daemon.hello": hello, "daemon.status": status, "daemon.shutdown": shutdown}
