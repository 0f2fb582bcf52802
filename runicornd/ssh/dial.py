"""The TCP connection to a server: names, several addresses, and what can go wrong with them."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from runicornd.errors import HostUnreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.ssh.targets import Host

# How long one address may keep the next one waiting (RFC 8305, section 8).
STAGGER_S = 0.25
ADDRESS_LIMIT = 16

_AddressInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[object, ...]]

_FAMILIES = {"any": socket.AF_UNSPEC, "inet": socket.AF_INET, "inet6": socket.AF_INET6}
_UNROUTED = {
    errno.ENETUNREACH: "the network is unreachable",
    errno.EHOSTUNREACH: "there is no way to the host",
    errno.EADDRNOTAVAIL: "this machine has no address of that sort",
    errno.ENETDOWN: "the network is down",
    errno.EHOSTDOWN: "the host is down",
}


async def dial(host: Host) -> socket.socket:
    """Connect to the host's port, within its ``connect_timeout_s``.

    Several addresses are tried side by side, each one a little after the one before.

    Raises:
        HostUnreachable: With the reason: an unknown name, a closed or silent port, no route.
    """
    try:
        async with asyncio.timeout(host.connect_timeout_s):
            addresses = await look_up(host)
            return await _race(addresses, host.bind_address)
    except TimeoutError as error:
        raise HostUnreachable(
            f"cannot reach {host.address}: no answer within {host.connect_timeout_s:g} s",
            hint="check that the server is on, and that no firewall or VPN is in the way",
            reason="timeout",
        ) from error
    except OSError as error:
        raise _translate(host, error) from error


async def look_up(host: Host) -> list[_AddressInfo]:
    """Return the addresses of the host, in the order in which they are tried.

    Raises:
        HostUnreachable: Nobody knows the name.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            host.hostname, host.port, family=_FAMILIES[host.address_family], type=socket.SOCK_STREAM
        )
    except (socket.gaierror, UnicodeError) as error:
        raise HostUnreachable(
            f"cannot reach {host.address}: there is no host named {host.hostname!r} "
            f"({getattr(error, 'strerror', None) or error})",
            hint="check the spelling, and the VPN or network that knows the name",
            reason="unknown_name",
        ) from error
    return _interleave(found)[:ADDRESS_LIMIT]


def _interleave(addresses: Sequence[_AddressInfo]) -> list[_AddressInfo]:
    """Take turns between IPv6 and IPv4, so that a broken one of them costs one step only."""
    by_family: dict[int, list[_AddressInfo]] = {}
    for address in addresses:
        by_family.setdefault(address[0], []).append(address)
    rows = list(by_family.values())
    longest = max((len(row) for row in rows), default=0)
    return [row[index] for index in range(longest) for row in rows if index < len(row)]


async def _race(addresses: Sequence[_AddressInfo], source: str | None) -> socket.socket:
    """Return the first connection that is made; raise the first error when none is."""
    if not addresses:
        raise OSError(errno.EADDRNOTAVAIL, "the name has no address")
    tasks: list[asyncio.Task[socket.socket]] = []
    winner: socket.socket | None = None
    try:
        pending: set[asyncio.Task[socket.socket]] = set()
        waiting = list(addresses)
        while winner is None and (waiting or pending):
            if waiting:
                tasks.append(asyncio.create_task(_connect(waiting.pop(0), source)))
                pending.add(tasks[-1])
            timeout = STAGGER_S if waiting else None
            done, pending = await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            winner = next((task.result() for task in done if not task.exception()), None)
        return winner or tasks[0].result()
    finally:
        await _end(tasks, winner)


async def _end(tasks: Sequence[asyncio.Task[socket.socket]], winner: socket.socket | None) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, socket.socket) and result is not winner:
            result.close()


async def _connect(address: _AddressInfo, source: str | None) -> socket.socket:
    family, kind, protocol, _, place = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.setblocking(False)
        if source is not None:
            connection.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(connection, place)
    except BaseException:
        connection.close()
        raise
    return connection


def _translate(host: Host, error: OSError) -> HostUnreachable:
    if error.errno == errno.ECONNREFUSED:
        return HostUnreachable(
            f"cannot reach {host.address}: nothing listens on port {host.port} (connection refused)",
            hint="check the port, and that the SSH server runs",
            reason="refused",
        )
    if error.errno in _UNROUTED:
        return HostUnreachable(
            f"cannot reach {host.address}: {_UNROUTED[error.errno]}",
            hint="check this machine's network connection and VPN",
            reason="no_route",
        )
    return HostUnreachable(
        f"cannot reach {host.address}: {error.strerror or error}",
        hint="check the network connection",
        reason="network",
    )
