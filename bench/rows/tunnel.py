"""Rows ``tunnel-…``: the first byte, bulk, and many streams through a tunnel, beside ``ssh -L``."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.daemon import daemon
from bench.flooding import PIECE_BYTES, ask, fetch, flooding_viewer, request, take
from bench.model import CannotMeasure, Case, Plan, difference, ratio, round_trips
from bench.peers.forwarding import ssh_forward
from bench.process_costs import memory_mb, processor_s
from bench.server import server
from runicornd.protocol.models import SessionStartParams
from tests.helpers.runicorn_env import MadeUpHome
from tests.helpers.sshd import descendants

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.server import Server

ROUND_TRIP_S = 0.1
GCM = "aes128-gcm@openssh.com"
SIZE_VARIABLE = "RUNICORND_BENCH_TUNNEL_MB"
SIZE_MB = 300
FAR_SHARE = 3
BROWSER = 6
PAUSE_S = 0.5
STREAMS = 100
STREAM_BYTES = 2_000_000
STOPPED = 50
STOPPED_BYTES = 100_000_000
QUESTIONS = 50
BREATH_S = 0.01
SETTLED_S = 0.5
IDLE_SHARE = 0.04
SETTLE_LIMIT_S = 60.0


@dataclass(frozen=True)
class _Side:
    """One way to the viewer: the local port, and whose work is counted as its cost."""

    port: int
    pid: int
    server: Server

    def processor_s(self) -> float:
        return sum(processor_s(pid) for pid in (self.pid, *descendants(self.server.sshd.pid)))


@dataclass(frozen=True)
class _Place:
    near: _Side
    far: _Side
    peer: _Side
    peer_gcm: _Side
    peer_far: _Side
    peer_far_gcm: _Side


@contextlib.contextmanager
def plan_first_byte(folder: Path) -> Iterator[Plan]:
    """New connections, from connecting to the first byte of the answer."""
    with _place(folder) as place, ask(place.far.port, 1) as kept:
        take(kept, 1, bytearray(1))
        ours, near = "ours: far", "ours: loopback"
        peer, six, peer_six = "peer: ssh -L, far", "ours: six at once, far", "peer: ssh -L, six at once, far"
        floor = "floor: the next question on an open connection, far"
        yield Plan(
            [
                Case(ours, lambda: _first_byte(place.far.port)),
                Case(peer, lambda: _first_byte(place.peer_far.port)),
                Case(six, lambda: _first_bytes(place.far.port)),
                Case(peer_six, lambda: _first_bytes(place.peer_far.port)),
                Case(floor, lambda: _again(kept)),
                Case(near, lambda: _first_byte(place.near.port)),
            ],
            [
                round_trips("ours: round trips", ours, near, ROUND_TRIP_S, "1"),
                ratio("ours / ssh -L", ours, peer),
                ratio("six at once: ours / ssh -L", six, peer_six),
                difference("ours less an open connection", ours, floor),
            ],
            [
                f"A connection every {PAUSE_S:g} s to a tunnel that was visited before.",
                f"Far: a proxy delays every byte, {ROUND_TRIP_S * 1000:g} ms there and back.",
            ],
        )


@contextlib.contextmanager
def plan_bulk(folder: Path) -> Iterator[Plan]:
    """One large answer, near and far."""
    size = int(os.environ.get(SIZE_VARIABLE, SIZE_MB)) * 1_000_000
    with _place(folder) as place:
        ways = {
            "ours: loopback": (place.near, size),
            "peer: ssh -L, loopback": (place.peer, size),
            f"peer: ssh -L, {GCM}, loopback": (place.peer_gcm, size),
            "ours: far": (place.far, size // FAR_SHARE),
            "peer: ssh -L, far": (place.peer_far, size // FAR_SHARE),
            f"peer: ssh -L, {GCM}, far": (place.peer_far_gcm, size // FAR_SHARE),
        }
        cases = [Case(name, _fetching(*way)) for name, way in ways.items()]
        near = list(ways)[:3]
        costs = [f"{name}, processor time" for name in near]
        cases += [Case(cost, _costing(*ways[name])) for cost, name in zip(costs, near, strict=True)]
        memory = "ours: memory of the daemon afterwards"
        cases.append(Case(memory, lambda: memory_mb(place.near.pid), "MB", is_warmed=False))
        far = list(ways)[3:]
        yield Plan(
            cases,
            [
                ratio("loopback: ours / ssh -L", near[0], near[1], "1"),
                ratio(f"loopback: ours / ssh -L, {GCM}", near[0], near[2]),
                ratio("loopback, processor time: ours / ssh -L", costs[0], costs[1]),
                ratio(f"loopback, processor time: ours / ssh -L, {GCM}", costs[0], costs[2]),
                ratio("far: ours / ssh -L", far[0], far[1], "0.2"),
                ratio(f"far: ours / ssh -L, {GCM}", far[0], far[2]),
            ],
            [
                f"{size / 1e6:g} MB on loopback, {size // FAR_SHARE / 1e6:g} MB far, over a new connection.",
                "Processor time is that of both ends of the SSH connection, of another transfer like that.",
            ],
        )


@contextlib.contextmanager
def plan_many(folder: Path) -> Iterator[Plan]:
    """Many streams at once, stopped ones among them, and small questions beside a large answer."""
    with _place(folder) as place:
        ours, peer = "ours: 100 streams of 2 MB", "peer: ssh -L, 100 streams of 2 MB"
        fair, peer_fair = "ours: the last of 100 / the median", "peer: ssh -L, the last of 100 / the median"
        beside, peer_beside = (
            f"{side}: beside {STOPPED} stopped readers" for side in ("ours", "peer: ssh -L")
        )
        small, peer_small = (
            f"{side}: a small question during a large answer" for side in ("ours", "peer: ssh -L")
        )
        memory = f"ours: memory of the daemon with {STOPPED} stopped readers"
        yield Plan(
            [
                Case(ours, lambda: max(_many(place.near.port))),
                Case(peer, lambda: max(_many(place.peer.port))),
                Case(fair, lambda: _unfairness(place.near.port), "times"),
                Case(peer_fair, lambda: _unfairness(place.peer.port), "times"),
                Case(beside, lambda: _beside_stopped(place.near)[0]),
                Case(peer_beside, lambda: _beside_stopped(place.peer)[0]),
                Case(memory, lambda: _beside_stopped(place.near)[1], "MB", at_most=3),
                Case(small, lambda: _during_bulk(place.near.port)),
                Case(peer_small, lambda: _during_bulk(place.peer.port)),
            ],
            [
                ratio("100 streams: ours / ssh -L", ours, peer),
                ratio("beside stopped readers: ours / ssh -L", beside, peer_beside),
                ratio("small question during a large answer: ours / ssh -L", small, peer_small),
            ],
            [
                "Loopback. A stopped reader has asked for 100 MB and reads nothing.",
                f"Beside them: {STREAM_BYTES / 1e6:g} MB over a new connection.",
            ],
        )


@contextlib.contextmanager
def _place(folder: Path) -> Iterator[_Place]:
    """A server for each side, so that the work for each can be told apart; the viewer is the same."""
    home = MadeUpHome(folder / "home")
    python, root = flooding_viewer(home), home.root()
    with contextlib.ExitStack() as stack:
        servers = {}
        for name in ("ours", "peer", "gcm"):
            (folder / name).mkdir()
            servers[name] = stack.enter_context(server(folder / name, home.path, round_trip_s=ROUND_TRIP_S))
        (folder / "daemon").mkdir()
        us = stack.enter_context(daemon(folder / "daemon", ssh_config=servers["ours"].ssh_config))
        pid = us.status().daemon.pid
        sides, endpoint = [], ""
        for alias in (servers["ours"].near, servers["ours"].far):
            session = us.start_session(SessionStartParams(target=alias, env=str(python), root=str(root)))
            assert session.local_port is not None
            assert session.remote is not None
            sides.append(_Side(session.local_port, pid, servers["ours"]))
            endpoint = session.remote.endpoint
        for name, options in (("peer", []), ("gcm", ["-c", GCM])):
            host = servers[name]
            for alias in (host.near, host.far):
                log = folder / f"{name}-{alias}.log"
                forward = stack.enter_context(ssh_forward(log, host.ssh_config, alias, endpoint, options))
                sides.append(_Side(forward.port, forward.pid, host))
        near, far, peer, peer_far, peer_gcm, peer_far_gcm = sides
        yield _Place(near, far, peer, peer_gcm, peer_far, peer_far_gcm)


def _first_byte(port: int) -> float:
    time.sleep(PAUSE_S)
    began = time.perf_counter()
    with ask(port, 1) as client:
        client.recv(1)
    return time.perf_counter() - began


def _first_bytes(port: int) -> float:
    """As many connections as a browser opens, until each has its first byte."""
    time.sleep(PAUSE_S)
    began = time.perf_counter()
    with contextlib.ExitStack() as stack:
        for client in [stack.enter_context(ask(port, 1)) for _ in range(BROWSER)]:
            client.recv(1)
        return time.perf_counter() - began


def _again(client: socket.socket) -> float:
    began = time.perf_counter()
    client.sendall(request(1))
    take(client, 1, bytearray(1))
    return time.perf_counter() - began


def _fetching(side: _Side, size: int) -> Callable[[], float]:
    return lambda: fetch(side.port, size)


def _costing(side: _Side, size: int) -> Callable[[], float]:
    def cost() -> float:
        before = side.processor_s()
        fetch(side.port, size)
        return side.processor_s() - before

    return cost


def _many(port: int) -> list[float]:
    """How long each of many streams took, all begun together."""
    taken: list[float] = []
    began = time.perf_counter()
    clients = [ask(port, STREAM_BYTES) for _ in range(STREAMS)]

    def read(client: socket.socket) -> None:
        with client:
            take(client, STREAM_BYTES, bytearray(PIECE_BYTES // 4))
        taken.append(time.perf_counter() - began)

    threads = [threading.Thread(target=read, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(taken) != STREAMS:
        raise CannotMeasure(f"only {len(taken)} of {STREAMS} streams came to their end")
    return sorted(taken)


def _unfairness(port: int) -> float:
    taken = _many(port)
    return taken[-1] / taken[len(taken) // 2]


def _beside_stopped(side: _Side) -> tuple[float, float]:
    """How long a transfer takes beside stopped readers, and the memory of our end then (MB)."""
    with contextlib.ExitStack() as stack:
        for _ in range(STOPPED):
            stack.enter_context(ask(side.port, STOPPED_BYTES))
        memory = _settled(side.pid)
        return fetch(side.port, STREAM_BYTES), max(memory, memory_mb(side.pid))


def _settled(pid: int) -> float:
    """Wait until a process has nothing to do any more; return its memory (MB)."""
    deadline = time.monotonic() + SETTLE_LIMIT_S
    before = float("-inf")
    while (now := processor_s(pid)) > before + SETTLED_S * IDLE_SHARE:
        if time.monotonic() > deadline:
            raise CannotMeasure(f"it is still busy after {SETTLE_LIMIT_S:g} s")
        before = now
        time.sleep(SETTLED_S)
    return memory_mb(pid)


def _during_bulk(port: int) -> list[float]:
    """How long small questions on an open connection take while large answers come, two at a time."""
    is_over = threading.Event()

    def load() -> None:
        while not is_over.is_set():
            fetch(port, 50_000_000)

    threads = [threading.Thread(target=load) for _ in range(2)]
    with ask(port, 1) as client:
        take(client, 1, bytearray(1))
        for thread in threads:
            thread.start()
        try:
            time.sleep(PAUSE_S / 5)
            return [_after_a_breath(client) for _ in range(QUESTIONS)]
        finally:
            is_over.set()
            for thread in threads:
                thread.join()


def _after_a_breath(client: socket.socket) -> float:
    time.sleep(BREATH_S)
    return _again(client)
