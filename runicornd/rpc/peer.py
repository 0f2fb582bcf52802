"""Who is at the other end of a Unix socket, as the kernel says it."""

from __future__ import annotations

import socket
import struct
import sys

_UCRED = struct.Struct("3i")  # Linux, unix(7): pid, uid, gid
_XUCRED = struct.Struct("2I")  # macOS, <sys/ucred.h>: version, uid, then groups
_XUCRED_SIZE = 76
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1


def peer_uid(connection: socket.socket) -> int | None:
    """The user id of the process that connected, or None where the system does not tell.

    The folder of the socket is closed to other users in any case; this is the second lock.

    Raises:
        OSError: The peer is gone already.
    """
    ask = _ASK.get(sys.platform)
    return None if ask is None else ask(connection)


def _ask_linux(connection: socket.socket) -> int:
    answer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    return int(_UCRED.unpack(answer)[1])


def _ask_macos(connection: socket.socket) -> int:
    answer = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _XUCRED_SIZE)
    return int(_XUCRED.unpack_from(answer)[1])


_ASK = {"linux": _ask_linux, "darwin": _ask_macos}
