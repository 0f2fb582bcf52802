"""A host as the agent shows it: typed calls, pushed exits, streams to viewers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from runicornd.errors import AgentFailed, NotConnected
from runicornd.remote import messages
from runicornd.remote.channel import PING_INTERVAL_S, AgentChannel
from runicornd.remote.pushes import Exits, LogFeeds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    import msgspec

    from runicornd.errors import RunicorndError
    from runicornd.remote.models import (
        Account,
        ChangeMade,
        Environment,
        FolderList,
        Greeting,
        StorageRoot,
        StoreChange,
        ViewerExit,
        ViewerIdentity,
        ViewerRecord,
    )
    from runicornd.ssh.transport import ByteStream, Connection

GRACE_S = 5.0
LEASE_S = 1800.0

CALL_S = 15.0
SCAN_S = 30.0
START_S = 40.0
STOP_MARGIN_S = 15.0
CHANGE_S = 60.0
"""Seconds that a call may take; the agent's own limits are all shorter."""


class ConnectionSource(Protocol):
    """What is needed of a link: its connection, while it is up."""

    @property
    def connection(self) -> Connection | None:
        """The open connection, or None while the link is not up."""
        ...


class RemoteHost:
    """The agent of one link, started when it is first needed and again when it alone died.

    Every method raises ``NotConnected`` when the link is or goes down, and ``NoPython``,
    ``RemoteUnsupported`` or ``AgentFailed`` when there can be no agent.

    Args:
        source: The link.
        ping_interval_s: Seconds between two signs of life, which also renew the leases.
    """

    def __init__(self, source: ConnectionSource, *, ping_interval_s: float = PING_INTERVAL_S) -> None:
        self._source = source
        self._ping_interval_s = ping_interval_s
        self._channel: AgentChannel | None = None
        self._starting = asyncio.Lock()
        self._exits = Exits()
        self._logs = LogFeeds()

    async def greeting(self) -> Greeting:
        """Who and where the agent is."""
        return await (await self._agent()).greeting()

    async def environments(self, packages: Sequence[str]) -> tuple[tuple[Environment, ...], StorageRoot]:
        """All environments, with the versions of ``packages`` in them, and the storage root."""
        agent = await self._agent()
        found = await agent.call(
            "environments.list",
            {"packages": list(packages)},
            messages.EnvironmentList,
            timeout_s=SCAN_S,
        )
        return tuple(environment.checked() for environment in found.environments), found.root()

    async def inspect(self, path: str, packages: Sequence[str]) -> Environment:
        """The environment at a path: its prefix, its Python, or a project with a virtual environment.

        Raises:
            NoEnvironment: There is none.
        """
        agent = await self._agent()
        params = {"path": path, "packages": list(packages)}
        found = await agent.call("environments.inspect", params, messages.WireEnvironment, timeout_s=CALL_S)
        return found.checked()

    async def start_viewer(
        self,
        *,
        instance: str,
        session: str,
        argv: Sequence[str],
        root: str,
        env: Mapping[str, str] | None = None,
        transport: str = "unix",
        lease_s: float = LEASE_S,
    ) -> ViewerRecord:
        """Start a viewer under a keeper; returns when its process runs, which is before it answers.

        Raises:
            RootNotFound, PermissionDenied, DiskFull: Nothing was started, nothing is left.
            ViewerCrashed: It could not be executed; the context has ``log_tail``.
        """
        params = {
            "instance": instance,
            "session": session,
            "argv": list(argv),
            "env": dict(env or {}),
            "root": root,
            "transport": transport,
            "lease_s": lease_s,
        }
        agent = await self._agent()
        self._exits.watch(instance)
        try:
            found = await agent.call("viewer.start", params, messages.WireRecord, timeout_s=START_S)
        except BaseException:
            self._exits.unwatch(instance)
            raise
        return found.checked()

    async def attach_viewer(self, identity: ViewerIdentity) -> ViewerRecord | ViewerExit | None:
        """Find a viewer again and renew its lease: its record, its exit, or None when nothing is known."""
        agent = await self._agent()
        self._exits.watch(identity.instance)
        params = _wire_identity(identity)
        found = await agent.call("viewer.attach", params, messages.Attached, timeout_s=CALL_S)
        if found.alive and found.record is not None:
            return found.record.checked()
        if found.exit is not None:
            self._exits.tell(found.exit.checked())
        self._exits.unwatch(identity.instance)
        return self._exits.known(identity.instance)

    async def stop_viewer(self, identity: ViewerIdentity, *, grace_s: float = GRACE_S) -> bool:
        """End a viewer and all it left; False when it was not running."""
        agent = await self._agent()
        params = {**_wire_identity(identity), "grace_s": grace_s}
        timeout_s = grace_s + STOP_MARGIN_S
        answer = await agent.call("viewer.stop", params, messages.Stopped, timeout_s=timeout_s)
        return answer.stopped

    async def viewers(self) -> tuple[ViewerRecord, ...]:
        """All viewers of this account that run."""
        agent = await self._agent()
        found = await agent.call("viewer.list", {}, messages.RecordList, timeout_s=CALL_S)
        return tuple(record.checked() for record in found.viewers)

    async def viewer_log(self, instance: str, lines: int) -> tuple[str, ...]:
        """The last lines of a viewer's log.

        Raises:
            AgentFailed: It does not run.
        """
        return await self._log(instance, lines, follow=False)

    async def follow_log(self, instance: str, lines: int) -> AsyncIterator[tuple[str, ...]]:
        """The last lines, then the later ones as they come; ends when the viewer ends.

        A reader that is slow loses the oldest lines. Raises as ``viewer_log``.
        """
        with self._logs.open(instance) as feed:
            yield await self._log(instance, lines, follow=True)
            try:
                async for batch in feed:
                    yield batch
            finally:
                await self._unfollow(instance)

    async def exits(self, instance: str) -> ViewerExit:
        """Wait for the exit of a viewer that was started or attached.

        Raises:
            NotConnected, AgentFailed: Whoever would tell us is gone; attach again to go on.
        """
        return await self._exits.wait(instance)

    async def change_store(self, change: StoreChange, *, timeout_s: float = CHANGE_S) -> ChangeMade:
        """Change a version where it is; safe to ask again.

        Raises:
            InvalidParams, RootNotFound, UnknownArtifact, FileMissing, MetadataBroken, StoreLocked,
            SourceChanged, PermissionDenied, ReadOnly, DiskFull, RemoteUnsupported: Nothing has changed.
        """
        params = {name: getattr(change, name) for name in type(change).__slots__}
        agent = await self._agent()
        answer = await agent.call("store.change", params, messages.ChangeMade, timeout_s=timeout_s)
        return answer.checked()

    async def folders(self, path: str) -> FolderList:
        """The folders in one; empty for the account's home.

        Raises:
            RootNotFound, PermissionDenied: It cannot be read.
        """
        agent = await self._agent()
        found = await agent.call("folders.list", {"path": path}, messages.FoldersFound, timeout_s=CALL_S)
        return found.checked()

    async def clock(self) -> float:
        """The far end's time, in seconds since the epoch; one round trip."""
        return (await (await self._agent()).call("diagnose.clock", {}, messages.Clock, timeout_s=CALL_S)).time

    async def account(self, root: str = "") -> Account:
        """What the doctor wants to know of the account, and of a storage root if one is named."""
        agent = await self._agent()
        answer = await agent.call("diagnose.account", {"root": root}, messages.AccountFound, timeout_s=CALL_S)
        return answer.checked()

    async def listen(self, transport: str) -> str:
        """Let the agent listen for one caller where a viewer would, for a few seconds; the endpoint.

        Raises:
            PermissionDenied, DiskFull: There is no place for it.
        """
        params = {"transport": transport}
        agent = await self._agent()
        return (await agent.call("diagnose.listen", params, messages.Listening, timeout_s=CALL_S)).endpoint

    async def open_stream(self, record: ViewerRecord) -> ByteStream:
        """Connect to a viewer. Raises as ``Connection.open_unix``."""
        return await self.open_endpoint(record.transport, record.endpoint)

    async def open_endpoint(self, transport: str, endpoint: str) -> ByteStream:
        """Connect to where something listens at the far end. Raises as ``Connection.open_unix``."""
        connection = self._connection()
        if transport == "unix":
            return await connection.open_unix(endpoint)
        hostname, _, port = endpoint.rpartition(":")
        if not port.isdecimal() or not 0 < int(port) < 65536:
            raise AgentFailed(
                f"cannot reach the viewer: {endpoint!r} is no endpoint",
                hint="'runicornctl restart' starts a new viewer",
            )
        return await connection.open_tcp(hostname, int(port))

    async def close(self) -> None:
        """End the agent; viewers live on. Safe to call again."""
        async with self._starting:
            if self._channel is not None:
                await self._channel.close()
                self._channel = None

    # The agent

    def _connection(self) -> Connection:
        connection = self._source.connection
        if connection is None:
            raise NotConnected(
                "cannot reach the server: the link is down", hint="'runicornctl status' says why"
            )
        return connection

    async def _agent(self) -> AgentChannel:
        """Return the agent on the link's present connection; callers that come together share its start."""
        async with self._starting:
            connection = self._connection()
            channel = self._channel
            if channel is not None and channel.is_open and channel.connection is connection:
                return channel
            if channel is not None:
                await channel.close()
            self._channel = None
            self._channel = await AgentChannel.open(
                connection,
                on_event=self._take_event,
                on_end=self._agent_ended,
                ping_interval_s=self._ping_interval_s,
            )
            return self._channel

    def _take_event(self, event: str, params: msgspec.Raw) -> None:
        if event == "viewer.exited":
            ended = messages.read(params, messages.WireExit).checked()
            self._exits.tell(ended)
            self._logs.end(ended.instance)
        elif event == "viewer.log":
            said = messages.read(params, messages.Lines)
            self._logs.tell(said.instance, tuple(said.lines))

    def _agent_ended(self, reason: RunicorndError) -> None:
        self._exits.fail(reason)
        self._logs.fail(reason)

    async def _log(self, instance: str, lines: int, *, follow: bool) -> tuple[str, ...]:
        agent = await self._agent()
        params = {"instance": instance, "lines": lines, "follow": follow}
        answer = await agent.call("viewer.log", params, messages.Lines, timeout_s=CALL_S)
        return tuple(answer.lines)

    async def _unfollow(self, instance: str) -> None:
        """Stop the flow, if this was the last reader and there is still somebody to tell."""
        channel = self._channel
        if channel is None or not channel.is_open or self._logs.readers(instance) > 1:
            return
        try:
            await channel.call("viewer.unfollow", {"instance": instance}, messages.Nothing, timeout_s=CALL_S)
        except (AgentFailed, NotConnected):
            return


def _wire_identity(identity: ViewerIdentity) -> dict[str, object]:
    return {
        "instance": identity.instance,
        "pid": identity.pid,
        "start_time": identity.start_time,
        "boot_id": identity.boot_id,
    }
