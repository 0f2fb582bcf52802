"""Whose turn it is, without I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.storage.downloads.download import Download


class Turns:
    """Gives turns in the order in which downloads were queued.

    Args:
        at_once: How many run at the same time. One that waits for a person takes nobody's place.
    """

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once

    def next_of(self, downloads: Sequence[Download]) -> list[Download]:
        """Those that get their turn now. Two never run into the same folder at once."""
        room = self.at_once - sum(download.counts for download in downloads)
        taken = {download.intent.to for download in downloads if download.has_turn}
        chosen: list[Download] = []
        for download in downloads:
            if len(chosen) >= room:
                break
            if download.has_turn or download.is_at_rest or download.intent.to in taken:
                continue
            chosen.append(download)
            taken.add(download.intent.to)
        return chosen
