"""Row ``envs``: the list of a server's 50 environments, on loopback and at 100 ms."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.homes import PACKAGES_EACH, home_with_many
from bench.model import ROUND_TRIPS, CannotMeasure, Case, Plan, more_round_trips, ratio, round_trips
from bench.peers.runicorn_remote import runicorn_remote
from bench.processes import output_of, until
from bench.server import server
from bench.timing import seconds
from tests.helpers.runicorn_env import NEW, runicorn_env

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.daemon import Daemon
    from bench.peers.runicorn_remote import RunicornRemote
    from bench.server import Server

CONDA = 30
VIRTUAL = 20
ROUND_TRIP_S = 0.1
SSH_S = 30
NOTE = (
    f"{CONDA} conda and {VIRTUAL} virtual environments of {PACKAGES_EACH} packages each, every second with "
    "Runicorn, beside the Pythons of this machine itself. "
    f"Round trips compared: time at {ROUND_TRIP_S * 1000:g} ms less time on loopback, by that delay. "
    "Counted by the proxy: each turn from sending to receiving; what overlaps and the link's own keep-alive "
    "count as well, so it is an upper bound."
)

WARM = "ours: link up"
COLD = "ours: from nothing, connection included"
FAR_WARM = "ours: link up, 100 ms away"
FAR_COLD = "ours: from nothing, 100 ms away"
TURNS = "ours: link up, counted by the proxy"
TURNS_COLD = "ours: from nothing, counted by the proxy"
SSH_TURNS = "floor: OpenSSH's ssh runs 'true', counted by the proxy"
PEER = f"peer: Runicorn {NEW}, conda-envs, connection up"


@contextlib.contextmanager
def plan(folder: Path) -> Iterator[Plan]:
    """One server with two ways to it: straight, and through a proxy that delays."""
    home = home_with_many(folder / "home", CONDA, VIRTUAL)
    with (
        server(folder, home.path, round_trip_s=ROUND_TRIP_S) as host,
        daemon(folder, ssh_config=host.ssh_config) as ours,
        runicorn_remote(runicorn_env(NEW).python, folder, host.sshd) as peer,
    ):
        near, far = _Ours(ours, host, host.near), _Ours(ours, host, host.far)
        notes = [NOTE]
        theirs = _Peer(peer, notes)
        yield Plan(
            [
                Case(COLD, near.from_nothing),
                Case(WARM, near.on_a_link, budget="at most 300 ms"),
                Case(FAR_COLD, far.from_nothing),
                Case(FAR_WARM, far.on_a_link),
                Case(TURNS, far.turns_on_a_link, ROUND_TRIPS, budget="at most 3"),
                Case(TURNS_COLD, far.turns_from_nothing, ROUND_TRIPS),
                Case(SSH_TURNS, lambda: _turns_of_ssh(host), ROUND_TRIPS),
                Case(PEER, theirs.once, at_most=2, is_warmed=False),
            ],
            [
                round_trips("link up", FAR_WARM, WARM, ROUND_TRIP_S, "at most 3"),
                round_trips("from nothing", FAR_COLD, COLD, ROUND_TRIP_S),
                more_round_trips("counted, from nothing less ssh", TURNS_COLD, SSH_TURNS, "at most 3"),
                ratio("ours (link up) / peer", WARM, PEER),
            ],
            notes,
        )


class _Ours:
    """Lists of one target; rows run them in this order: from nothing, then on the link of that."""

    def __init__(self, ours: Daemon, host: Server, target: str) -> None:
        self._daemon = ours
        self._host = host
        self._target = target

    def from_nothing(self) -> float:
        self._drop_links()
        return self._list()

    def on_a_link(self) -> float:
        if not self._daemon.has_link(self._target):
            self._list()
        return self._list()

    def turns_from_nothing(self) -> float:
        self._drop_links()
        return self._turns()

    def turns_on_a_link(self) -> float:
        if not self._daemon.has_link(self._target):
            self._list()
        return self._turns()

    def _drop_links(self) -> None:
        self._host.sshd.drop_connections()
        until(lambda: not self._daemon.has_link(), "the end of the links", 10)

    def _turns(self) -> float:
        _ = self._host.far_round_trips
        self._list()
        return self._host.far_round_trips

    def _list(self) -> float:
        found: list[int] = []
        taken = seconds(lambda: found.append(len(self._daemon.environments(self._target).environments)))
        if found[0] < CONDA + VIRTUAL:
            raise CannotMeasure(f"{found[0]} environments were found, {CONDA + VIRTUAL} are there")
        return taken


def _turns_of_ssh(host: Server) -> int:
    """What any program pays that makes an SSH connection and runs one command over it."""
    _ = host.far_round_trips
    argv = ["ssh", "-F", str(host.ssh_config), "-o", "BatchMode=yes", host.far, "true"]
    output_of(argv, env=os.environ, timeout_s=SSH_S)
    return host.far_round_trips


class _Peer:
    """Its list is remembered with its connection, so each one needs a new connection, not timed."""

    def __init__(self, peer: RunicornRemote, notes: list[str]) -> None:
        self._peer = peer
        self._notes = notes

    def once(self) -> float:
        connection = self._peer.connect()
        found: list[int] = []
        taken = seconds(lambda: found.append(len(self._peer.environments(connection))))
        self._peer.disconnect()
        note = (
            f"The peer lists {found[0]} environments: conda's and the system's Python, no virtual ones, "
            "no versions of Runicorn."
        )
        if note not in self._notes:
            self._notes.append(note)
        return taken
