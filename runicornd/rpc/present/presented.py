"""What was made of each session the last time, as most have not changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc.present.sessions import session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.protocol import models
    from runicornd.sessions.model import SessionView


class PresentedSessions:
    """Presents all sessions; only what has another view than before costs anything."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[SessionView, models.Session]] = {}

    def all(self, views: Iterable[SessionView]) -> list[models.Session]:
        """Return every session, in the order of the views. What is returned is not to be changed."""
        now: dict[str, tuple[SessionView, models.Session]] = {}
        for view in views:
            name = view.intent.id
            last = self._last.get(name)
            now[name] = last if last is not None and last[0] is view else (view, session(view))
        self._last = now
        return [shown for _, shown in now.values()]
