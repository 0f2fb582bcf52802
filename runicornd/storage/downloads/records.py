"""What is saved of downloads: one versioned JSON file each, written atomically, beside its plan.

A file that cannot be read is set aside and reported; one of a newer version is left where it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING

import msgspec
import structlog

from runicornd._lib.atomicfile import quarantine, write_atomic
from runicornd.errors import StateUnwritable
from runicornd.storage.downloads.failures import Failure, error_of, failure_of
from runicornd.storage.downloads.model import (
    DownloadIntent,
    DownloadPhase,
    DownloadState,
    DownloadView,
    Totals,
)
from runicornd.storage.worker.verified import folder_of

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
_ID = re.compile(r"d[0-9]{1,12}")
_log = structlog.get_logger("storage.downloads")


class _Header(msgspec.Struct):
    version: int


class _File(msgspec.Struct):
    version: int
    download: DownloadIntent
    phase: DownloadPhase
    since: float
    totals: Totals
    detail: str = ""
    failure: Failure | None = None


class DownloadRecords:
    """The folder of downloads. Blocking.

    Args:
        folder: Made when it is missing, for its owner only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> list[DownloadView]:
        """Return every readable download, by its number; forget the memory of folders that are gone."""
        if not self._folder.is_dir():
            return []
        found = [self._read(path) for path in self._folder.glob("d*.json")]
        self._tidy()
        return sorted((view for view in found if view), key=lambda view: int(view.intent.id[1:]))

    def save(self, view: DownloadView) -> None:
        """Write the download's file.

        Raises:
            StateUnwritable: The folder cannot be written, or the disk is full; the old file is whole.
        """
        state = view.state
        failure = None if state.error is None else failure_of(state.error)
        file = _File(VERSION, view.intent, state.phase, state.since, state.totals, state.detail, failure)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._file(view.intent.id), msgspec.json.encode(file))
        except OSError as error:
            raise StateUnwritable(
                f"cannot save download {view.intent.id}: {error.strerror or error}",
                hint=f"make room in {self._folder} and see that it is yours to write",
            ) from error

    def delete(self, name: str) -> None:
        """Remove what is saved of a download, but for the memory of its folder."""
        for path in (self._file(name), self.plan(name)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def plan(self, name: str) -> Path:
        """Where the plan of a download is."""
        return self._folder / f"{name}.plan"

    def known(self, to: str) -> Path:
        """Where it is remembered what of this folder was verified."""
        name = hashlib.sha256(to.encode(errors="surrogateescape")).hexdigest()[:32]
        return self._folder / "verified" / f"{name}.jsonl"

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _tidy(self) -> None:
        for path in (self._folder / "verified").glob("*.jsonl"):
            folder = folder_of(path)
            with contextlib.suppress(OSError, ValueError):
                if folder is None or not self._folder.joinpath(folder).is_dir():
                    path.unlink()

    def _read(self, path: Path) -> DownloadView | None:
        try:
            data = path.read_bytes()
            if msgspec.json.decode(data, type=_Header).version > VERSION:
                _log.warning("download file is of a newer version and was left alone", file=str(path))
                return None
            return _view_of(path, data)
        except OSError as error:
            _log.warning("download file cannot be read", file=str(path), reason=str(error))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            kept = quarantine(path)
            _log.warning("download file is damaged and was set aside", file=str(kept), reason=str(error))
        return None


def _view_of(path: Path, data: bytes) -> DownloadView:
    file = msgspec.json.decode(data, type=_File)
    if file.download.id != path.stem or not _ID.fullmatch(path.stem):
        raise msgspec.ValidationError(f"it is of download {file.download.id!r}")
    state = DownloadState(
        phase=file.phase,
        since=file.since,
        totals=file.totals,
        detail=file.detail,
        error=None if file.failure is None else error_of(file.failure),
    )
    return DownloadView(file.download, state)
