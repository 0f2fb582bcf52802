"""One viewer on one host, as a session uses it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runicornd.errors import AgentFailed, WrongState
from runicornd.remote.models import ViewerExit, ViewerRecord
from runicornd.viewers import health
from runicornd.viewers.exits import crash
from runicornd.viewers.launcher import LEASE_S, Launch, Launcher
from runicornd.viewers.spare import Spare

if TYPE_CHECKING:
    from runicornd.ssh.transport import ByteStream
    from runicornd.viewers.health import Answer
    from runicornd.viewers.kinds.base import ViewerKind
    from runicornd.viewers.launcher import Reached, TransportMemory, ViewerHost

ANSWER_TIMEOUT_S = 60.0
"""How long a viewer may take from its start to its first answer; big stores on slow disks need it."""

REATTACH_PAUSE_S = 0.5
LONGEST_REATTACH_PAUSE_S = 10.0


class Viewer:
    """Owns one viewer: starts or adopts it, knows its record, sees its end, opens streams to it.

    Args:
        host: The host that it runs on.
        kind: What sort of viewer it is.
        session: What marks it as that of its session; it goes into the remote record.
        target: What the user calls the host, for messages and for what is remembered of it.
        memory: What is known of targets that forbid Unix sockets; shared by all sessions.
        lease_s: How long it lives on when nobody renews its lease, in seconds.
        has_past: An earlier daemon may have started one that we have no record of.
    """

    def __init__(
        self,
        host: ViewerHost,
        kind: ViewerKind,
        *,
        session: str,
        target: str,
        memory: TransportMemory,
        lease_s: float = LEASE_S,
        has_past: bool = False,
    ) -> None:
        self._host = host
        self._kind = kind
        self._session = session
        self._launcher = Launcher(host, kind, target=target, memory=memory, lease_s=lease_s)
        self._record: ViewerRecord | None = None
        self._spare = Spare()
        self._may_have_strays = has_past

    @property
    def record(self) -> ViewerRecord | None:
        """The viewer that runs as far as we know; None before ``ensure`` and after ``stop``."""
        return self._record

    @property
    def exposed(self) -> bool:
        """Whether other accounts of the host can reach the viewer."""
        return self._record is not None and self._record.transport == "tcp"

    async def ensure(self, adopt: ViewerRecord | None, *, python: str, root: str) -> ViewerRecord:
        """Adopt the viewer of that record if it still runs, else start one.

        Its socket can be reached when this returns; whether it answers is for ``answering``. When it
        raises or is cancelled, no viewer that it started is left behind.

        Args:
            adopt: The record of an earlier start, from this daemon or the one before it.
            python: The Python of the environment, an absolute path on the host.
            root: The storage root, an absolute path on the host.

        Raises:
            ViewerCrashed: It exited at once.
            ForwardingForbidden: The server lets nothing through to it.
            NotConnected: The link is down.
            RemoteError: The host cannot start it.
        """
        self._record = adopt  # so that stop() finds it even when the link breaks in the middle
        self._spare.drop()
        reached = None
        if adopt is not None:
            reached = await self._launcher.adopt(adopt, self._session)
            self._record = reached.record if reached else None
        if reached is None:
            reached = await self._start(Launch(python, root, self._session))
        self._spare.put(reached.stream)
        self._record = reached.record
        return self._record

    async def _start(self, launch: Launch) -> Reached:
        """Start one, and first end what an earlier start may have left whose answer never came."""
        if self._may_have_strays:
            await self._launcher.clear(self._session)
        self._may_have_strays = True
        reached = await self._launcher.start(launch)
        self._may_have_strays = False
        return reached

    async def answering(self, url: str, timeout_s: float = ANSWER_TIMEOUT_S) -> Answer:
        """Wait for the viewer's first good answer through its tunnel.

        Args:
            url: The session's URL, without a path.
            timeout_s: Seconds to wait for it.

        Raises:
            ViewerCrashed: It exited instead; the message has the end of its log.
            ViewerUnresponsive: It did not answer in time.
        """
        ended = asyncio.ensure_future(self.exited())
        answer = asyncio.ensure_future(health.answer(self.health_url(url), timeout_s))
        try:
            await asyncio.wait({ended, answer}, return_when=asyncio.FIRST_COMPLETED)
            if answer.done() and not answer.exception():
                return answer.result()
            if ended.done():
                raise crash(ended.result())
            return answer.result()
        finally:
            ended.cancel()
            answer.cancel()
            await asyncio.gather(ended, answer, return_exceptions=True)

    def health_url(self, url: str) -> str:
        """The address to ask whether it works, for the session's URL."""
        return url.rstrip("/") + self._kind.health_path

    async def exited(self) -> ViewerExit:
        """Wait for the viewer's end, also across deaths of the agent.

        Raises:
            NotConnected: The link is down: ``ensure`` with the record finds it again.
        """
        record = self._started()
        pause = REATTACH_PAUSE_S
        while True:
            try:
                return await self._host.exits(record.identity.instance)
            except AgentFailed:
                await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_REATTACH_PAUSE_S)
            found = await self._host.attach_viewer(record.identity)
            if isinstance(found, ViewerExit):
                return found
            if found is None:
                return ViewerExit(record.identity.instance, code=None, signal=None, log_tail=())

    async def stop(self, record: ViewerRecord | None = None) -> bool:
        """End the viewer at once; False when none ran. Safe to call again.

        Args:
            record: A viewer of an earlier start, to be ended as well if it is not the one that we know.

        Raises:
            NotConnected: The link is down; the viewer's lease will end it.
        """
        self._spare.drop()
        stopped = False
        if record is not None and record != self._record:
            stopped = await self._launcher.stop(record)
        if self._record is not None:
            stopped = await self._launcher.stop(self._record) or stopped
            self._record = None
        return stopped

    async def dial(self) -> ByteStream:
        """Open a stream to the viewer, for the tunnel. Raises as ``Connection.open_unix``."""
        return self._spare.take() or await self._host.open_stream(self._started())

    def _started(self) -> ViewerRecord:
        if self._record is None:
            raise WrongState("cannot reach the viewer: it is not running", hint="start the session first")
        return self._record
