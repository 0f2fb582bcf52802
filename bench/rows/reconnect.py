"""Row ``reconnect``: from a dropped connection to the next answer, beside autossh."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.model import CannotMeasure, Case, Plan, difference, ratio
from bench.peers.autossh import autossh
from bench.processes import answers, output_of, until
from bench.server import server
from bench.standin import stand_in
from bench.timing import seconds
from runicornd.protocol.models import SessionStartParams
from runicornd.viewers.kinds.runicorn import Runicorn
from tests.helpers.runicorn_env import MadeUpHome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from bench.server import Server
    from runicornd.protocol.models import Session

ROUND_TRIP_S = 0.1
BACK_S = 30

OURS = "ours: loopback"
OURS_FAR = "ours: far"
PEER = "peer: autossh -M 0 -L, loopback"
PEER_FAR = "peer: autossh -M 0 -L, far"
FLOOR_FAR = "floor: OpenSSH's 'ssh far true'"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """A server for each side and each distance, so that a drop hits one of them only."""
    home = MadeUpHome(folder / "home")
    python, root = stand_in(home), home.root()
    with contextlib.ExitStack() as stack:
        ours, theirs = (_Pair(*_servers(stack, folder / name, home.path)) for name in ("ours", "theirs"))
        config = folder / "ssh_config"
        config.write_text(ours.near.sshd.ssh_config("near") + _far_block(ours.far))
        (folder / "daemon").mkdir()
        us = stack.enter_context(daemon(folder / "daemon", ssh_config=config))
        near, far = (
            us.start_session(SessionStartParams(target=target, env=str(python), root=str(root)))
            for target in ("near", "far")
        )
        peer = _Peer(folder, theirs, endpoint=near.remote.endpoint if near.remote else "")
        yield Plan(
            [
                Case(OURS, lambda: _drop_ours(us, ours.near, near), budget="median 0.5 s, p95 1 s"),
                Case(PEER, lambda: peer.drop(theirs.near, theirs.near.near)),
                Case(OURS_FAR, lambda: _drop_ours(us, ours.far, far)),
                Case(PEER_FAR, lambda: peer.drop(theirs.far, theirs.far.far)),
                Case(FLOOR_FAR, lambda: _ssh_true(theirs.far)),
            ],
            [
                ratio("ours / autossh, loopback", OURS, PEER),
                ratio("ours / autossh, far", OURS_FAR, PEER_FAR),
                difference("ours far less 'ssh far true'", OURS_FAR, FLOOR_FAR, "at most 0.5 s"),
            ],
            [
                "The server's end of the connection is killed; requests follow until one is answered.",
                f"Far: a proxy delays every byte, {ROUND_TRIP_S * 1000:g} ms there and back.",
                "autossh is started afresh before each drop, as it slows down when drops come in a row.",
                "Ours lives through all of them. Both lead to a stand-in viewer that answers at once.",
            ],
        )


@dataclass(frozen=True)
class _Pair:
    near: Server
    far: Server


@dataclass(frozen=True)
class _Peer:
    folder: Path
    servers: _Pair
    endpoint: str

    def drop(self, host: Server, alias: str) -> float:
        """Take the time of one drop of a new autossh."""
        with autossh(self.folder, host.ssh_config, alias, self.endpoint, Runicorn.health_path) as url:
            return _back(host, url)


def _servers(stack: contextlib.ExitStack, folder: Path, home: Path) -> Iterator[Server]:
    for name, round_trip_s in (("near", None), ("far", ROUND_TRIP_S)):
        (folder / name).mkdir(parents=True)
        yield stack.enter_context(server(folder / name, home, round_trip_s=round_trip_s))


def _far_block(far: Server) -> str:
    assert far.proxy is not None
    return "\n" + far.sshd.ssh_config("far", extra=[f"Port {far.proxy.port}"])


def _drop_ours(us: Daemon, host: Server, session: Session) -> float:
    def is_ready() -> bool:
        return any(each.id == session.id and each.state == "ready" for each in us.status().sessions)

    until(is_ready, "the session of the round before", BACK_S)
    return _back(host, f"{session.url}{Runicorn.health_path}")


def _back(host: Server, url: str) -> float:
    """Drop the connection; how long it takes until the URL answers again."""

    def drop_and_ask() -> None:
        if not host.sshd.drop_connections():
            raise CannotMeasure("there was no connection to drop")
        until(lambda: answers(url), "an answer after the drop", BACK_S)

    return seconds(drop_and_ask)


def _ssh_true(host: Server) -> float:
    argv = ["ssh", "-F", str(host.ssh_config), "-o", "BatchMode=yes", host.far, "true"]
    return seconds(lambda: output_of(argv, env=os.environ))
