"""The control plane's server on the Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.rpc.connection import Connection, Limits, close_writer, open_streams
from runicornd.rpc.dispatch import refusal
from runicornd.rpc.failures import TooManyConnections, WrongUser
from runicornd.rpc.listener import bind_private, unbind
from runicornd.rpc.peer import peer_uid

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from runicornd.errors import RequestError
    from runicornd.rpc.plane import ControlPlane

# Out of descriptors or memory: accepting at once again would only spin.
_ACCEPT_PAUSE_S = 0.5
_CLOSE_S = 3.0
# So many clients too many wait for a place at once; further ones stay in the system's queue.
_WAITING_CLIENTS = 16
# Clients that have hung up are noticed within this time, and free their places.
_PLACE_S = 0.5

_log = structlog.get_logger(__name__)


class Server:
    """Serves clients of our own user.

    Args:
        plane: What clients talk to.
        path: Where to listen.
        passed: A socket that already listens there, from the service manager; it is then neither
            made nor removed here.
        limits: What clients may use.
    """

    def __init__(
        self,
        plane: ControlPlane,
        path: Path,
        *,
        passed: socket.socket | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._plane = plane
        self._path = path
        self._passed = passed
        self._limits = limits or Limits()
        self._listener: socket.socket | None = None
        self._inode: int | None = None
        self._accepting = Tasks("rpc listener")
        self._connections = Tasks("rpc connections")
        self._places = asyncio.Semaphore(self._limits.connections)
        self._doors = asyncio.Semaphore(self._limits.connections + _WAITING_CLIENTS)

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
            await self._doors.acquire()
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as exc:
                self._doors.release()
                _log.error("cannot accept a client", reason=exc.strerror)
                await asyncio.sleep(_ACCEPT_PAUSE_S)
                continue
            client = self._connections.start("client", self._serve(accepted))
            client.add_done_callback(lambda _client: self._doors.release())

    async def _serve(self, accepted: socket.socket) -> None:
        if (wrong_user := _wrong_user(accepted)) is not None:
            await self._refuse(accepted, wrong_user)
            return
        try:
            async with asyncio.timeout(_PLACE_S):
                await self._places.acquire()
        except TimeoutError:
            await self._refuse(accepted, self._too_many())
            return
        except asyncio.CancelledError:
            accepted.close()
            raise
        try:
            await self._converse(accepted)
        finally:
            self._places.release()

    async def _converse(self, accepted: socket.socket) -> None:
        reader, writer = await open_streams(accepted)
        await Connection(reader, writer, plane=self._plane, limits=self._limits).serve()

    async def _refuse(self, accepted: socket.socket, error: RequestError) -> None:
        _log.warning("client refused", kind=error.kind, reason=error.message)
        _, writer = await open_streams(accepted)
        with contextlib.suppress(ConnectionError):
            writer.write(refusal(error, None))
        await close_writer(writer, self._limits.linger_s)

    def _too_many(self) -> RequestError:
        return TooManyConnections(
            f"cannot serve another client: {self._limits.connections} are connected",
            hint="end some of them, such as 'status --watch' or 'logs -f'",
        )


def _wrong_user(accepted: socket.socket) -> RequestError | None:
    """Why this client is not served, or None."""
    uid = _uid_of(accepted)
    if uid is None or uid == os.getuid():
        return None
    return WrongUser(
        f"cannot serve uid {uid}: this daemon belongs to uid {os.getuid()}",
        hint="start a daemon of your own with 'runicornctl daemon start'",
    )


def _uid_of(accepted: socket.socket) -> int | None:
    try:
        return peer_uid(accepted)
    except OSError:
        return None  # gone already: there is nobody to serve, and reading will say so
