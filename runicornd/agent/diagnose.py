"""What can be wrong with an account or its machine: folders, room, the clock, sockets.

Nothing is changed but for one folder with one socket, which is gone after a few seconds.
"""

import contextlib
import os
import pwd
import socket
import stat
import sys
import threading
from typing import Dict, List, Optional, Tuple

from . import folders
from .failures import Failure, from_os

KNOCK = b"runicornd-knock\n"
"""What a caller at the probing socket gets to read."""

WAIT_S = 10.0
"""How long the probing socket waits for its one caller."""

PROBES = threading.BoundedSemaphore(4)


def account(root: str) -> Dict[str, object]:
    """Return what is known of the account and of the folders that matter to it.

    Args:
        root: A storage root to look at as well; empty for none.
    """
    home = os.path.expanduser("~")
    wanted = [("home", home), ("temporary", "/tmp")]
    if root:
        wanted.append(("root", root))
    return {
        "shell": _shell(),
        "system": " ".join(os.uname()[index] for index in (0, 2, 4)),
        "umask": _umask(),
        "places": [place(name, path) for name, path in wanted],
    }


def place(name: str, path: str) -> Dict[str, object]:
    """Return what can be done with a folder, and the room on its disk in bytes and inodes.

    ``inodes`` is 0 where the file system does not count them.
    """
    found: Dict[str, object] = {"name": name, "path": path, "is_folder": False, "mode": 0, "uid": -1}
    with contextlib.suppress(OSError):
        known = os.stat(path)
        found["is_folder"] = stat.S_ISDIR(known.st_mode)
        found["mode"] = stat.S_IMODE(known.st_mode)
        found["uid"] = known.st_uid
    found.update(
        readable=os.access(path, os.R_OK | os.X_OK),
        writable=os.access(path, os.W_OK | os.X_OK),
    )
    found.update(_room(path))
    return found


def listen(transport: str) -> Dict[str, object]:
    """Listen for one caller where a viewer would, and greet it; return the endpoint.

    Raises:
        Failure: ``permission_denied``, ``disk_full``: there is no private folder for a socket.
    """
    if transport not in ("unix", "tcp"):
        raise Failure("invalid_params", "cannot take transport: unix or tcp is needed")
    if not PROBES.acquire(blocking=False):
        raise Failure("agent_failed", "cannot listen: too many look at a time")
    try:
        listener, endpoint, folder = _listener(transport)
    except BaseException:
        PROBES.release()
        raise
    threading.Thread(target=_greet_one, args=(listener, folder), daemon=True).start()
    return {"endpoint": endpoint}


def _listener(transport: str) -> Tuple[socket.socket, str, Optional[str]]:
    if transport == "tcp":
        listener = socket.socket(socket.AF_INET)
        try:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
        except OSError as error:
            listener.close()
            raise from_os(error, "listen on 127.0.0.1")
        return listener, f"127.0.0.1:{listener.getsockname()[1]}", None
    folder = folders.make("probe-" + os.urandom(8).hex())
    folders.passing.add(folder)
    listener = socket.socket(socket.AF_UNIX)
    try:
        path = folders.socket_path(folder, folders.VIEWER_SOCKET)
        listener.bind(path)
        listener.listen(1)
    except BaseException as error:
        listener.close()
        folders.remove(folder)
        if isinstance(error, OSError):
            raise from_os(error, "listen in the private folder")
        raise
    return listener, path, folder


def _greet_one(listener: socket.socket, folder: Optional[str]) -> None:
    try:
        with contextlib.closing(listener), contextlib.suppress(OSError):
            listener.settimeout(WAIT_S)
            caller, _ = listener.accept()
            with contextlib.closing(caller):
                caller.sendall(KNOCK)
    finally:
        if folder is not None:
            folders.remove(folder)
            folders.passing.discard(folder)
        PROBES.release()


def _room(path: str) -> Dict[str, object]:
    """The room on the disk of a path, or of the nearest folder above it that there is."""
    while path not in ("", "/") and not os.path.isdir(path):
        path = os.path.dirname(path)
    try:
        disk = os.statvfs(path or "/")
    except OSError:
        return {"free": 0, "size": 0, "free_inodes": 0, "inodes": 0, "read_only": False}
    return {
        "free": disk.f_bavail * disk.f_frsize,
        "size": disk.f_blocks * disk.f_frsize,
        "free_inodes": disk.f_favail,
        "inodes": disk.f_files,
        "read_only": bool(disk.f_flag & os.ST_RDONLY),
    }


def _shell() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_shell
    except KeyError:
        return os.environ.get("SHELL", "")


def _umask() -> int:
    """The umask, read where that does not change it: other threads make files meanwhile."""
    lines: List[str] = []
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError):
            with open("/proc/self/status", encoding="ascii", errors="replace") as file:
                lines = [line for line in file if line.startswith("Umask:")]
            return int(lines[0].split()[1], 8) if lines else -1
    return -1
