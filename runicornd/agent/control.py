"""The keeper's side of its conversations: agents that attach, and everything else it waits for."""

import os
import selectors
import socket
import time
from typing import Dict, Iterator, List, Optional, Set, Tuple

from .wire import Splitter, decode, encode

READ_SIZE = 65536
UNREAD_LIMIT = 1024 * 1024
"""Bytes that may wait for an agent that does not read; then lines of the log are left out."""

CLIENTS_LIMIT = 64
REQUEST_LIMIT = 65536

Message = Dict[str, object]


class Client:
    """One attached agent."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.follows = False
        self.missed = 0
        self.splitter = Splitter(REQUEST_LIMIT)
        self.unsent = bytearray()


class Control:
    """All attached agents. ``poll`` is the only place where the keeper waits."""

    def __init__(self) -> None:
        self.clients: Set[Client] = set()
        self.joined: List[Client] = []
        self._selector = selectors.DefaultSelector()
        self._listener: Optional[socket.socket] = None

    def listen(self, path: str) -> None:
        """Let agents attach at a socket's path. Raises OSError."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(16)
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ)

    def watch(self, fd: int) -> None:
        """Report when a descriptor can be read."""
        self._selector.register(fd, selectors.EVENT_READ)

    def unwatch(self, fd: int) -> None:
        """Stop reporting a descriptor."""
        self._selector.unregister(fd)

    def adopt(self, connection: socket.socket) -> Client:
        """Take a connection as an attached agent."""
        connection.setblocking(False)
        client = Client(connection)
        self._selector.register(connection, selectors.EVENT_READ, client)
        self.clients.add(client)
        return client

    def poll(self, timeout_s: Optional[float]) -> Iterator[Tuple[Optional[Client], object]]:
        """Wait, then yield (agent, message) for requests and (None, descriptor) for what is watched.

        New agents are put into ``joined``.
        """
        for key, ready in self._selector.select(timeout_s):
            client = key.data
            if isinstance(client, Client):
                if ready & selectors.EVENT_WRITE:
                    self._send(client)
                if ready & selectors.EVENT_READ:
                    for message in self._receive(client):
                        yield client, message
            elif key.fileobj is self._listener:
                self._accept()
            else:
                yield None, key.fd

    def tell(self, client: Client, message: Message, limit: Optional[int] = None) -> bool:
        """Send to one agent without waiting; False when it is gone or ``limit`` bytes wait already."""
        if client not in self.clients or (limit is not None and len(client.unsent) > limit):
            return False
        client.unsent += encode(message)
        self._send(client)
        return client in self.clients

    def tell_all(self, message: Message) -> None:
        """Send to every agent."""
        for client in tuple(self.clients):
            self.tell(client, message)

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what waits, at most so many seconds, and close."""
        end = time.monotonic() + timeout_s
        while any(client.unsent for client in self.clients) and time.monotonic() < end:
            for _ in self.poll(0.1):
                pass
        for client in tuple(self.clients):
            self._drop(client)
        if self._listener is not None:
            self._listener.close()

    def _accept(self) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self.clients) >= CLIENTS_LIMIT:
            connection.close()
        else:
            self.joined.append(self.adopt(connection))

    def _receive(self, client: Client) -> List[Message]:
        try:
            data = client.connection.recv(READ_SIZE)
            messages = [decode(line or b"") for line in client.splitter.feed(data)]
        except BlockingIOError:
            return []
        except (OSError, ValueError):
            data = b""
        if not data:
            self._drop(client)
            return []
        return messages

    def _send(self, client: Client) -> None:
        try:
            while client.unsent:
                del client.unsent[: client.connection.send(client.unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
        self._selector.modify(client.connection, wanted, client)

    def _drop(self, client: Client) -> None:
        if client in self.clients:
            self.clients.discard(client)
            self._selector.unregister(client.connection)
            client.connection.close()


def wakeup_pipe() -> Tuple[int, int]:
    """Return the two ends of a pipe that never blocks, for ``signal.set_wakeup_fd``."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
