"""``forwards.*``: tunnels that a user asks for by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present
from runicornd.rpc.logins import take_login

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def open_forward(call: Call, params: models.ForwardOpenParams) -> models.Forward:
    """Open a forward, or find the one that already leads there; it connects after the answer."""
    login = take_login(call.services, params.auth)
    return present.forward(await call.services.forwards.open(params.target, params.spec, login))


async def list_forwards(call: Call, _params: models.Empty) -> models.ForwardsResult:
    """Answer with all forwards."""
    return models.ForwardsResult([present.forward(view) for view in call.services.forwards.list()])


async def close(call: Call, params: models.ForwardNameParams) -> models.Done:
    """Close a forward and forget it."""
    await call.services.forwards.shut(params.forward)
    return models.Done()


HANDLERS: Handlers = {
    "forwards.open": open_forward,
    "forwards.list": list_forwards,
    "forwards.close": close,
}
