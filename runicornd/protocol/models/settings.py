"""What the user has set."""

from __future__ import annotations

from typing import Literal

from runicornd.protocol.models.base import Result


class Setting(Result):
    """One key. ``value`` holds now; ``needs_restart``: a change holds from the next start only."""

    key: str
    value: bool | int | float | str | None
    default: bool | int | float | str | None
    help: str
    source: Literal["default", "file", "variable"]
    needs_restart: bool


class SettingsResult(Result):
    """All keys. ``file`` is only ever read; it need not exist."""

    file: str
    settings: list[Setting]


class SettingsReloaded(Result):
    """The keys whose new values hold, and those whose new values wait for the next start."""

    taken: list[str]
    needs_restart: list[str]
