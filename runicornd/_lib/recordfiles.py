"""Folders of records: one versioned JSON file a record, written atomically.

A file that cannot be read is renamed out of the way and reported, never overwritten. A file of a newer
version is left where it is. Every change of a format gets a new version, a loader for the old one, and a
sample of the old one among the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
import structlog

from runicornd._lib.atomicfile import quarantine, write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class _Header(msgspec.Struct):
    version: int


class RecordFiles(Generic[T]):
    """The files of one sort of record: ``{"version": …, NOUN: …}``.

    Args:
        folder: Made when it is missing, for its owner only.
        record: The type of the records.
        noun: What a record is called, in the files and in the log.
        version: The format that is written; those of newer ones are left alone.
        name_of: The name of a record's file, without its suffix; must be safe to use as one.
    """

    def __init__(
        self, folder: Path, record: type[T], *, noun: str, version: int, name_of: Callable[[T], str]
    ) -> None:
        self.folder = folder
        self._noun = noun
        self._version = version
        self._name_of = name_of
        self._file: type[Any] = msgspec.defstruct("_File", [("version", int), (noun, record)])

    def load(self) -> list[T]:
        """Return every readable record, by the names of their files."""
        if not self.folder.is_dir():
            return []
        found = (self._read(path) for path in sorted(self.folder.glob("*.json")))
        return [record for record in found if record is not None]

    def problems(self) -> list[tuple[Path, str]]:
        """Return what is wrong with each file that ``load`` would not take; changes nothing."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            try:
                data = path.read_bytes()
                if msgspec.json.decode(data, type=_Header).version > self._version:
                    found.append((path, "it is of a newer version"))
                else:
                    self._record_of(path, data)
            except OSError as error:
                found.append((path, error.strerror or str(error)))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                found.append((path, str(error)))
        return found

    def save(self, record: T) -> None:
        """Write the record's file; what is there already is not written again.

        Raises:
            OSError: The folder cannot be written, or the disk is full; the old file is whole.
        """
        path = self._path(self._name_of(record))
        data = msgspec.json.format(msgspec.json.encode(self._file(self._version, record)), indent=2)
        if path.exists() and path.read_bytes() == data:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(path, data)

    def delete(self, name: str) -> None:
        """Remove the file of this name, if there is one. Raises OSError."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, path: Path) -> T | None:
        try:
            data = path.read_bytes()
            if msgspec.json.decode(data, type=_Header).version > self._version:
                _log.warning("file is of a newer version and was left alone", file=str(path))
                return None
            return self._record_of(path, data)
        except OSError as error:
            _log.warning("file cannot be read", file=str(path), reason=str(error))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            kept = quarantine(path)
            _log.warning("file is damaged and was set aside", file=str(kept), reason=str(error))
        return None

    def _record_of(self, path: Path, data: bytes) -> T:
        """Return the record of a file; one under another's name would be saved over that one."""
        record: T = getattr(msgspec.json.decode(data, type=self._file), self._noun)
        if (name := self._name_of(record)) != path.stem:
            raise msgspec.ValidationError(f"it is of {self._noun} {name!r}")
        return record
