"""The settings in force, and how new ones come into force."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from runicornd.settings.inventory import inventory
from runicornd.settings.live import reload_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from runicornd.settings import Settings
    from runicornd.settings.inventory import SettingView
    from runicornd.settings.live import Reload

_log = structlog.get_logger(__name__)


class Configuration:
    """What the user has set.

    Args:
        settings: What is in force.
        load: Reads what the user chose once more.
        use: Takes over new settings.
    """

    def __init__(
        self, settings: Settings, load: Callable[[], Settings], use: Callable[[Settings], None]
    ) -> None:
        self.current = settings
        self._load = load
        self._use = use

    @property
    def file(self) -> Path:
        """The file that is read."""
        return self.current.paths.config

    def settings(self) -> Sequence[SettingView]:
        """Every key as it is in force."""
        return inventory(self.current)

    def reload(self) -> Reload:
        """Read the configuration again, and use what can be used now.

        Raises:
            ConfigInvalid: It is broken; the one before stays in force.
        """
        made = reload_of(self.current, self._load())
        self.current = made.settings
        self._use(made.settings)
        _log.info("configuration reloaded", changed=made.taken, needs_restart=made.postponed)
        return made
