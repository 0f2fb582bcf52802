"""Whether a folder of ours is there, ours alone, writable, and has room."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from runicornd.doctor.amounts import is_full, size
from runicornd.doctor.model import Finding, failure, ok, warning

if TYPE_CHECKING:
    from pathlib import Path

LITTLE_BYTES = 100_000_000


def folder_finding(path: Path, *, is_private: bool) -> Finding:
    """Look at a folder; one that does not exist yet must be one that can be made.

    Args:
        path: The folder.
        is_private: Nobody else may look into it.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return _to_be_made(path)
    except OSError as error:
        return failure(
            "folder_unreachable",
            f"cannot look at {path}: {error.strerror}",
            "mend the permissions of the folders above it",
            path=str(path),
            why=error.strerror,
        )
    return _blemish(path, found, is_private=is_private) or _room(path, path)


def _blemish(path: Path, found: os.stat_result, *, is_private: bool) -> Finding | None:
    mode = stat.S_IMODE(found.st_mode)
    context: dict[str, object] = {"path": str(path), "mode": f"{mode:o}", "uid": found.st_uid}
    if not stat.S_ISDIR(found.st_mode):
        return failure("folder_is_none", f"{path} is not a folder", "move it out of the way", **context)
    if found.st_uid != os.getuid():
        hint = f"give it back: sudo chown -R $(id -u) {path}"
        return failure("folder_foreign", f"{path} belongs to uid {found.st_uid}", hint, **context)
    if not os.access(path, os.W_OK | os.X_OK):
        text, hint = f"{path} cannot be written (mode {mode:o})", f"make it writable: chmod u+rwx {path}"
        return failure("folder_unwritable", text, hint, **context)
    if mode & 0o022 or (is_private and mode & 0o077):
        judge = failure if mode & 0o022 else warning
        text, hint = f"{path} is open to other users (mode {mode:o})", f"close it: chmod 700 {path}"
        return judge("folder_open", text, hint, **context)
    return None


def _to_be_made(path: Path) -> Finding:
    above = next(folder for folder in path.parents if folder.exists())
    if not os.access(above, os.W_OK | os.X_OK):
        return failure(
            "folder_unmakeable",
            f"{path} does not exist, and {above} cannot be written",
            f"make {path}, or {above} writable",
            path=str(path),
            above=str(above),
        )
    return _room(path, above)


def _room(path: Path, there: Path) -> Finding:
    """Judge the disk of a folder; ``there`` is the nearest that exists."""
    disk = os.statvfs(there)
    free, total = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    context: dict[str, object] = {"path": str(path), "exists": path == there, "free": free}
    is_made = "can be written" if path == there else "does not exist yet, and is made when it is needed"
    text = f"{path} {is_made}"
    hint = f"free some space: df -h {there}; df -i {there}"
    if is_full(free, total) or (disk.f_files and not disk.f_favail):
        return failure("folder_full", f"{text}, but its disk is full", hint, **context)
    if total and free < min(LITTLE_BYTES, total / 2):
        return warning("folder_low", f"{text}; only {size(free)} are free", hint, **context)
    return ok("folder_fine", f"{text}; {size(free)} free", **context)
