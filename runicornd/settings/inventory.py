"""Every key as it is in force, for showing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from runicornd.settings.keys import KEYS
from runicornd.settings.live import LIVE

if TYPE_CHECKING:
    from runicornd.settings import Settings

Shown = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class SettingView:
    """One key; its values are as one would write them into the file.

    Args:
        source: Where the value that is in force is from.
        needs_restart: A change holds from the next start of the daemon only.
    """

    key: str
    value: Shown
    default: Shown
    help: str
    source: Literal["default", "file", "variable"]
    needs_restart: bool


def inventory(settings: Settings) -> list[SettingView]:
    """Return all keys, in the order of the sample file."""
    return [
        SettingView(
            key=name,
            value=_shown(getattr(settings, name)),
            default=_shown(key.default),
            help=key.help,
            source=settings.sources.get(name, "default"),
            needs_restart=name not in LIVE,
        )
        for name, key in KEYS.items()
    ]


def _shown(value: object) -> Shown:
    match value:
        case (first, last):
            return f"{first}-{last}" if last else "0"
        case Path():
            return str(value)
        case bool() | int() | float() | str() | None:
            return value
    raise TypeError(f"cannot show {value!r}")
