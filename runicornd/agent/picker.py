"""The folders in a folder, for choosing a storage root. Nothing is changed, and no file is opened."""

import errno
import os
import time
from typing import Dict, List, Tuple

from .failures import Failure, from_os

FOLDER_LIMIT = 2000
"""Folders that are listed; there may be more."""

ENTRY_LIMIT = 100000
"""Entries that are looked at: a folder may be full of files."""

LOOK_S = 3.0
"""Seconds after which no folder is looked into any more: the disk may be far away."""

_MARKS = ("runicorn.db", "artifacts", os.path.join("archive", "manifests"))
_NO_FOLDER = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL)


def folders(path: str, limit: int = FOLDER_LIMIT, entry_limit: int = ENTRY_LIMIT) -> Dict[str, object]:
    """Return the folders in one, by name; hidden ones last. Links are followed.

    Args:
        path: Absolute, or beginning with ``~``, or relative to the home folder; empty for the home folder.
        limit: Folders that are listed.
        entry_limit: Entries that are looked at.

    Raises:
        Failure: ``root_not_found``, ``permission_denied``.
    """
    try:
        real = os.path.realpath(os.path.join(os.path.expanduser("~"), os.path.expanduser(path)))
        names, is_cut = _names(real, limit, entry_limit)
    except ValueError:
        raise Failure("root_not_found", "cannot list the folder: no path has such characters")
    except OSError as error:
        if error.errno in _NO_FOLDER:
            raise Failure("root_not_found", f"cannot list {path}: there is no such folder", path=path)
        raise from_os(error, "list the folder")
    until = time.monotonic() + LOOK_S
    return {
        "path": real,
        "parent": None if real == "/" else os.path.dirname(real),
        "folders": [_folder(real, name, until) for name in names],
        "is_root": _is_root(real),
        "is_cut": is_cut,
    }


def _names(path: str, limit: int, entry_limit: int) -> Tuple[List[str], bool]:
    """The names of folders, and whether there are more."""
    found: List[str] = []
    is_cut = False
    with os.scandir(path) as entries:
        for count, entry in enumerate(entries):
            is_cut = count >= entry_limit
            if not is_cut and _is_folder(entry):
                is_cut = len(found) >= limit
                found.append(entry.name)
            if is_cut:
                break
    found.sort(key=lambda name: (name.startswith("."), name))
    return found[:limit], is_cut


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link in a circle


def _folder(parent: str, name: str, until: float) -> Dict[str, object]:
    path = os.path.join(parent, name)
    return {"name": name, "path": path, "is_root": time.monotonic() < until and _is_root(path)}


def _is_root(path: str) -> bool:
    """Whether a folder looks like a storage root of Runicorn."""
    return any(os.path.exists(os.path.join(path, mark)) for mark in _MARKS)
