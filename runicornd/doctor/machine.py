"""This machine: the daemon, its configuration, its files and folders, and the programs that it needs.

Works with the daemon and without it, and changes nothing.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.doctor.folders import folder_finding
from runicornd.doctor.instance import look_at_daemon, look_at_lock, look_at_socket
from runicornd.doctor.model import Finding, not_needed, ok, warning
from runicornd.doctor.ports import ports_step
from runicornd.doctor.programs import look_at_openssh, look_at_service
from runicornd.doctor.run import Step
from runicornd.sessions.store import SessionStore
from runicornd.settings import load_settings
from runicornd.ssh.hostkeys import read_known_hosts
from runicornd.ssh.openssh import OpenSsh
from runicornd.ssh.saved_hosts import problem_of
from runicornd.ssh.targets import build_host

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runicornd.settings import Paths, Settings

SHOWN_PROBLEMS = 10


@dataclass(frozen=True, slots=True)
class Machine:
    """Where to look.

    Args:
        paths: Where things are kept.
        socket: Where the daemon listens.
        version: Ours.
        environ: The variables that choose settings.
        pid: Of the daemon that asks; None when somebody outside does.
    """

    paths: Paths
    socket: Path
    version: str
    environ: Mapping[str, str]
    pid: int | None = None


def machine_steps(machine: Machine) -> Sequence[Step]:
    """The checks of this machine, in order."""
    look = _Look(machine)
    paths = machine.paths
    folders = (
        ("runtime_folder", "Runtime folder", machine.socket.parent, True),
        ("state_folder", "State folder", paths.state, False),
        ("cache_folder", "Cache folder", paths.cache, False),
        ("log_folder", "Log folder", paths.log.parent, False),
    )
    return (
        Step("daemon", "Daemon", look.daemon),
        Step("configuration", "Configuration", look.configuration),
        *(_folder_step(*folder) for folder in folders),
        Step("socket", "Socket", look.socket),
        Step("lock", "Lock", look.lock),
        Step("state_files", "State files", look.state_files),
        Step("service", "Service", look_at_service),
        Step("python", "Python", look.python),
        Step("openssh", "OpenSSH", look_at_openssh),
        Step("known_hosts", "Known hosts", look.known_hosts, ("openssh",)),
        Step("local_ports", "Local ports", look.ports, ("configuration",)),
    )


def _folder_step(name: str, title: str, path: Path, is_private: bool) -> Step:
    async def look() -> Finding:
        return await asyncio.to_thread(folder_finding, path, is_private=is_private)

    return Step(name, title, look)


class _Look:
    """The checks that share what they have read."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._settings: Settings | None = None

    async def daemon(self) -> Finding:
        machine = self._machine
        if machine.pid is not None:
            text = f"version {machine.version} runs as process {machine.pid}"
            return ok("daemon_here", text, version=machine.version, pid=machine.pid)
        return await asyncio.to_thread(look_at_daemon, machine.socket, machine.paths.state / "daemon.lock")

    async def configuration(self) -> Finding:
        self._settings = await asyncio.to_thread(load_settings, self._machine.environ)
        path = self._settings.paths.config
        if not path.exists():
            return ok("configuration_none", f"the defaults hold; there is no {path}", file=str(path))
        return ok("configuration_fine", f"{path} is in order", file=str(path))

    async def socket(self) -> Finding:
        return await asyncio.to_thread(look_at_socket, self._machine.socket)

    async def lock(self) -> Finding:
        return await asyncio.to_thread(
            look_at_lock, self._machine.paths.state / "daemon.lock", self._machine.socket
        )

    async def state_files(self) -> Finding:
        return await asyncio.to_thread(_state_files, self._machine.paths.state)

    async def python(self) -> Finding:
        version = ".".join(map(str, sys.version_info[:3]))
        text = f"Python {version} at {sys.executable}, runicornd {self._machine.version}"
        ours = self._machine.version
        return ok("python_here", text, version=version, executable=sys.executable, runicornd=ours)

    async def known_hosts(self) -> Finding:
        config = self._settings.ssh_config if self._settings else None
        settings = await OpenSsh(config_file=config).settings("localhost")
        host = build_host("localhost", "localhost", settings, (), environ=os.environ, home=Path.home())
        files = (*host.known_hosts_files, self._machine.paths.state / "known_hosts")
        return await asyncio.to_thread(_known_hosts, files)

    async def ports(self) -> Finding:
        if self._settings is None:
            return not_needed("configuration_unread", "not checked: the configuration was not read")
        return await ports_step(self._settings.local_ports).look()


def _state_files(folder: Path) -> Finding:
    store = SessionStore(folder / "sessions")
    problems = [f"{path}: {why}" for path, why in store.problems()]
    hosts = folder / "hosts.json"
    if why := problem_of(hosts):
        problems.append(f"{hosts}: {why}")
    aside = sorted(str(path) for path in folder.glob("**/*.corrupt-*"))[:SHOWN_PROBLEMS]
    if problems:
        return warning(
            "state_files_broken",
            "\n".join(["these files cannot be read:", *problems[:SHOWN_PROBLEMS]]),
            "what is in them is not used; the daemon sets a damaged file aside when it starts, under "
            "NAME.corrupt-TIME. Mend it or remove it",
            problems=problems,
        )
    if aside:
        return warning(
            "state_files_aside",
            f"damaged files were set aside: {', '.join(aside)}",
            "look whether anything in them is worth keeping, then remove them",
            aside=aside,
        )
    return ok("state_files_fine", "all can be read")


def _known_hosts(files: Sequence[Path]) -> Finding:
    entries, skipped = 0, []
    for file in dict.fromkeys(files):
        known = read_known_hosts(file)
        entries += len(known.entries)
        if known.skipped:
            skipped.append(str(file))
    if skipped:
        return warning(
            "known_hosts_odd",
            f"some lines make no sense: {', '.join(skipped)}",
            "hosts on these lines count as unknown; 'ssh-keygen -l -f FILE' names the lines",
            files=skipped,
        )
    text = f"{entries} {'key is' if entries == 1 else 'keys are'} known"
    return ok("known_hosts_fine", text, keys=entries)
