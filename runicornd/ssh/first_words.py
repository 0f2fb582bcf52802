"""What a server says on a fresh connection before anything is encrypted, for whoever wants to look."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runicornd.ssh.asyncssh_errors import hung_up, not_ssh, silent
from runicornd.ssh.greeting import Greeting

if TYPE_CHECKING:
    import socket

    from runicornd.ssh.targets import Host

# RFC 4253, section 4.2: servers wait for it before they name their algorithms.
_OURS = b"SSH-2.0-runicornd_doctor\r\n"
_PIECE = 16384


async def listen_to(host: Host, connection: socket.socket) -> Greeting:
    """Return the server's version and algorithms.

    Args:
        host: The server, for messages and the time that it may take.
        connection: Fresh, as ``dial`` makes it; the caller closes it.

    Raises:
        HostUnreachable: It says nothing, or hangs up.
        NotSsh: It is no SSH server.
    """
    greeting = Greeting()
    try:
        async with asyncio.timeout(host.connect_timeout_s):
            await _read(connection, greeting)
    except TimeoutError as error:
        if greeting.version is None:
            raise (not_ssh(host, greeting.quote) if greeting.quote else silent(host)) from error
    except OSError as error:
        if greeting.version is None and not greeting.quote:
            raise hung_up(host) from error
    if greeting.version is None:
        raise not_ssh(host, greeting.quote) if greeting.quote else hung_up(host)
    return greeting


async def _read(connection: socket.socket, greeting: Greeting) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, _OURS)
    while not greeting.is_complete and (data := await loop.sock_recv(connection, _PIECE)):
        greeting.feed(data)
