"""``envs.*``: the Python environments of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc import present
from runicornd.rpc.logins import take_login

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def list_envs(call: Call, params: models.EnvsParams) -> models.EnvsResult:
    """Answer with the environments of a target, judged for a viewer kind."""
    viewer = params.viewer or call.services.default_viewer
    login = take_login(call.services, params.auth)
    report = await call.services.sessions.environments(params.target, viewer, login)
    return present.environments(report)


HANDLERS: Handlers = {"envs.list": list_envs}
