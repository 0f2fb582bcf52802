"""``folders.*``: the folders of a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc import present
from runicornd.rpc.logins import take_login

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def list_folders(call: Call, params: models.FoldersParams) -> models.FoldersResult:
    """Answer with the folders in one of a target's."""
    login = take_login(call.services, params.auth)
    return present.folders(await call.services.folders.list(params.target, params.path, login))


HANDLERS: Handlers = {"folders.list": list_folders}
