"""Files that are there in full or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_atomic(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write the file so that a reader, or a crash, sees the old content or the new one.

    A symbolic link at ``path`` is replaced by the file.

    Raises:
        OSError: Nothing has changed and nothing is left over.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - beside os.fdopen and os.unlink of the same name
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - as above
        raise
    _sync_folder(path.parent)


def quarantine(path: Path, now: datetime | None = None) -> Path:
    """Move a bad file aside and return its new path, ``NAME.corrupt-<UTC time>``.

    Never overwrites: a second file of the same second gets a number.

    Args:
        path: The file.
        now: The time that goes into the name; None takes the clock's.

    Raises:
        OSError: The file stays where it was.
    """
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    number = 0
    while True:
        aside = path.with_name(f"{path.name}.corrupt-{stamp}{f'-{number}' if number else ''}")
        try:
            # A hard link fails when the name exists, where a rename would replace it.
            os.link(path, aside, follow_symlinks=False)
        except FileExistsError:
            number += 1
            continue
        path.unlink()
        return aside


def _sync_folder(folder: Path) -> None:
    # Makes the rename itself survive a power cut. Some file systems cannot; the file is there all the same.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
