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
        return ok("daemon_runs", f"runs as process {pid or 'of unknown number'}", running=True, pid=pid)
    if not is_held:
        hint = f"commands start it when they need it; {_START}"
        return warning("daemon_off", "it is not running", hint, running=False)
    return failure(
        "daemon_silent",
        f"process {pid or 'of unknown number'} runs and does not answer at {path}",
        "it may listen elsewhere (RUNICORND_SOCKET, XDG_RUNTIME_DIR), or hang: see 'runicornctl daemon "
        f"logs'; end it with: kill {pid or 'PID'}",
        running=True,
        pid=pid,
        path=str(path),
    )


def look_at_socket(path: Path) -> Finding:
    """Whether clients can and may connect to the socket."""
    context = {"path": str(path)}
    if len(os.fsencode(path)) > PATH_LIMIT_BYTES:
        text = f"the path {path} is too long for a socket"
        return failure("socket_long", text, "set RUNICORND_SOCKET to a shorter one", **context)
    try:
        found = path.lstat()
    except FileNotFoundError:
        return ok("socket_later", f"{path} is made when the daemon starts", **context)
    except OSError as error:
        text, hint = f"cannot look at {path}: {error.strerror}", "mend the folder's permissions"
        return failure("socket_unreachable", text, hint, why=error.strerror, **context)
    if blemish := _blemish(path, found):
        return blemish
    if not answers(path):
        hint = f"a daemon that was killed left it; the next one replaces it: {_START}"
        return warning("socket_idle", f"nobody listens at {path}", hint, **context)
    mode = f"{stat.S_IMODE(found.st_mode):o}"
    return ok("socket_fine", f"{path} (mode {mode}) is listened at", mode=mode, **context)


def _blemish(path: Path, found: os.stat_result) -> Finding | None:
    mode = stat.S_IMODE(found.st_mode)
    context: dict[str, object] = {"path": str(path), "mode": f"{mode:o}", "uid": found.st_uid}
    if not stat.S_ISSOCK(found.st_mode):
        return failure("socket_is_none", f"{path} is no socket", "move it out of the way", **context)
    if found.st_uid != os.getuid():
        text = f"{path} belongs to uid {found.st_uid}"
        return failure("socket_foreign", text, "set RUNICORND_SOCKET to a path of your own", **context)
    if mode & 0o077:
        text = f"{path} is open to other users (mode {mode:o})"
        return failure("socket_open", text, f"close it: chmod 600 {path}", **context)
    return None


def look_at_lock(path: Path, socket_path: Path) -> Finding:
    """Who holds the lock, and whether that fits the socket."""
    if not path.exists():
        return ok("lock_unused", "free; no daemon has run yet")
    try:
        is_held, pid = holder(path)
    except OSError as error:
        text, hint = f"cannot open {path}: {error.strerror}", f"mend its permissions: chmod 600 {path}"
        return failure("lock_unreadable", text, hint, path=str(path), why=error.strerror)
    if not is_held and answers(socket_path):
        return warning(
            "lock_missed",
            f"somebody listens at {socket_path} without holding {path}",
            "it is a daemon with another state folder (XDG_STATE_HOME), or systemd that waits to start one",
            path=str(path),
            socket=str(socket_path),
        )
    if not is_held:
        return ok("lock_free", "free", pid=None)
    return ok("lock_held", f"held by process {pid or 'of unknown number'}", pid=pid)


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
