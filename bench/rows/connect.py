"""Row ``connect``: from asking for a viewer to its first answer, with a daemon that is already running."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.homes import ENVIRONMENT, home_with_viewer
from bench.model import CannotMeasure, Case, Plan, difference, ratio
from bench.peers.runicorn_remote import runicorn_remote
from bench.processes import answers, until
from bench.server import server
from bench.timing import seconds
from bench.viewer_start import viewers_own_start
from runicornd.protocol.models import SessionStartParams
from runicornd.viewers.kinds.runicorn import Runicorn
from tests.helpers.runicorn_env import NEW, runicorn_env

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from bench.peers.runicorn_remote import RunicornRemote
    from bench.server import Server
    from runicornd.protocol.models import Session


OURS = "ours: sessions.start to ready"
COMMAND = "ours: runicornctl connect --no-browser --json"
AGAIN = "ours: the same, when the link is up already"
FLOOR = "floor: the viewer's own start"
PEER = f"peer: Runicorn {NEW}, connect + conda-envs + viewer/start"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One server for ours and for the peer, with the same home, environment and storage root."""
    home, root, python = home_with_viewer(folder / "home")
    with (
        server(folder, home.path) as host,
        daemon(folder, ssh_config=host.ssh_config) as ours,
        runicorn_remote(runicorn_env(NEW).python, folder, host.sshd) as peer,
    ):
        us = _Ours(ours, host, str(root))
        yield Plan(
            [
                Case(OURS, us.start_afresh),
                Case(COMMAND, us.command_afresh),
                Case(AGAIN, us.start_on_a_link),
                Case(FLOOR, lambda: viewers_own_start(python, root, folder)),
                Case(PEER, lambda: _peer_flow(peer, str(root)), at_most=3, is_warmed=False),
            ],
            [
                difference("ours less the viewer's own start", OURS, FLOOR, "at most 1.0 s"),
                difference("command less the viewer's own start", COMMAND, FLOOR, "at most 1.0 s"),
                difference("on a live link less the viewer's own start", AGAIN, FLOOR),
                ratio("ours / peer", OURS, PEER),
            ],
            [
                "Every round makes a new SSH connection, on both sides, but where the link is up already.",
                "The server's conda command is a stand-in that answers at once, to the peer's advantage.",
                "The viewer's own start: the same command, environment and root, without SSH.",
            ],
        )


class _Ours:
    """One start at a time, ended again outside of the time that is taken."""

    def __init__(self, ours: Daemon, host: Server, root: str) -> None:
        self._daemon = ours
        self._host = host
        self._params = SessionStartParams(target=host.near, env=ENVIRONMENT, root=root)

    def start_afresh(self) -> float:
        self._drop_link()
        return self._timed()

    def start_on_a_link(self) -> float:
        if not self._daemon.has_link(self._host.near):
            raise CannotMeasure("the link of the round before is gone")
        return self._timed()

    def command_afresh(self) -> float:
        self._drop_link()
        said: list[str] = []
        words = ("connect", self._host.near, "--env", ENVIRONMENT, "--root", str(self._params.root))
        taken = seconds(lambda: said.append(self._daemon.command(*words, "--no-browser", "--json")))
        self._daemon.remove_session(json.loads(said[0])["id"])
        return taken

    def _timed(self) -> float:
        sessions: list[Session] = []
        taken = seconds(lambda: sessions.append(self._daemon.start_session(self._params)))
        if not answers(f"{sessions[0].url}{Runicorn.health_path}"):
            raise CannotMeasure(f"{sessions[0].url} is called ready, and does not answer")
        self._daemon.remove_session(sessions[0].id)
        return taken

    def _drop_link(self) -> None:
        """A link outlives its last session for a while: the server ends it."""
        self._host.sshd.drop_connections()
        until(lambda: not self._daemon.has_link(), "the end of the link", 10)


def _peer_flow(peer: RunicornRemote, root: str) -> float:
    """What its web page does: connect, list environments, start the viewer, open it."""
    sessions = []

    def flow() -> None:
        peer.environments(peer.connect())
        sessions.append(peer.start_viewer(ENVIRONMENT, root))
        peer.wait_ready(sessions[0])

    try:
        return seconds(flow)
    finally:
        for session in sessions:
            peer.stop(session)
        if not sessions:
            peer.disconnect()
