"""The dashboard and the configuration, as handlers see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runicornd.settings.inventory import SettingView
    from runicornd.settings.live import Reload


@dataclass(frozen=True, slots=True)
class Served:
    """Where the dashboard is served."""

    url: str
    port: int


class Dashboard(Protocol):
    """Who may use the page."""

    @property
    def served(self) -> Served | None:
        """Where it is; None while it is not served."""
        ...

    def link(self) -> tuple[Served, float]:
        """An address that lets one browser in, and until when, in seconds since the epoch.

        Raises:
            DashboardOff: It is not served.
        """
        ...

    def token(self) -> str:
        """A token for programs. Raises StateUnwritable."""
        ...

    async def revoke(self) -> None:
        """Log out every page and program. Raises StateUnwritable."""
        ...


class Configuration(Protocol):
    """What the user has set."""

    @property
    def file(self) -> Path:
        """The file that is read."""
        ...

    def settings(self) -> Sequence[SettingView]:
        """Every key as it is in force."""
        ...

    def reload(self) -> Reload:
        """Read the configuration again.

        Raises:
            ConfigInvalid: It is broken; the one before stays in force.
        """
        ...
