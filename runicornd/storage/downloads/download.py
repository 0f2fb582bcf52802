"""One download in the daemon: what is wanted, where it stands, and the one place that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from runicornd.errors import StateUnwritable
from runicornd.storage.downloads.lifecycle import transition
from runicornd.storage.downloads.model import AT_REST, DownloadChanged, DownloadPhase, DownloadView

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.storage.downloads.lifecycle import Change
    from runicornd.storage.downloads.model import DownloadIntent, DownloadState
    from runicornd.storage.downloads.records import DownloadRecords

_log = structlog.get_logger("storage.downloads")


class Download:
    """A download.

    Args:
        has_turn: It is among those that run at once.
    """

    def __init__(
        self, view: DownloadView, *, records: DownloadRecords, events: EventHub, clock: Clock
    ) -> None:
        self.intent: DownloadIntent = view.intent
        self.state: DownloadState = view.state
        self.has_turn = False
        self._records = records
        self._events = events
        self._clock = clock

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is going to happen to it by itself."""
        return self.state.phase in AT_REST

    @property
    def counts(self) -> bool:
        """Whether it takes one of the places of those that run at once; one that is held up does not."""
        is_held = self.state.phase is DownloadPhase.WAITING and bool(self.state.prompt_id)
        return self.has_turn and not is_held

    def view(self) -> DownloadView:
        """It as it is shown."""
        return DownloadView(self.intent, self.state)

    def apply(self, change: Change) -> None:
        """Change it: the state, the log, the file, and everyone who listens."""
        before = self.state
        self.state = transition(before, change, self._clock.wall())
        if self.state == before:
            return
        if self.state.phase is not before.phase:
            self._log_phase(before.phase)
            self._save_if_lasting(before.phase)
        self._events.publish(DownloadChanged(self.view()))

    def save(self) -> None:
        """Write it down. Raises ``StateUnwritable``."""
        self._records.save(self.view())

    def _save_if_lasting(self, before: DownloadPhase) -> None:
        """What waits, runs or verifies is all the same after a restart."""
        if self.is_at_rest or before in AT_REST:
            try:
                self.save()
            except StateUnwritable as error:
                _log.error("download not saved", download=self.intent.id, reason=error.message)

    def _log_phase(self, before: DownloadPhase) -> None:
        error = self.state.error
        _log.info(
            "download changed",
            download=self.intent.id,
            phase=str(self.state.phase),
            before=str(before),
            error=error and error.kind,
            why=error and error.message,
        )
