"""Starts the viewer's process: its listening socket, its death with the keeper, its output."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from typing import Callable, Dict, List, Optional, Tuple

from .failures import Failure, from_os
from .folders import HOME, VIEWER_SOCKET, socket_path

BACKLOG = 128
PR_SET_PDEATHSIG = 1
"""Linux, ``<sys/prctl.h>``."""


def listen(folder: str, transport: str) -> Tuple[socket.socket, str]:
    """Open the viewer's listening socket; return it with its endpoint as the protocol writes it.

    Raises:
        Failure: ``disk_full``, ``permission_denied``, ``remote_unsupported``.
    """
    try:
        if transport == "tcp":
            listener = socket.socket(socket.AF_INET)
            listener.bind(("127.0.0.1", 0))
            endpoint = f"127.0.0.1:{listener.getsockname()[1]}"
        else:
            endpoint = socket_path(folder, VIEWER_SOCKET)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(endpoint)
            os.chmod(endpoint, 0o600)
        listener.listen(BACKLOG)
    except OSError as error:
        raise from_os(error, "listen for the viewer")
    return listener, endpoint


def variables(env: Dict[str, str], folder: str) -> Dict[str, str]:
    """Return all variables of the viewer: the account's, and the ones that were asked for.

    Runicorn insists on writing to its home. Where that is read-only or missing, it gets one in the
    viewer's folder; Python still finds the packages that are installed for the account.

    Raises:
        Failure: ``disk_full``.
    """
    home = os.path.expanduser("~")
    if os.access(home, os.W_OK | os.X_OK):
        return dict(os.environ, **env)
    own = os.path.join(folder, HOME)
    try:
        os.mkdir(own, 0o700)
    except OSError as error:
        raise from_os(error, "make a home for the viewer")
    packages = os.environ.get("PYTHONUSERBASE", os.path.join(home, ".local"))
    return dict(os.environ, **dict({"HOME": own, "PYTHONUSERBASE": packages}, **env))


def spawn(argv: List[str], env: Dict[str, str], listener: socket.socket) -> Tuple[int, int]:
    """Run the viewer with these variables in a process group of its own.

    Returns its pid and the descriptor of its output.

    The argument ``{fd}`` stands for the listening socket. It runs in ``/`` and not in its storage root:
    ``python -m`` looks for modules in the current folder first, and others may write to a shared root.

    Raises:
        Failure: ``viewer_crashed``: it cannot be executed.
    """
    fd = listener.fileno()
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            [str(fd) if word == "{fd}" else word for word in argv],
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            pass_fds=[fd],
            start_new_session=True,
            preexec_fn=_tie_to(os.getpid()),  # noqa: PLW1509 - the keeper has one thread
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        os.close(reader)
        raise Failure("viewer_crashed", f"cannot run {argv[0]}: {error}", log_tail=[])
    finally:
        os.close(writer)
    _FORGOTTEN.append(process)
    return process.pid, reader


_FORGOTTEN: List["subprocess.Popen[bytes]"] = []
"""The keeper reaps its child by itself; a Popen that is collected earlier would warn."""


def _tie_to(keeper: int) -> Optional[Callable[[], None]]:
    """Return what the child does before it becomes the viewer: ask to be killed when its keeper dies.

    On Linux only, where the kernel does that, and only with ctypes. The keeper's main thread must
    start the viewer: the kernel watches the thread, not the process.
    """
    if not sys.platform.startswith("linux"):
        return None
    try:
        prctl = ctypes.CDLL(None).prctl
    except (OSError, AttributeError):
        return None

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)

    return tie


def signal_group(pid: int, number: int) -> None:
    """Signal the viewer and what it started; nobody there is fine."""
    with contextlib.suppress(OSError):
        os.killpg(pid, number)
