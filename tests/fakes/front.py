"""Forwards, folders, settings and the dashboard as the control plane sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from runicornd.errors import RootNotFound, UnknownForward
from runicornd.forwards.model import ForwardChanged, ForwardIntent, ForwardPhase, ForwardRemoved, ForwardView
from runicornd.forwards.model import read_spec as read
from runicornd.remote.models import Folder, FolderList
from runicornd.rpc.services.dashboard import Served
from runicornd.settings import load_settings
from runicornd.settings.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runicornd.events import EventHub
    from runicornd.ssh.auth import Login

NOW = 1_700_000_000.0


class FakeForwards:
    """Forwards that are ready at once, on ports from 9001 on."""

    def __init__(self, events: EventHub) -> None:
        self.events = events
        self.views: dict[str, ForwardView] = {}

    def list(self) -> Sequence[ForwardView]:
        return [self.views[key] for key in sorted(self.views)]

    async def open(self, target: str, spec: str, login: Login | None) -> ForwardView:
        port, endpoint = read(spec)
        intent = ForwardIntent(
            f"{target}-{endpoint.port}", target, endpoint, port or 9001 + len(self.views), created=NOW
        )
        view = self.views[intent.id] = ForwardView(intent, ForwardPhase.READY, NOW)
        self.events.publish(ForwardChanged(view))
        return view

    async def shut(self, forward_id: str) -> None:
        if forward_id not in self.views:
            raise UnknownForward(f"cannot find forward {forward_id!r}: there is none of that id")
        del self.views[forward_id]
        self.events.publish(ForwardRemoved(forward_id))


class FakeFolders:
    """A home with one storage root in it."""

    def __init__(self) -> None:
        self.logins: list[Login | None] = []

    async def list(self, target: str, path: str | None, login: Login | None) -> FolderList:
        self.logins.append(login)
        here = path or "/home/ada"
        if here != "/home/ada":
            raise RootNotFound(f"cannot list {here}: there is no such folder")
        return FolderList(here, "/home", (Folder("runs", "/home/ada/runs", is_root=True),), False, False)


class FakeDashboard:
    """One that is served at 23300 unless ``served`` is None."""

    def __init__(self) -> None:
        self.served: Served | None = Served("http://localhost:23300/", 23300)
        self.revocations = 0

    def link(self) -> tuple[Served, float]:
        assert self.served is not None
        return replace(self.served, url=f"{self.served.url}#enter=CODE"), NOW + 120

    def token(self) -> str:
        return "TOKEN"

    async def revoke(self) -> None:
        self.revocations += 1


def fake_configuration(folder: Path) -> Configuration:
    """The settings of ``config.toml`` in a folder."""

    def load():
        return load_settings({"RUNICORND_CONFIG": str(folder / "config.toml")})

    return Configuration(load(), load, lambda _settings: None)
