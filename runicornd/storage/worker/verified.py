"""What is remembered of a folder that files came into: which of them were verified, and are still the same.

A file of JSON lines, only ever appended to, one for each such folder. Losing it costs time, no more: the
files are then hashed again. A line that is damaged or cut short is skipped.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was when it was placed; a ``size`` of -1 claims its ``.part`` as ours."""

    path: str
    size: int
    mtime_ns: int
    digest: str

    def is_still(self, found: os.stat_result) -> bool:
        """Whether the file on the disk is that one, unchanged."""
        return found.st_size == self.size and found.st_mtime_ns == self.mtime_ns


class Header(msgspec.Struct, frozen=True):
    """The first line: the folder."""

    folder: str


_decoder = msgspec.json.Decoder(Known)


class Verified:
    """The memory of one folder. Blocking; two threads may use it.

    Args:
        path: The file of lines.
        folder: The folder that it is about.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._files: dict[str, Known] = {}
        self._claims: set[str] = set()
        self._lines: list[bytes] = []
        self._writing = threading.Lock()

    def load(self, paths: Container[str]) -> None:
        """Read what is known of these files, and forget the others for now. Raises OSError."""
        self._files.clear()
        self._claims.clear()
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                try:
                    known = _decoder.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    continue
                if known.path in paths:
                    self._take(known)

    def get(self, path: str) -> Known | None:
        """What is known of a file."""
        return self._files.get(path)

    def has_claimed(self, path: str) -> bool:
        """Whether the ``.part`` of this file is ours."""
        return path in self._claims

    def claim(self, path: str) -> None:
        """Remember, before it is made, that the ``.part`` of this file is ours. Raises OSError."""
        self.add(Known(path, -1, 0, ""))
        self.flush()

    def add(self, known: Known) -> None:
        """Remember a file; ``flush`` writes it down."""
        self._take(known)
        self._lines.append(msgspec.json.encode(known) + b"\n")

    def flush(self) -> None:
        """Write down what was added. Raises OSError."""
        with self._writing:
            lines, self._lines = b"".join(self._lines), []
            if lines:
                self._write(lines)

    def _write(self, lines: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(self._path, flags, 0o600), "ab") as file:
            if not file.tell():
                file.write(msgspec.json.encode(Header(str(self._folder))) + b"\n")
            file.write(lines)

    def _take(self, known: Known) -> None:
        if known.size < 0:
            self._claims.add(known.path)
        else:
            self._claims.discard(known.path)
            self._files[known.path] = known


def folder_of(path: Path) -> str | None:
    """The folder that a memory is about; None when it cannot be told."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(8192), type=Header).folder
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
