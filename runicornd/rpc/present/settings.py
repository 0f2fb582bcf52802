"""What the user has set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.settings.inventory import SettingView


def setting(view: SettingView) -> models.Setting:
    """One key."""
    return models.Setting(
        key=view.key,
        value=view.value,
        default=view.default,
        help=view.help,
        source=view.source,
        needs_restart=view.needs_restart,
    )
