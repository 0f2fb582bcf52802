"""``settings.*``: what the user has set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def get(call: Call, _params: models.Empty) -> models.SettingsResult:
    """Answer with every key as it is in force."""
    configuration = call.services.configuration
    return models.SettingsResult(
        str(configuration.file), [present.setting(view) for view in configuration.settings()]
    )


async def reload(call: Call, _params: models.Empty) -> models.SettingsReloaded:
    """Read the configuration again."""
    made = call.services.configuration.reload()
    return models.SettingsReloaded(list(made.taken), list(made.postponed))


HANDLERS: Handlers = {"settings.get": get, "settings.reload": reload}
