"""The private folders: one for this account, in it one for each viewer.

/tmp/runicornd-UID/INSTANCE/     0700
    viewer.sock                  the viewer listens here
    control.sock                 its keeper listens here
    record.json                  who they are
    viewer.log, viewer.log.1     what the viewer printed
"""

import contextlib
import os
import re
import stat
import time
from typing import Dict, Iterator, List, Optional, Set

from .failures import Failure, from_os
from .wire import decode, encode

RECORD = "record.json"
HOME = "home"
VIEWER_SOCKET = "viewer.sock"
CONTROL_SOCKET = "control.sock"
LOG = "viewer.log"
SOCKET_PATH_LIMIT = 103
"""Bytes; 107 on Linux, 103 on macOS."""

passing: Set[str] = set()
"""Folders that must not outlive this agent, unlike those of viewers."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


def checked_name(name: str) -> str:
    """Return a name that is safe as one component of a path.

    Raises:
        Failure: ``invalid_params``.
    """
    if not _NAME.match(name):
        raise Failure("invalid_params", f"cannot use the name {name[:80]!r}")
    return name


def candidates() -> List[str]:
    """Where the account's folder may be, the preferred place first."""
    chosen = os.environ.get("RUNICORND_RUN_DIR")
    if chosen:
        return [chosen]
    cache = os.path.join(os.path.expanduser("~"), ".cache", "runicornd", "run")
    return [f"/tmp/runicornd-{os.geteuid()}", cache]


def is_private(path: str) -> bool:
    """Whether a path is a folder (no link) that belongs to us and is closed to everyone else."""
    try:
        found = os.lstat(path)
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and stat.S_IMODE(found.st_mode) & 0o777 == 0o700
    )


def make(instance: str) -> str:
    """Make the folder of a new viewer and return its path.

    Raises:
        Failure: ``disk_full``, ``permission_denied``; ``invalid_params`` when it exists.
    """
    path = os.path.join(_base(), checked_name(instance))
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        raise Failure("invalid_params", f"cannot start {instance}: there is such a viewer")
    except OSError as error:
        raise from_os(error, "make a folder for the viewer")
    return path


def _base() -> str:
    refusal: Optional[OSError] = None
    for path in candidates():
        try:
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            refusal = error
        if is_private(path):
            return path
    if refusal is not None:
        raise from_os(refusal, "make a private folder")
    raise Failure("permission_denied", f"cannot use {candidates()[-1]}: not a private folder of ours")


def find(instance: str) -> Optional[str]:
    """Return the path of a viewer's folder, or None."""
    for base in candidates():
        path = os.path.join(base, checked_name(instance))
        if is_private(base) and is_private(path):
            return path
    return None


def instances() -> Iterator[str]:
    """Yield the path of every viewer's folder."""
    for base in candidates():
        if is_private(base):
            for name in sorted(os.listdir(base)):
                path = os.path.join(base, name)
                if _NAME.match(name) and is_private(path):
                    yield path


def socket_path(folder: str, name: str) -> str:
    """Return a socket's path in a folder.

    Raises:
        Failure: ``remote_unsupported``: it is longer than the system allows.
    """
    path = os.path.join(folder, name)
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise Failure("remote_unsupported", f"cannot listen at {path}: the path is too long")
    return path


def write_record(folder: str, record: Dict[str, object]) -> None:
    """Write a viewer's record, all or nothing. Raises OSError."""
    path = os.path.join(folder, RECORD)
    with open(os.open(path + ".part", os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(encode(record))
    os.rename(path + ".part", path)


def read_record(folder: str) -> Optional[Dict[str, object]]:
    """Return a viewer's record; None when there is none, or nothing that could be one."""
    try:
        with open(os.path.join(folder, RECORD), "rb") as file:
            return decode(file.read(65536))
    except (OSError, ValueError):
        return None


def age_s(folder: str) -> float:
    """Seconds since anything was made or removed in a folder; 0 when that cannot be told."""
    try:
        return max(0.0, time.time() - os.lstat(folder).st_mtime)
    except OSError:
        return 0.0


def _remove_home(path: str) -> None:
    """Remove the viewer's own home, if it has one: the only folder that strangers' programs fill."""
    if os.path.isdir(path) and not os.path.islink(path):
        import shutil  # noqa: PLC0415 - hardly ever needed, and slow to load

        shutil.rmtree(path, ignore_errors=True)


def remove_passing() -> None:
    """Remove the folders that must not outlive this agent."""
    for folder in list(passing):
        remove(folder)


def remove(folder: str) -> None:
    """Remove a viewer's folder with all that is in it; what cannot be removed stays."""
    _remove_home(os.path.join(folder, HOME))
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, name))
    with contextlib.suppress(OSError):
        os.rmdir(folder)
