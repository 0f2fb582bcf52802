"""What a viewer prints: on disk in two files of bounded size, and its last lines in memory."""

import os
from collections import deque
from typing import Deque, List

from .folders import LOG

FILE_LIMIT = 5 * 1024 * 1024
"""Bytes; the file before this one is kept too."""

LINES_KEPT = 1000
LINE_LIMIT = 2000
"""Characters of a line that are kept in memory."""


class ViewerLog:
    """The log in a viewer's folder. A full disk costs the file's lines, not the ones in memory."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, LOG)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._size = 0
        self._lines: Deque[str] = deque(maxlen=LINES_KEPT)
        self._rest = b""

    def write(self, data: bytes) -> List[str]:
        """Take what was printed; return the lines that it completes."""
        try:
            self._size += os.write(self._fd, data)
            if self._size > FILE_LIMIT:
                self._turn_over()
        except OSError:
            pass
        *ended, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-4 * LINE_LIMIT :]
        lines = [_readable(line) for line in ended]
        self._lines.extend(lines)
        return lines

    def tail(self, count: int) -> List[str]:
        """Return the last lines, a last one without its end included."""
        lines = list(self._lines)
        if self._rest:
            lines.append(_readable(self._rest))
        return lines[-count:] if count > 0 else []

    def _turn_over(self) -> None:
        os.rename(self._path, self._path + ".1")
        os.close(self._fd)
        self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = 0


def _readable(line: bytes) -> str:
    return line.decode("utf-8", "replace").rstrip("\r")[:LINE_LIMIT]


def tail_of_file(folder: str, count: int) -> List[str]:
    """Return the last lines of a log whose keeper is gone; empty when there is none."""
    try:
        with open(os.path.join(folder, LOG), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 65536))
            return [_readable(line) for line in file.read(65536).splitlines()[-count:]]
    except OSError:
        return []
