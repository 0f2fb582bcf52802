"""What a session is made of, scripted: a link, a viewer, a tunnel, and the steps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace

from runicornd._lib.clock import SystemClock
from runicornd.errors import InvalidTarget
from runicornd.events import EventHub
from runicornd.remote.models import ViewerIdentity, ViewerRecord
from runicornd.sessions.model import ChosenEnvironment, Intent, SessionChanged
from runicornd.sessions.restarts import RestartBudget
from runicornd.sessions.session import Session
from runicornd.sessions.store import SessionStore
from runicornd.tunnels.ports import Ports

INTENT = Intent(id="gpu", target="gpu", viewer="runicorn", created=1.0)
RECORD = ViewerRecord(
    identity=ViewerIdentity("i" * 16, 10, "1", "boot"),
    session="gpu",
    keeper_pid=9,
    endpoint="/tmp/x/viewer.sock",
    transport="unix",
    log="/tmp/x/viewer.log",
    root="/data",
    started=1.0,
)


class FakeLink:
    """A link whose phase the test sets."""

    def __init__(self, key="gpu"):
        self.host = SimpleNamespace(key=key)
        self.state = SimpleNamespace(prompt_id=None, phase=None, error=None)
        self.holds = 0
        self.helped = asyncio.Event()
        self.kicks = 0

    @asynccontextmanager
    async def wanted(self):
        self.holds += 1
        try:
            yield self
        finally:
            self.holds -= 1

    async def unblocked(self):
        await self.helped.wait()

    def kick(self):
        self.kicks += 1

    def worked(self):
        return

    async def up(self, *, eager):
        return None

    async def down(self):
        return


class FakeViewer:
    """Counts its ends; ``stop_error`` is raised by the next stops."""

    def __init__(self):
        self.stopped = []
        self.stop_error = None

    async def stop(self, record):
        if self.stop_error:
            raise self.stop_error
        self.stopped.append(record)

    async def dial(self):
        raise NotImplementedError


class FakeTunnel:
    """Remembers how often it was opened, and whether it is attached and closed."""

    def __init__(self):
        self.port = 0
        self.opened = 0
        self.is_listening = False
        self.attached = False
        self.expects_visitors = False

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    @property
    def closed(self):
        return not self.is_listening

    def open(self, preferred=None, *, explicit=False):
        self.port = preferred or 8081
        self.opened += 1
        self.is_listening = True

    def attach(self, _dial):
        self.attached = True

    def detach(self, verdict=""):
        self.attached = False
        self.verdict = verdict

    def expect_visitors(self):
        self.expects_visitors = True

    async def close(self):
        self.is_listening = False


class FakeSteps:
    """Each step takes its next outcome from a list: an exception to raise, or anything to go on."""

    def __init__(self):
        self.prompt_id = None
        self.outcomes = {"connect": [], "choose": [], "launch": [], "answer": [], "watch": []}
        self.calls = []
        self.patient = []

    async def connect(self, *, patient):
        self.patient.append(patient)
        await self._next("connect")

    async def choose(self, intent, _on_question):
        await self._next("choose")
        return replace(intent, environment=ChosenEnvironment("base", "/bin/python", "0.7.2"), root="/data")

    async def launch(self, _intent):
        await self._next("launch")
        return RECORD

    async def answer(self, _url):
        await self._next("answer")

    async def watch(self, _url):
        await self._next("watch")
        self._broken = asyncio.get_running_loop().create_future()
        await self._broken

    def break_watch(self, error):
        """End the watch that goes on by an error."""
        self._broken.set_exception(error)

    async def _next(self, name):
        self.calls.append(name)
        outcome = self.outcomes[name].pop(0) if self.outcomes[name] else None
        if isinstance(outcome, Exception):
            raise outcome


class Bench:
    """A session on fakes, and the phases that it went through."""

    def __init__(self, folder, intent=INTENT, delays_s=(0.0, 0.0), link=None, events=None):
        self.link = link or FakeLink()
        self.viewer = FakeViewer()
        self.steps = FakeSteps()
        self.tunnel = FakeTunnel()
        self.store = SessionStore(folder)
        self.events = events or EventHub()
        self.session = Session(
            intent,
            link=self.link,
            viewer=self.viewer,
            steps=self.steps,
            tunnel=self.tunnel,
            budget=RestartBudget(delays_s=delays_s),
            store=self.store,
            events=self.events,
            clock=SystemClock(),
        )

    async def until(self, phase, timeout_s=5.0):
        """Wait for the phase; return the view."""
        with self.events.subscribe() as changes:
            if self.session.phase is phase:
                return self.session.view()
            async with asyncio.timeout(timeout_s):
                async for _, change in changes:
                    if isinstance(change, SessionChanged) and change.view.state.phase is phase:
                        return change.view
        raise AssertionError


class FakeFactory:
    """Builds sessions on fakes; ``benches`` has them by session id."""

    def __init__(self, folder, events):
        self.folder = folder
        self.events = events
        self.benches = {}
        self.ports = Ports(0, 0)
        self.last_pythons = {}

    def session(self, intent, link, *, last_python):
        bench = Bench(self.folder, intent, link=link, events=self.events)
        self.benches[intent.id] = bench
        self.last_pythons[intent.id] = last_python
        return bench.session


class FakeHosts:
    """Targets, links and agents of hosts that are always there; a target's host is its first word."""

    def __init__(self):
        self.made = {}
        self.logins = {}
        self.listed = ((), None)

    async def resolve(self, target):
        if target.startswith("-"):
            raise InvalidTarget(f"cannot use {target!r}")
        return SimpleNamespace(key=target.split()[0])

    def link(self, host, login=None):
        self.logins[host.key] = login
        return self.made.setdefault(host.key, FakeLink(host.key))

    def of(self, key, _link):
        return SimpleNamespace(environments=self._environments)

    async def _environments(self, _packages):
        return self.listed
