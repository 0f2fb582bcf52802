"""A host whose viewers exist in memory only."""

import asyncio
import itertools

from runicornd.errors import AgentFailed, ForwardingForbidden
from runicornd.remote.models import ViewerExit, ViewerIdentity, ViewerRecord


class FakeStream:
    """A stream that remembers how it ended."""

    is_fresh = True

    def __init__(self):
        self.aborted = False

    async def read(self, limit):
        return b""

    async def write(self, data):
        pass

    async def finish(self):
        pass

    def abort(self):
        self.aborted = True

    async def close(self):
        self.aborted = True


class FakeViewerHost:
    """Mirrors ``RemoteHost`` as far as viewers need it.

    ``forbidden`` transports cannot be opened; ``crash_at_start`` makes every viewer exit before its
    socket is opened; ``start_gate`` holds back the answer to a start until it is set; ``start_failure`` is
    raised once in its place.
    """

    def __init__(self):
        self.forbidden = set()
        self.crash_at_start = None
        self.start_gate = None
        self.start_failure = None
        self.start_asked = asyncio.Event()
        self.started = []
        self.running = {}
        self.ended = {}
        self.streams = []
        self.agent_deaths = asyncio.Event()
        self._pids = itertools.count(100)
        self._changed = asyncio.Condition()

    async def start_viewer(
        self, *, instance, session, argv, root, env=None, transport="unix", lease_s=1800.0
    ):
        self.started.append(
            {"argv": list(argv), "env": dict(env or {}), "transport": transport, "root": root}
        )
        pid = next(self._pids)
        record = ViewerRecord(
            identity=ViewerIdentity(instance=instance, pid=pid, start_time=str(pid * 7), boot_id="boot"),
            session=session,
            keeper_pid=pid - 50,
            endpoint="127.0.0.1:4000" if transport == "tcp" else f"/run/{instance}/s",
            transport=transport,
            log=f"/run/{instance}/log",
            root=root,
            started=1.0,
        )
        self.running[instance] = record
        self.start_asked.set()
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.start_failure is not None:
            failure, self.start_failure = self.start_failure, None
            raise failure
        if self.crash_at_start is not None:
            await self.end(record, code=1, log_tail=self.crash_at_start)
        return record

    async def attach_viewer(self, identity):
        record = self.running.get(identity.instance)
        if record is not None and record.identity == identity:
            return record
        return self.ended.get(identity.instance)

    async def viewers(self):
        return tuple(self.running.values())

    async def stop_viewer(self, identity, *, grace_s=5.0):
        record = self.running.get(identity.instance)
        if record is None or record.identity != identity:
            return False
        await self.end(record, signal=15)
        return True

    async def exits(self, instance):
        async with self._changed:
            while instance not in self.ended:
                if self.agent_deaths.is_set():
                    self.agent_deaths.clear()
                    raise AgentFailed("cannot go on: the agent died")
                await self._changed.wait()
        return self.ended[instance]

    async def open_stream(self, record):
        listens = record.identity.instance in self.running
        if record.transport in self.forbidden or not listens:
            raise ForwardingForbidden("cannot open: open failed")
        self.streams.append(FakeStream())
        return self.streams[-1]

    async def end(self, record, *, code=None, signal=None, log_tail=()):
        """Let a viewer end."""
        async with self._changed:
            instance = record.identity.instance
            self.running.pop(instance, None)
            self.ended[instance] = ViewerExit(instance, code, signal, tuple(log_tail))
            self._changed.notify_all()

    async def kill_agent(self):
        """Make whoever waits for an exit hear that the agent is gone."""
        async with self._changed:
            self.agent_deaths.set()
            self._changed.notify_all()
