"""A daemon with made-up sessions that change when told: ``python -P made_up_sessions.py FD HOSTS SESSIONS``.

All but the sessions and their hosts is the real daemon: its event hub, its dispatcher, its gateway. What it
is told comes through the socket FD, a JSON object a line, each of which is answered by one:

- ``{"do": "mark", "number": N}`` changes the first session, whose text then names N, and says ``at``, the
  monotonic time in seconds of just before.
- ``{"do": "storm", "rate": N}`` changes each session N times a second from now on.
- ``{"do": "calm"}`` ends that, and says how many changes were ``told``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from runicornd.app import App
from runicornd.logs import Logs
from runicornd.remote.models import ViewerIdentity, ViewerRecord
from runicornd.sessions.model import ChosenEnvironment, Intent, Phase, SessionChanged, SessionView, State
from runicornd.settings import load_settings
from runicornd.ssh.lifecycle import LinkPhase, LinkState
from runicornd.ssh.targets import Host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runicornd.events import EventHub
    from runicornd.rpc.services import Services, Sessions
    from runicornd.settings import Settings

SLICE_S = 0.005
STEADY = 10
"""After so many changes a session may come to another state; one in ten is reconnecting."""
FIRST_PORT = 24000
PYTHON = "/home/ada/miniconda3/envs/train/bin/python"


class MadeUp:
    """The sessions, as the daemon's own manager would show them.

    Args:
        events: Where their changes are told.
        hosts: How many hosts there are.
        sessions: How many sessions there are on all of them.
    """

    def __init__(self, events: EventHub, hosts: int, sessions: int) -> None:
        self.told = 0
        self._events = events
        self._mark = 0
        self._hosts = [Host(_target(each), f"10.20.0.{each % 250}", user="ada") for each in range(hosts)]
        self._views = [_view(number, _target(number % hosts)) for number in range(sessions)]

    def list(self) -> list[SessionView]:
        """All sessions."""
        return list(self._views)

    def links(self) -> Iterator[_Link]:
        """The links of their hosts."""
        return (_Link(host) for host in self._hosts)

    def mark(self, number: int) -> float:
        """Change the first session so that its text names the number; when, in monotonic seconds."""
        self._mark = number
        at = time.monotonic()
        self.change(0)
        return at

    def change(self, number: int) -> None:
        """Change one session as a real one changes: its detail each time, its state now and then."""
        self.told += 1
        turn = self.told // len(self._views) // STEADY + number
        phase = Phase.RECONNECTING if turn % 10 == 0 else Phase.READY
        detail = f"mark {self._mark}, change {self.told}"
        state = State(phase, self._views[number].state.since, detail=detail)
        self._views[number] = replace(self._views[number], state=state)
        self._events.publish(SessionChanged(self._views[number]))

    async def storm(self, rate: float) -> None:
        """Change each session that many times a second, one after the other, until cancelled."""
        began, done = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * rate * len(self._views))
            for number in range(done, due):
                self.change(number % len(self._views))
            done = due
            await asyncio.sleep(SLICE_S)


class _Link:
    """A link that is up."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.state = LinkState(LinkPhase.UP, time.time())


class _Sessions:
    """The daemon's own manager, but for which sessions there are."""

    def __init__(self, manager: Sessions, made_up: MadeUp) -> None:
        self._manager = manager
        self.list = made_up.list

    def __getattr__(self, name: str) -> Any:
        return getattr(self._manager, name)


class _Pool:
    """The links of made-up hosts."""

    def __init__(self, made_up: MadeUp) -> None:
        self.links = made_up.links


class MadeUpApp(App):
    """The daemon, with other sessions than its own, which obeys a socket."""

    def __init__(self, settings: Settings, hosts: int, sessions: int, control: socket.socket) -> None:
        super().__init__(settings)
        self._made_up = MadeUp(self._events, hosts, sessions)
        self._control = control

    async def run(self) -> None:
        """Serve until a signal."""
        obeying = asyncio.create_task(self._obey())
        try:
            await super().run()
        finally:
            obeying.cancel()
            await asyncio.wait([obeying])

    def _services(self) -> Services:
        made = super()._services()
        sessions = cast("Sessions", _Sessions(made.sessions, self._made_up))
        return replace(made, sessions=sessions, pool=_Pool(self._made_up))

    async def _obey(self) -> None:
        reader, writer = await asyncio.open_connection(sock=self._control)
        storm: asyncio.Task[None] | None = None
        try:
            while line := await reader.readline():
                wish, answer = json.loads(line), {}
                if wish["do"] == "mark":
                    answer["at"] = self._made_up.mark(wish["number"])
                elif wish["do"] == "storm":
                    storm = asyncio.create_task(self._made_up.storm(wish["rate"]))
                elif storm is not None:
                    storm.cancel()
                    answer["told"] = self._made_up.told
                writer.write(json.dumps(answer).encode() + b"\n")
        finally:
            if storm is not None:
                storm.cancel()
            writer.close()


def _target(number: int) -> str:
    return f"gpu-{number:03}.lab.example"


def _view(number: int, target: str) -> SessionView:
    began = time.time() - 3600 - 400 * number
    name = f"s{number:03}"
    identity = ViewerIdentity(name, 900 + number, "123456", "0f3a")
    root = f"/data/ada/project-{number % 7}/RunicornData"
    endpoint = f"/run/user/1000/runicornd/{name}/v.sock"
    log = f"/run/user/1000/runicornd/{name}/log"
    intent = Intent(
        name,
        target,
        "runicorn",
        began,
        local_port=FIRST_PORT + number,
        environment=ChosenEnvironment("train", PYTHON, "0.7.2"),
        root=root,
        record=ViewerRecord(identity, name, 899, endpoint, "unix", log, root, began),
    )
    state = State(Phase.READY, began, detail="mark 0")
    return SessionView(intent, state, f"http://localhost:{FIRST_PORT + number}/")


async def _run(settings: Settings, descriptor: int, hosts: int, sessions: int) -> None:
    await MadeUpApp(settings, hosts, sessions, socket.socket(fileno=descriptor)).run()


def main() -> None:
    """Run until stopped."""
    settings = load_settings()
    logs = Logs(level=settings.log_level, file=settings.paths.log, foreground=True)
    try:
        asyncio.run(_run(settings, *map(int, sys.argv[1:])))
    finally:
        logs.close()


if __name__ == "__main__":
    main()
