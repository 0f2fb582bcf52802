"""Hosts by the hundred: processes of ``bench.crowd``, and the OpenSSH configuration that names them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from bench.model import CannotMeasure
from bench.processes import log_tail
from runicornctl.world import World
from runicornd.protocol.models import Session, SessionStartParams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bench.daemon import Daemon

END_S = 10
READY_S = 180
REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Crowds:
    """Running servers.

    Args:
        ssh_config: Names them ``host000`` and so on.
    """

    ssh_config: Path
    _processes: list[subprocess.Popen[bytes]]

    def cut(self) -> int:
        """Drop every connection at the same time; return how many there were."""
        return sum(said["cut"] for said in self._ask("cut"))

    def count(self) -> dict[str, int]:
        """Since the last time: how many logged in, and how many were at it at once, at the most."""
        said = self._ask("count")
        return {name: sum(each[name] for each in said) for name in said[0]}

    def _ask(self, word: str) -> list[dict[str, int]]:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(f"{word}\n".encode())
            process.stdin.flush()
        return [_line(process) for process in self._processes]


def target(number: int) -> str:
    """The name of a host."""
    return f"host{number:03}"


def start_sessions(ours: Daemon, hosts: int, sessions: int) -> None:
    """Start so many sessions on the first hosts in turn, and wait until all are ready."""
    with ours.client() as client:
        for number in range(sessions):
            params = SessionStartParams(target=target(number % hosts), root=f"/data/{number}")
            client.call("sessions.start", Session, params, timeout_s=READY_S)
    until_ready(ours, {})


def until_ready(ours: Daemon, before: Mapping[str, float]) -> None:
    """Wait, by events, until every session is ready, since later than ``before`` has for it."""
    deadline = time.monotonic() + READY_S
    with ours.client() as client:
        world = World(client)
        while not all(
            each.state == "ready" and each.since > before.get(each.id, 0.0)
            for each in world.sessions.values()
        ):
            world.next(1.0)
            if time.monotonic() > deadline:
                states = [each.state for each in world.sessions.values()]
                raise CannotMeasure(f"{states.count('ready')} of {len(states)} sessions became ready")


@contextlib.contextmanager
def crowds(folder: Path, hosts: int, *, processes: int = 2) -> Iterator[Crowds]:
    """Run so many servers for the length of the block, each on its own port."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key_file = folder / "key"
    key.write_private_key(key_file)
    key_file.chmod(0o600)
    known_hosts, config, log = folder / "known_hosts", folder / "ssh_config", folder / "crowd.log"
    started: list[subprocess.Popen[bytes]] = []
    with contextlib.ExitStack() as stack:
        for number in range(processes):
            ports = hosts // processes + (number < hosts % processes)
            argv = [sys.executable, "-m", "bench.crowd", str(ports), str(key_file)]
            started.append(_start(stack, argv, log))
        try:
            places = [(port, said["key"]) for said in map(_line, started) for port in said["ports"]]
        except CannotMeasure as error:
            error.add_note(log_tail(log))
            raise
        known_hosts.write_text("".join(f"[127.0.0.1]:{port} {public}\n" for port, public in places))
        config.write_text("".join(_block(number, port) for number, (port, _) in enumerate(places)))
        with config.open("a") as file:
            file.write(_COMMON.format(key_file=key_file, known_hosts=known_hosts))
        yield Crowds(config, started)


_COMMON = """\
Host host*
  HostName 127.0.0.1
  User ada
  IdentityFile "{key_file}"
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile "{known_hosts}"
  GlobalKnownHostsFile none
"""


def _block(number: int, port: int) -> str:
    return f"Host {target(number)}\n  Port {port}\n"


def _start(stack: contextlib.ExitStack, argv: list[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as complaints:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            cwd=REPOSITORY,
            start_new_session=True,
        )
    stack.callback(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends with its input."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S)
    process.stdout.close()


def _line(process: subprocess.Popen[bytes]) -> dict:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise CannotMeasure("the servers do not run")
    return dict(json.loads(line))
