"""The control plane's server on the Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.rpc.connection import Connection, Limits, close_writer, open_streams
from runicornd.rpc.dispatch import Dispatcher, refusal
from runicornd.rpc.failures import TooManyConnections, WrongUser
from runicornd.rpc.listener import bind_private, unbind
from runicornd.rpc.methods import GROUPS
from runicornd.rpc.peer import peer_uid
from runicornd.rpc.registry import build_registry
from runicornd.rpc.subscriptions import LogFollowers

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from runicornd.errors import RequestError
    from runicornd.rpc.services import Services

# Out of descriptors or memory: accepting at once again would only spin.
_ACCEPT_PAUSE_S = 0.5
_CLOSE_S = 3.0
# So many clients too many are told why; further ones are just cut.
_REFUSALS_AT_ONCE = 16

_log = structlog.get_logger(__name__)


class Server:
    """Serves clients of our own user.

    Args:
        services: What the handlers use.
        path: Where to listen.
        passed: A socket that already listens there, from the service manager; it is then neither
            made nor removed here.
        limits: What clients may use.
    """

    def __init__(
        self,
        services: Services,
        path: Path,
        *,
        passed: socket.socket | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._services = services
        self._path = path
        self._passed = passed
        self._limits = limits or Limits()
        self._dispatcher = Dispatcher(build_registry(GROUPS), str(services.daemon.log))
        self._followers = LogFollowers(services.sessions)
        self._listener: socket.socket | None = None
        self._inode: int | None = None
        self._accepting = Tasks("rpc listener")
        self._connections = Tasks("rpc connections")

    async def start(self) -> None:
        """Listen and serve from now on. The daemon's lock must be held.

        Raises:
            LocalError: It is not possible to listen there.
        """
        if self._passed is not None:
            self._passed.setblocking(False)
            self._listener = self._passed
        else:
            self._listener = bind_private(self._path)
            self._inode = self._path.lstat().st_ino
        self._accepting.start("accept", self._accept(self._listener))

    async def close(self) -> None:
        """Stop listening, let the last answers through, and end all connections; at most 4 s."""
        await self._accepting.close(1.0)
        if self._listener is not None:
            self._listener.close()
        if self._inode is not None:
            unbind(self._path, self._inode)
            self._inode = None
        await self._connections.close(_CLOSE_S)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as exc:
                _log.error("cannot accept a client", reason=exc.strerror)
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            if len(self._connections) < self._limits.connections + _REFUSALS_AT_ONCE:
                self._connections.start("client", self._serve(accepted))
            else:
                accepted.close()

    async def _serve(self, accepted: socket.socket) -> None:
        refused = self._refused(accepted)
        reader, writer = await open_streams(accepted)
        if refused is not None:
            _log.warning("client refused", kind=refused.kind, reason=refused.message)
            with contextlib.suppress(ConnectionError):
                writer.write(refusal(refused, None))
            await close_writer(writer, self._limits.linger_s)
            return
        connection = Connection(
            reader,
            writer,
            dispatcher=self._dispatcher,
            services=self._services,
            followers=self._followers,
            limits=self._limits,
        )
        await connection.serve()

    def _refused(self, accepted: socket.socket) -> RequestError | None:
        """Why this client is not served, or None."""
        if len(self._connections) > self._limits.connections:
            return TooManyConnections(
                f"cannot serve another client: {self._limits.connections} are connected",
                hint="end some of them, such as 'status --watch' or 'logs -f'",
            )
        uid = _uid_of(accepted)
        if uid is not None and uid != os.getuid():
            return WrongUser(
                f"cannot serve uid {uid}: this daemon belongs to uid {os.getuid()}",
                hint="start a daemon of your own with 'runicornctl daemon start'",
            )
        return None


def _uid_of(accepted: socket.socket) -> int | None:
    try:
        return peer_uid(accepted)
    except OSError:
        return None  # gone already: there is nobody to serve, and reading will say so
