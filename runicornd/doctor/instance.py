"""The one daemon of this user, as its lock and its socket show it. Nothing is written."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import sys
from typing import TYPE_CHECKING

from runicornd.doctor.model import Finding, failure, ok, warning

if TYPE_CHECKING:
    from pathlib import Path

ANSWER_S = 2.0
PATH_LIMIT_BYTES = 107 if sys.platform == "linux" else 103
_START = "start it with: runicornctl daemon start"


def look_at_daemon(path: Path, lock: Path) -> Finding:
    """Whether a daemon runs, seen from outside."""
    is_held, pid = holder(lock)
    if answers(path):
        return ok(f"runs as process {pid or 'of unknown number'}", running=True, pid=pid)
    if not is_held:
        return warning("it is not running", f"commands start it when they need it; {_START}", running=False)
    return failure(
        f"process {pid or 'of unknown number'} runs and does not answer at {path}",
        "it may listen elsewhere (RUNICORND_SOCKET, XDG_RUNTIME_DIR), or hang: see 'runicornctl daemon "
        f"logs'; end it with: kill {pid or 'PID'}",
        running=True,
        pid=pid,
    )


def look_at_socket(path: Path) -> Finding:
    """Whether clients can and may connect to the socket."""
    context = {"path": str(path)}
    if len(os.fsencode(path)) > PATH_LIMIT_BYTES:
        text = f"the path {path} is too long for a socket"
        return failure(text, "set RUNICORND_SOCKET to a shorter one", **context)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ok(f"{path} is made when the daemon starts", **context)
    except OSError as error:
        return failure(f"cannot look at {path}: {error.strerror}", "mend the folder's permissions", **context)
    if blemish := _blemish(path, found):
        return blemish
    if not answers(path):
        hint = f"a daemon that was killed left it; the next one replaces it: {_START}"
        return warning(f"nobody listens at {path}", hint, **context)
    return ok(f"{path} (mode {stat.S_IMODE(found.st_mode):o}) is listened at", **context)


def _blemish(path: Path, found: os.stat_result) -> Finding | None:
    mode, context = stat.S_IMODE(found.st_mode), {"path": str(path)}
    if not stat.S_ISSOCK(found.st_mode):
        return failure(f"{path} is no socket", "move it out of the way", **context)
    if found.st_uid != os.getuid():
        text = f"{path} belongs to uid {found.st_uid}"
        return failure(text, "set RUNICORND_SOCKET to a path of your own", **context)
    if mode & 0o077:
        text = f"{path} is open to other users (mode {mode:o})"
        return failure(text, f"close it: chmod 600 {path}", **context)
    return None


def look_at_lock(path: Path, socket_path: Path) -> Finding:
    """Who holds the lock, and whether that fits the socket."""
    if not path.exists():
        return ok("free; no daemon has run yet")
    try:
        is_held, pid = holder(path)
    except OSError as error:
        return failure(f"cannot open {path}: {error.strerror}", f"mend its permissions: chmod 600 {path}")
    if not is_held and answers(socket_path):
        return warning(
            f"somebody listens at {socket_path} without holding {path}",
            "it is a daemon with another state folder (XDG_STATE_HOME), or systemd that waits to start one",
        )
    if not is_held:
        return ok("free", pid=None)
    return ok(f"held by process {pid or 'of unknown number'}", pid=pid)


def holder(path: Path) -> tuple[bool, int | None]:
    """Whether a process holds the lock, and which one says so.

    Raises:
        OSError: The file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False, None
    try:
        # A shared lock shows whether there is an exclusive one, and hinders nobody else who looks.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(descriptor, 32, 0).strip()
        return True, int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return False, None


def answers(path: Path) -> bool:
    """Whether somebody listens at a Unix socket."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(ANSWER_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
