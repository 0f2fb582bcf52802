"""A tunnel: a local listener that lives as long as its session, whatever becomes of the link."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import RunicorndError
from runicornd.tunnels import waiting_page
from runicornd.tunnels.first_request import ask, may_be_repeated
from runicornd.tunnels.pump import CHUNK, Begun, Traffic, farewell, pump

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.ssh.transport import ByteStream
    from runicornd.tunnels.ports import Listener, Ports
    from runicornd.tunnels.spares import Spares

    Dial = Callable[[], Awaitable[ByteStream]]

_log = structlog.get_logger(__name__)

HOLD_S = 10.0
DIAL_S = 15.0
# A viewer that is there is given this long to answer a dial, however short the hold.
LEAST_DIAL_S = 3.0
MAX_CONNECTIONS = 512
CLOSE_S = 1.5
ACCEPT_PAUSE_S = 0.5
FIRST_BYTES_S = 1.0


class Tunnel:
    """Listens on a local port, and leads every connection to the viewer while one is attached.

    While none is, new connections wait. After ``hold_s`` a browser gets a page that reloads itself,
    anything else is closed.

    Args:
        owner: Whose tunnel it is: a session's or a forward's id.
        label: What the page calls the host.
        ports: Hands out the port.
        hold_s: How long a connection waits for the viewer, in seconds.
        dial_s: How long opening a stream to the viewer may take, in seconds.
        max_connections: How many may be open; more wait in the system's queue.
        spares: Keeps streams ready for visitors; None: each is opened when it is wanted.
        knock: What our own questions begin with, which are no visits.
    """

    def __init__(
        self,
        owner: str,
        label: str,
        ports: Ports,
        *,
        hold_s: float = HOLD_S,
        dial_s: float = DIAL_S,
        max_connections: int = MAX_CONNECTIONS,
        spares: Spares | None = None,
        knock: bytes = b"",
    ) -> None:
        self.traffic = Traffic()
        self._owner = owner
        self._label = label
        self._ports = ports
        self._hold_s = hold_s
        self._dial_s = dial_s
        self._limit = max_connections
        self._spares = spares
        self._knock = knock
        self._listener: Listener | None = None
        self._acceptors = Tasks(f"tunnel {owner}")
        self._clients = Tasks(f"tunnel {owner}")
        self._slots = asyncio.Semaphore(max_connections)
        self._dial: Dial | None = None
        self._attached = asyncio.Event()
        self._detached = asyncio.Event()
        self._led: set[asyncio.Task[None]] = set()
        self._verdict = ""

    def hold_for(self, seconds: float) -> None:
        """Let connections that come from now on wait so long for the viewer."""
        self._hold_s = seconds

    @property
    def is_listening(self) -> bool:
        """Whether the port is ours at the moment."""
        return self._listener is not None

    @property
    def port(self) -> int:
        """The local port.

        Raises:
            RuntimeError: The tunnel is not open.
        """
        if self._listener is None:
            raise RuntimeError(f"the tunnel of {self._owner} is not open")
        return self._listener.port

    @property
    def url(self) -> str:
        """The address to open in a browser. Raises as ``port``."""
        return f"http://localhost:{self.port}"

    @property
    def connections(self) -> int:
        """How many clients are connected, those that wait included."""
        return len(self._clients)

    def open(self, preferred: int | None = None, *, explicit: bool = False) -> int:
        """Begin to listen and return the port; needs a running event loop. Open already: changes nothing.

        Raises:
            PortTaken, InvalidParams: As ``Ports.take``, which says what the arguments mean.
        """
        if self._listener is None:
            self._listener = self._ports.take(self._owner, preferred, explicit=explicit)
            self._slots = asyncio.Semaphore(self._limit)
            self._acceptors = Tasks(f"tunnel {self._owner}")
            self._clients = Tasks(f"tunnel {self._owner}")
            for each in self._listener.sockets:
                self._acceptors.start("accept", self._accept(each))
        return self._listener.port

    def attach(self, dial: Dial) -> None:
        """Lead connections, also those that wait, to the streams that ``dial`` opens.

        ``dial`` raises a ``RunicorndError`` when the viewer cannot be reached.
        """
        self.detach()
        self._dial = dial
        if self._spares is not None:
            self._spares.lead_to(dial)
        self._verdict = ""
        self._detached.clear()
        self._attached.set()

    def detach(self, verdict: str = "") -> None:
        """The viewer is gone for now: end its connections, and let new ones wait.

        With a verdict, which says why there will be none until a person acts, they need not wait.
        """
        self._dial = None
        if self._spares is not None:
            self._spares.lead_to(None)
        self._verdict = verdict
        self._attached.clear()
        self._detached.set()
        for task in self._led:
            task.cancel()

    def expect_visitors(self) -> None:
        """Somebody is about to come: have streams ready."""
        if self._spares is not None:
            self._spares.visited()

    async def close(self) -> None:
        """Stop listening and end all connections, at most 2 seconds from now. Safe to call again.

        The port stays remembered for the owner; ``open`` brings the tunnel back.
        """
        listener, self._listener = self._listener, None
        if listener is None:
            return
        self.detach()
        await self._acceptors.close(CLOSE_S / 3)
        listener.close()
        await self._clients.close(CLOSE_S)
        if self._spares is not None:
            await self._spares.close(CLOSE_S / 3)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        slots = self._slots
        while True:
            try:
                client, _ = await loop.sock_accept(listener)
            except OSError as error:
                _log.warning("cannot accept", owner=self._owner, reason=str(error))
                await asyncio.sleep(ACCEPT_PAUSE_S)  # out of descriptors, most likely: let some come free
                continue
            try:
                await slots.acquire()
            except asyncio.CancelledError:
                client.close()
                raise
            task = self._clients.start("client", self._serve(client))
            task.add_done_callback(lambda _: slots.release())

    async def _serve(self, client: socket.socket) -> None:
        with client:
            client.setblocking(False)
            with contextlib.suppress(OSError):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream, begun = await self._begin(client)
            if stream is None:
                stream = await self._stream()
            if stream is None:
                await self._excuse(client, begun.unsent)
            else:
                await self._lead(client, stream, begun)

    async def _begin(self, client: socket.socket) -> tuple[ByteStream | None, Begun]:
        """Hear the client and begin over a stream that lies ready; where none does, do nothing."""
        request = b""
        if not self._spares:
            return None, Begun()
        with contextlib.suppress(OSError):
            request = await asyncio.get_running_loop().sock_recv(client, CHUNK)
        spare = self._spares.take() if request else None
        if spare is None or not may_be_repeated(request):
            return spare, Begun(request)
        self._heard(request)
        if answer := await ask(spare, request, self._detached):
            self.traffic.to_viewer += len(request)
            return spare, Begun(answer=answer)
        return None, Begun(request)

    async def _stream(self) -> ByteStream | None:
        """Return a stream of the viewer that is attached in time; None when there is none."""
        if self._verdict:
            return None
        deadline = asyncio.get_running_loop().time() + self._hold_s
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(self._hold_s, LEAST_DIAL_S)):
                while True:
                    async with asyncio.timeout_at(deadline):
                        await self._attached.wait()
                    if stream := await self._dialed(deadline):
                        return stream
        return None

    async def _dialed(self, deadline: float) -> ByteStream | None:
        """Open a stream; None when the viewer was detached meanwhile or, after a failure, is now.

        Raises:
            TimeoutError: It failed, and the viewer stays attached until the deadline.
        """
        if (dial := self._dial) is None:
            return None
        try:
            async with asyncio.timeout(self._dial_s):
                stream = await dial()
        except (RunicorndError, TimeoutError) as error:
            _log.info("viewer not reached", owner=self._owner, reason=str(error) or "no answer")
            if self._dial is dial:
                # Most likely the link or the viewer has just gone, and whoever attached it will notice.
                async with asyncio.timeout_at(deadline):
                    await self._detached.wait()
            return None
        if self._dial is dial:
            return stream
        stream.abort()
        return None

    async def _lead(self, client: socket.socket, stream: ByteStream, begun: Begun) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._led.add(task)
        try:
            await pump(client, stream, self.traffic, self._heard, begun)
        finally:
            self._led.discard(task)

    def _heard(self, first: bytes) -> None:
        if not (self._knock and first.startswith(self._knock)):
            self.expect_visitors()

    async def _excuse(self, client: socket.socket, start: bytes) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):  # TimeoutError is one
            async with asyncio.timeout(FIRST_BYTES_S):
                start = start or await loop.sock_recv(client, waiting_page.START_BYTES)
            if waiting_page.is_http(start):
                async with asyncio.timeout(FIRST_BYTES_S):
                    await loop.sock_sendall(client, waiting_page.response(start, self._label, self._verdict))
                await farewell(client)
