"""Local ports: which one a tunnel gets, and the sockets that hold it."""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams, PortTaken

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PORT = 8081
LAST_PORT = 8999
BACKLOG = 256
_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})
_KERNEL_TRIES = 20


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that is ours: sockets that listen on it, on 127.0.0.1 and, where there is IPv6, on ::1."""

    port: int
    sockets: tuple[socket.socket, ...]

    def close(self) -> None:
        """Give the port back to the system. Safe to call again."""
        for each in self.sockets:
            each.close()


class Ports:
    """Hands out local ports, and remembers whose they are while nobody listens.

    Args:
        first: The lowest port that is given out by itself; 0 lets the system choose.
        last: The highest one.
    """

    def __init__(self, first: int = FIRST_PORT, last: int = LAST_PORT) -> None:
        self._first = first
        self._last = last
        self._owners: dict[int, str] = {}

    def use_range(self, first: int, last: int) -> None:
        """Give out ports of this range from now on; those that are taken stay whose they are."""
        self._first, self._last = first, last

    def remember(self, owner: str, port: int) -> None:
        """Keep the port for its owner, a session or a forward, until ``forget``."""
        self._owners.setdefault(port, owner)

    def forget(self, owner: str) -> None:
        """Let others have the ports of this owner."""
        self._owners = {port: name for port, name in self._owners.items() if name != owner}

    def take(self, owner: str, preferred: int | None = None, *, explicit: bool = False) -> Listener:
        """Listen on a port: the preferred one, or else the first free one of the range.

        The port stays remembered for the owner, in place of its former one.

        Args:
            owner: For whom.
            preferred: The port to try first.
            explicit: It must be the preferred one.

        Raises:
            PortTaken: The explicit port is in use, or every port is.
            InvalidParams: This account may not listen on the explicit port.
        """
        listener = self._explicit(owner, preferred) if explicit and preferred else self._any(owner, preferred)
        self.forget(owner)
        self._owners[listener.port] = owner
        return listener

    def _explicit(self, owner: str, port: int) -> Listener:
        if (other := self._owners.get(port, owner)) != owner:
            raise PortTaken(
                f"cannot listen on local port {port}: {other} has it",
                hint=f"choose another port, or remove {other}: runicornctl stop --forget {other}",
                port=port,
            )
        try:
            return _listen(port)
        except PermissionError as error:
            raise InvalidParams(
                f"cannot listen on local port {port}: this account may not",
                hint="choose a port of 1024 or above",
                port=port,
            ) from error
        except OSError as error:
            raise PortTaken(
                f"cannot listen on local port {port}: another program uses it",
                hint=f"choose another port, or find the program: {_who_listens(port)}",
                port=port,
            ) from error

    def _any(self, owner: str, preferred: int | None) -> Listener:
        for port in self._candidates(owner, preferred):
            with contextlib.suppress(OSError):
                return _listen(port)
        raise PortTaken(
            f"cannot find a free local port: all from {self._first} to {self._last} are taken",
            hint="stop a session, or set another range of ports in the configuration",
        )

    def _candidates(self, owner: str, preferred: int | None) -> Iterator[int]:
        own = [port for port, name in self._owners.items() if name == owner]
        for port in (*([preferred] if preferred else []), *own, *range(self._first, self._last + 1)):
            if self._owners.get(port, owner) == owner:
                yield port


def count_free(first: int, last: int, enough: int) -> int:
    """Return how many ports of a range nobody listens on; counts no further than ``enough``."""
    found = 0
    for port in range(first, last + 1):
        if found == enough:
            break
        with contextlib.suppress(OSError):
            _listen(port).close()
            found += 1
    return found


def _listen(port: int) -> Listener:
    for _ in range(_KERNEL_TRIES):
        ipv4 = _bound(socket.AF_INET, "127.0.0.1", port)
        number = ipv4.getsockname()[1]
        try:
            ipv6 = _bound(socket.AF_INET6, "::1", number)
        except OSError as error:
            if error.errno in _NO_IPV6:
                return Listener(number, (ipv4,))
            ipv4.close()
            if port:
                raise
            continue  # the system's own choice was free on one address only
        return Listener(number, (ipv4, ipv6))
    raise OSError(errno.EADDRINUSE, "no port is free on both loopback addresses")


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    if sys.platform == "darwin" and port and _answers(family, address, port):
        # There SO_REUSEADDR lets us in beside a listener on all addresses, and we would take its visitors.
        raise OSError(errno.EADDRINUSE, "a listener on all addresses has this port")
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Connections of the daemon before us may still be in TIME_WAIT on our port. On Linux this
        # option never shares a port that another socket listens on.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _answers(family: socket.AddressFamily, address: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((address, port)) == 0


def _who_listens(port: int) -> str:
    ss, lsof = f"ss -ltnp 'sport = :{port}'", f"lsof -nP -iTCP:{port} -sTCP:LISTEN"
    return ss if sys.platform == "linux" else lsof
