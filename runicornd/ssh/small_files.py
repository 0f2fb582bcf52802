"""Reading small files of the user's without ever hanging on a pipe or drowning in a huge one."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_small(path: Path, limit_bytes: int) -> bytes:
    """Return a file's content; a device such as ``/dev/null`` is empty.

    Raises:
        FileNotFoundError, NotADirectoryError: There is no such file.
        OSError: It is a directory or a pipe, larger than the limit, or cannot be read.
    """
    with open(path, "rb", opener=_open_without_waiting) as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISCHR(mode):
            return b""
        if not stat.S_ISREG(mode):
            raise OSError("it is no regular file")
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise OSError(f"it is larger than {limit_bytes} bytes")
    return data


def _open_without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_NONBLOCK)
