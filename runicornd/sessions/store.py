"""Session files: what is wanted of each session, in a folder of records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd._lib.recordfiles import RecordFiles
from runicornd.errors import StateUnwritable
from runicornd.sessions.model import Intent

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1


class SessionStore:
    """The folder of session files; samples of every format are in ``tests/unit/sessions/files``.

    Args:
        folder: Made when it is missing, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = RecordFiles(
            folder, Intent, noun="session", version=VERSION, name_of=lambda intent: intent.id
        )

    def load(self) -> list[Intent]:
        """Return every readable session, by id; bad files are set aside and reported."""
        return self._files.load()

    def problems(self) -> list[tuple[Path, str]]:
        """Return what is wrong with each file that ``load`` would not take; changes nothing."""
        return self._files.problems()

    def save(self, intent: Intent) -> None:
        """Write the session's file; what is there already is not written again.

        Raises:
            StateUnwritable: The folder cannot be written, or the disk is full; the old file is whole.
        """
        try:
            self._files.save(intent)
        except OSError as error:
            raise StateUnwritable(
                f"cannot save session {intent.id}: {error.strerror or error}",
                hint=f"make room in {self._folder} and see that it is yours to write",
            ) from error

    def delete(self, session_id: str) -> None:
        """Remove the session's file, if there is one."""
        try:
            self._files.delete(session_id)
        except OSError as error:
            raise StateUnwritable(f"cannot forget session {session_id}: {error.strerror or error}") from error
