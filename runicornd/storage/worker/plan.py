"""Plan files: which files a download is made of, in the order in which they come, one a line.

Written once, atomically, by the daemon; read piece by piece, so that a million files fill no memory.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO, Self

T = TypeVar("T")

VERSION = 1
WRITE_BYTES = 1024 * 1024


class PlannedFile(msgspec.Struct, frozen=True, array_like=True):
    """A file: where it goes, where it is relative to the root, its size or -1, its SHA-256 or ``""``."""

    path: str
    source: str
    size: int
    digest: str


class PlanHeader(msgspec.Struct, frozen=True):
    """The first line."""

    version: int
    files: int
    bytes: int


class PlanUnreadable(Exception):
    """The plan file is damaged, or of a newer version."""


class PlanWriter:
    """``with PlanWriter(path) as plan:`` adds files; ``commit`` makes it one, else nothing is left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.files = 0
        self.bytes = 0
        self._file: BinaryIO
        self._name = ""

    def __enter__(self) -> Self:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, self._name = tempfile.mkstemp(
            prefix=f".{self._path.name}.", suffix=".tmp", dir=self._path.parent
        )
        self._file = os.fdopen(descriptor, "wb", buffering=WRITE_BYTES)
        # The header has its place kept until the sums are known.
        self._file.write(self._header())
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name)  # noqa: PTH108 - beside os.replace

    def add(self, files: Iterable[PlannedFile]) -> None:
        """Add files at the end. Raises OSError."""
        encode = msgspec.json.encode
        for file in files:
            self._file.write(encode(file) + b"\n")
            self.files += 1
            self.bytes += max(0, file.size)

    def commit(self) -> None:
        """Put it in its place. Raises OSError."""
        self._file.seek(0)
        self._file.write(self._header())
        self._file.flush()
        os.fsync(self._file.fileno())
        os.replace(self._name, self._path)  # noqa: PTH105 - beside os.unlink

    def _header(self) -> bytes:
        header = msgspec.json.encode(PlanHeader(VERSION, self.files, self.bytes))
        return header.ljust(100) + b"\n"


def read_plan(path: Path) -> tuple[PlanHeader, Iterator[PlannedFile]]:
    """Return the header and then, one at a time, the files.

    Raises:
        PlanUnreadable: It is damaged; also while the files are read.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        header = _decoded(file.readline(), PlanHeader)
    if header.version != VERSION:
        raise PlanUnreadable(f"{path} is of version {header.version}")
    return header, _files(path)


def _files(path: Path) -> Iterator[PlannedFile]:
    with path.open("rb", buffering=WRITE_BYTES) as file:
        file.readline()
        for line in file:
            yield _decoded(line, PlannedFile)


_decoders: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (PlanHeader, PlannedFile)
}


def _decoded(line: bytes, kind: type[T]) -> T:
    try:
        found: T = _decoders[kind].decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PlanUnreadable(f"a line is damaged: {error}") from error
    return found
