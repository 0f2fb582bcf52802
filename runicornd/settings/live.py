"""Which settings a running daemon can take over, and what a reload therefore comes to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runicornd.settings.keys import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runicornd.settings import Settings, Source

LIVE = frozenset(
    {
        "connect_timeout",
        "download_rate_limit",
        "downloads_at_once",
        "hold_time",
        "keepalive_count",
        "keepalive_interval",
        "local_ports",
        "log_level",
    }
)
"""Their new values hold at once, or for the next link or session; the others need a new daemon."""


@dataclass(frozen=True, slots=True)
class Reload:
    """What comes of reading the configuration again.

    Args:
        settings: What is in force now.
        taken: The keys whose new values hold.
        postponed: The keys whose new values wait for the next start of the daemon.
    """

    settings: Settings
    taken: tuple[str, ...]
    postponed: tuple[str, ...]

    @property
    def summary(self) -> str:
        """In one line, for the service manager."""
        parts = []
        if self.taken:
            parts.append("changed: " + ", ".join(self.taken))
        if self.postponed:
            parts.append("needs a restart: " + ", ".join(self.postponed))
        return "; ".join(parts) or "nothing changed"


def reload_of(old: Settings, new: Settings) -> Reload:
    """Compare what is in force with what was read just now."""
    changed = [name for name in KEYS if getattr(old, name) != getattr(new, name)]
    taken = tuple(name for name in changed if name in LIVE)
    postponed = tuple(name for name in changed if name not in LIVE)
    in_force = replace(
        new, sources=_sources(old, new, postponed), **{name: getattr(old, name) for name in postponed}
    )
    return Reload(in_force, taken, postponed)


def _sources(old: Settings, new: Settings, postponed: Sequence[str]) -> Mapping[str, Source]:
    """Where the values are from that are in force."""
    kept = {name: source for name, source in old.sources.items() if name in postponed}
    return {name: source for name, source in new.sources.items() if name not in postponed} | kept
