"""The daemon's parts as the control plane sees them, without hosts or processes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runicornd.doctor.model import Check, Report, Ticked, failure
from runicornd.errors import HostUnreachable, UnknownHost, UnknownSession
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.remote.models import Environment, StorageRoot, ViewerIdentity, ViewerRecord
from runicornd.rpc.services import DaemonFacts, Services
from runicornd.sessions.model import (
    ChosenEnvironment,
    EnvironmentReport,
    Intent,
    JudgedEnvironment,
    LogWritten,
    Phase,
    SessionChanged,
    SessionRemoved,
    SessionView,
    State,
)
from runicornd.ssh.lifecycle import LinkPhase, LinkState
from runicornd.ssh.targets import Host
from tests.fakes.front import FakeDashboard, FakeFolders, FakeForwards, fake_configuration
from tests.fakes.storage import FakeDownloads, FakeStores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runicornd.sessions.model import StartRequest
    from runicornd.ssh.auth import Login

NOW = 1_700_000_000.0


def session_view(
    name: str = "gpu", *, phase: Phase = Phase.READY, port: int = 8081, error: Exception | None = None
) -> SessionView:
    """A session with every field filled in."""
    identity = ViewerIdentity(instance=f"i-{name}", pid=4711, start_time="99", boot_id="b")
    record = ViewerRecord(
        identity=identity,
        session=name,
        keeper_pid=4710,
        endpoint="/run/user/1000/v.sock",
        transport="unix",
        log="/tmp/v.log",
        root="/data/runs",
        started=NOW,
    )
    intent = Intent(
        id=name,
        target=f"{name}-server",
        viewer="runicorn",
        created=NOW,
        local_port=port,
        environment=ChosenEnvironment("torch", "/opt/torch/bin/python", "0.7.2"),
        record=record,
    )
    return SessionView(intent, State(phase, NOW, error=error), url=f"http://localhost:{port}")


class FakeSessions:
    """Sessions in a dict. ``hold`` makes ``start`` wait; ``failure`` makes it raise."""

    def __init__(self, events: EventHub) -> None:
        self.views: dict[str, SessionView] = {}
        self.events = events
        self.requests: list[StartRequest] = []
        self.logins: list[Login | None] = []
        self.followed: list[str] = []
        self.failure: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.running = 0
        self.most_running = 0
        self.cancelled = 0
        self.lines: Sequence[str] = ("one", "two")

    def add(self, view: SessionView) -> None:
        self.views[view.intent.id] = view
        self.events.publish(SessionChanged(view))

    def write_log(self, session_id: str, *lines: str) -> None:
        self.events.publish(LogWritten(session_id, lines))

    def list(self) -> Sequence[SessionView]:
        return tuple(self.views.values())

    def get(self, subject: str) -> SessionView:
        for view in self.views.values():
            if subject in {view.intent.id, view.intent.target}:
                return view
        raise UnknownSession(f"cannot find {subject!r}: no session is called that", hint="see 'status'")

    async def start(self, request: StartRequest) -> SessionView:
        self.requests.append(request)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.hold:
                await self.hold.wait()
            if self.failure:
                raise self.failure
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        view = session_view(request.target)
        self.add(view)
        return view

    async def stop(self, subject: str) -> SessionView:
        view = self.get(subject)
        stopped = replace(view, state=State(Phase.STOPPED, NOW + 1), url=None)
        self.add(stopped)
        return stopped

    async def restart(self, subject: str) -> SessionView:
        return self.get(subject)

    async def remove(self, subject: str) -> None:
        session_id = self.get(subject).intent.id
        del self.views[session_id]
        self.events.publish(SessionRemoved(session_id))

    async def logs(self, subject: str, lines: int) -> tuple[str, Sequence[str]]:
        return self.get(subject).intent.id, self.lines[-lines:]

    async def follow_log(self, subject: str) -> None:
        self.get(subject)
        self.followed.append(subject)

    async def unfollow_log(self, subject: str) -> None:
        self.followed.remove(subject)

    async def environments(self, target: str, viewer: str, login: Login | None) -> EnvironmentReport:
        self.logins.append(login)
        root = StorageRoot(path="/data/runs", source="config", exists=True, readable=True)
        torch = Environment("torch", "conda", "/opt/torch", "/opt/torch/bin/python", "3.11.7")
        bare = Environment("bare", "venv", "/srv/bare", "/srv/bare/bin/python", "3.9.1")
        return EnvironmentReport(
            target=target,
            environments=(
                JudgedEnvironment(torch, "0.7.2", usable=True),
                JudgedEnvironment(
                    bare, None, usable=False, reason=f"no {viewer}", fix="pip install runicorn"
                ),
            ),
            storage_root=root,
            chosen=torch.python,
        )


@dataclass(frozen=True)
class FakeSavedHost:
    name: str
    address: str
    identity_file: Path | None = None


@dataclass(frozen=True)
class FakeKey:
    key_type: str = "ssh-ed25519"
    fingerprint: str = "SHA256:abc"
    source: str = ""


@dataclass(frozen=True)
class FakeTrusted:
    names: str
    key: FakeKey


@dataclass(frozen=True)
class FakeCheck:
    address: str
    verdict: str
    shown: FakeKey
    known: tuple[FakeKey, ...] = ()


@dataclass(frozen=True)
class FakeUntrusted:
    removed: tuple[FakeKey, ...]
    elsewhere: tuple[str, ...]


class FakeHosts:
    """Saved hosts in a dict; ``gone`` is a target that cannot be reached."""

    def __init__(self) -> None:
        self.by_name: dict[str, FakeSavedHost] = {}
        self.trusted: list[tuple[str, str]] = []

    def list(self) -> Sequence[FakeSavedHost]:
        return tuple(self.by_name.values())

    async def aliases(self) -> Sequence[str]:
        return ["alias-one"]

    def save(self, name: str, address: str, identity_file: Path | None) -> None:
        self.by_name[name] = FakeSavedHost(name, address, identity_file)

    def forget(self, name: str) -> None:
        if name not in self.by_name:
            raise UnknownHost(f"cannot forget {name!r}: no host is saved under that name")
        del self.by_name[name]

    async def check(self, target: str) -> FakeCheck:
        if target == "gone":
            raise HostUnreachable("cannot reach gone: no route", hint="check the VPN", port=22)
        return FakeCheck(f"ada@{target}:22", "changed", FakeKey(), (FakeKey(fingerprint="SHA256:old"),))

    async def trust(self, target: str, fingerprint: str) -> None:
        self.trusted.append((target, fingerprint))

    async def trusted_keys(self) -> Sequence[FakeTrusted]:
        return [FakeTrusted("gpu", FakeKey()), FakeTrusted("[gpu]:2222", FakeKey())]

    async def untrust(self, target: str) -> FakeUntrusted:
        return FakeUntrusted((FakeKey(source="known_hosts"),), ("/home/ada/.ssh/known_hosts",))


@dataclass(frozen=True)
class FakeLink:
    host: Host
    state: LinkState


class FakePool:
    def __init__(self) -> None:
        self.all: list[FakeLink] = []

    def add(self, target: str, phase: LinkPhase, error: Exception | None = None) -> None:
        host = Host(target=target, hostname=target, user="ada")
        self.all.append(FakeLink(host, LinkState(phase, NOW, error=error)))

    def links(self) -> Sequence[FakeLink]:
        return self.all


class FakeDoctor:
    """Finds one thing wrong with every target; ``runs`` has what it was asked."""

    def __init__(self, events: EventHub) -> None:
        self.events = events
        self.runs: list[tuple[str | None, str | None, Login | None, bool]] = []

    async def examine(
        self,
        target: str | None,
        *,
        run: str | None = None,
        login: Login | None = None,
        ask: bool = True,
    ) -> Report:
        self.runs.append((target, run, login, ask))
        found = failure("host_unreachable", "cannot reach it", "check the VPN", port=22)
        check = Check("tcp", "Network", found, 0.25)
        if run:
            self.events.publish(Ticked(run, target, check))
        return Report(target, (check,))


class FakeDaemon:
    """All parts, and what the handlers get of them."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "s" / "d.sock"
        self.events = EventHub()
        self.prompts = Prompts(self.events)
        self.sessions = FakeSessions(self.events)
        self.hosts = FakeHosts()
        self.pool = FakePool()
        self.doctor = FakeDoctor(self.events)
        self.stores = FakeStores(self.events)
        self.downloads = FakeDownloads(self.events)
        self.forwards = FakeForwards(self.events)
        self.folders = FakeFolders()
        self.configuration = fake_configuration(folder)
        self.dashboard = FakeDashboard()
        self.shutdowns: list[bool] = []
        self.agents: list[Path] = []
        self.services = Services(
            sessions=self.sessions,
            hosts=self.hosts,
            pool=self.pool,
            stores=self.stores,
            downloads=self.downloads,
            doctor=self.doctor,
            forwards=self.forwards,
            folders=self.folders,
            configuration=self.configuration,
            dashboard=self.dashboard,
            prompts=self.prompts,
            events=self.events,
            use_agent=self.agents.append,
            shutdown=self.shutdowns.append,
            daemon=DaemonFacts("9.9", 4242, NOW, self.socket, folder / "d.log", folder / "config.toml"),
        )
