"""Where the daemon's socket is. Daemon and clients ask here, so that they meet.

``RUNICORND_SOCKET`` names the socket itself. Otherwise it is ``runicornd/runicornd.sock`` in
``XDG_RUNTIME_DIR``, in ``/run/user/<uid>`` when that variable is missing or names a folder that is not
ours, and in the user's state folder where there is neither (macOS, containers, cron).
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

SOCKET_VARIABLE = "RUNICORND_SOCKET"
SOCKET_NAME = "runicornd.sock"
FOLDER_NAME = "runicornd"

MAX_SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103
"""``sun_path`` holds 108 bytes on Linux and 104 on macOS and the BSDs, the final NUL included."""


def socket_path() -> Path:
    """The absolute path of the socket; neither it nor its folder need exist."""
    if named := os.environ.get(SOCKET_VARIABLE):
        return Path(named).expanduser().absolute()
    path = _runtime_folder() / SOCKET_NAME
    if fits(path):
        return path
    # One name in a folder that is always short; whoever made it first, `folder_problem` tells.
    return Path("/tmp") / f"{FOLDER_NAME}-{os.getuid()}" / SOCKET_NAME  # noqa: S108 - checked before use


def fits(path: Path) -> bool:
    """Whether the path is short enough for a Unix socket."""
    return len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES


def folder_problem(folder: Path) -> str | None:
    """Why the folder of a socket cannot be trusted, or None when it can.

    A client that connects through a folder of somebody else would tell its secrets to a stranger.
    """
    try:
        info = folder.lstat()
    except OSError as exc:
        return f"{folder}: {exc.strerror}"
    if stat.S_ISLNK(info.st_mode):
        return f"{folder} is a symbolic link"
    if not stat.S_ISDIR(info.st_mode):
        return f"{folder} is not a folder"
    if info.st_uid != os.getuid():
        return f"{folder} belongs to uid {info.st_uid}"
    if info.st_mode & 0o077:
        return f"{folder} is open to other users (mode {stat.S_IMODE(info.st_mode):o})"
    return None


def _runtime_folder() -> Path:
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    for base in (Path(named), Path("/run/user") / str(os.getuid())):
        if base.is_absolute() and _is_our_folder(base):
            return base / FOLDER_NAME
    # Only here, as it costs a client 15 ms; a folder under /tmp would depend on TMPDIR and on
    # nobody else having made it.
    from platformdirs import user_state_path  # noqa: PLC0415

    return user_state_path(FOLDER_NAME) / "run"


def _is_our_folder(folder: Path) -> bool:
    try:
        info = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and not info.st_mode & 0o022
