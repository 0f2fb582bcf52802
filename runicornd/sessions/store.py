"""Session files: one versioned JSON file a session, written atomically.

A file that cannot be read is renamed out of the way and reported, never overwritten. A file of a newer
version is left where it is. Every change of the format gets a new ``VERSION``, a loader for the old one,
and a sample of the old one in ``tests/unit/sessions/files``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog

from runicornd._lib.atomicfile import quarantine, write_atomic
from runicornd.errors import StateUnwritable
from runicornd.sessions.model import Intent

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
_log = structlog.get_logger("sessions.store")


class _Header(msgspec.Struct):
    version: int


class _File(msgspec.Struct):
    version: int
    session: Intent


class SessionStore:
    """The folder of session files.

    Args:
        folder: Made when it is missing, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> list[Intent]:
        """Return every readable session, by id."""
        if not self._folder.is_dir():
            return []
        found = (self._read(path) for path in sorted(self._folder.glob("*.json")))
        return [intent for intent in found if intent is not None]

    def save(self, intent: Intent) -> None:
        """Write the session's file; what is there already is not written again.

        Raises:
            StateUnwritable: The folder cannot be written, or the disk is full; the old file is whole.
        """
        data = msgspec.json.format(msgspec.json.encode(_File(VERSION, intent)), indent=2)
        try:
            if _holds(self._path(intent.id), data):
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._path(intent.id), data)
        except OSError as error:
            raise StateUnwritable(
                f"cannot save session {intent.id}: {error.strerror or error}",
                hint=f"make room in {self._folder} and see that it is yours to write",
            ) from error

    def delete(self, session_id: str) -> None:
        """Remove the session's file, if there is one."""
        try:
            self._path(session_id).unlink(missing_ok=True)
        except OSError as error:
            raise StateUnwritable(f"cannot forget session {session_id}: {error.strerror or error}") from error

    def _path(self, session_id: str) -> Path:
        return self._folder / f"{session_id}.json"

    def _read(self, path: Path) -> Intent | None:
        try:
            data = path.read_bytes()
            if msgspec.json.decode(data, type=_Header).version > VERSION:
                _log.warning("session file is of a newer version and was left alone", file=str(path))
                return None
            return _session_of(path, data)
        except OSError as error:
            _log.warning("session file cannot be read", file=str(path), reason=str(error))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            kept = quarantine(path)
            _log.warning("session file is damaged and was set aside", file=str(kept), reason=str(error))
        return None


def _holds(path: Path, data: bytes) -> bool:
    """Whether the file has exactly this content. Raises OSError when it cannot be read."""
    return path.exists() and path.read_bytes() == data


def _session_of(path: Path, data: bytes) -> Intent:
    """Return the session of a file; one under another's name would be saved over that one.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError: It is damaged.
    """
    session = msgspec.json.decode(data, type=_File).session
    if session.id != path.stem:
        raise msgspec.ValidationError(f"it is of session {session.id!r}")
    return session
