"""A real OpenSSH server on loopback, as the account that runs the tests, with a made-up home."""

from __future__ import annotations

import os
import pwd
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import asyncssh
import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SSHD = "/usr/sbin/sshd"
START_TIMEOUT_S = 15.0
STOP_TIMEOUT_S = 10.0
START_ATTEMPTS = 10

needs_sshd = pytest.mark.skipif(not Path(SSHD).exists(), reason="OpenSSH's sshd is not installed")


@dataclass
class Sshd:
    """``with Sshd(folder) as server:`` runs it; leaving the block ends it and all that it started.

    Args:
        folder: An empty folder of its own, such as ``tmp_path``.
        lines: Further lines of its configuration; they win over the ones here.
        address: The loopback address to listen on.
        authorized: More public keys (lines of authorized_keys) that may log in.
        home: The home folder that logins see; None makes one in ``folder``.
        key_algorithm: The type of its host key.
        variables: More environment variables that logins see. No blanks in their values.
        user: Who logs in; None for the account that runs the tests.
        wrapper: What the server is started through, such as ``unshare --mount``; it must not fork.
    """

    folder: Path
    lines: Sequence[str] = ()
    address: str = "127.0.0.1"
    authorized: Sequence[str] = ()
    home: Path | None = None
    key_algorithm: str = "ssh-ed25519"
    variables: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    wrapper: Sequence[str] = ()
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home = self.home or self.folder / "home"
        self.home.mkdir(exist_ok=True)
        self.user = self.user or pwd.getpwuid(os.getuid()).pw_name
        self.client_key = self.folder / "client_key"
        self.host_key = self.folder / "host_key"
        self.log = self.folder / "sshd.log"
        _write_key(self.client_key, "ssh-ed25519")
        _write_key(self.host_key, self.key_algorithm)
        self.authorized_keys = self.folder / "authorized_keys"
        keys = [self.client_key.with_suffix(".pub").read_text().strip(), *self.authorized]
        self.authorized_keys.write_text("".join(f"{key}\n" for key in keys))
        self.known_hosts = self.folder / "known_hosts"

    def __enter__(self) -> Self:
        self.start()
        self.known_hosts.write_text(self.known_hosts_line + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def public_host_key(self) -> str:
        """The host key as ``TYPE BASE64``."""
        return " ".join(self.host_key.with_suffix(".pub").read_text().split()[:2])

    @property
    def known_hosts_line(self) -> str:
        """The line of a known_hosts file that trusts this server."""
        return f"[{self.address}]:{self.port} {self.public_host_key}"

    @property
    def pid(self) -> int:
        """The listening process."""
        assert self._process is not None
        return self._process.pid

    def ssh_config(self, alias: str, *, extra: Sequence[str] = ()) -> str:
        """A ``Host`` block for the client that needs nothing of this machine's own configuration."""
        lines = [
            *extra,
            f"HostName {self.address}",
            f"Port {self.port}",
            f"User {self.user}",
            f'IdentityFile "{self.client_key}"',
            "IdentitiesOnly yes",
            "IdentityAgent none",
            f'UserKnownHostsFile "{self.known_hosts}"',
            "GlobalKnownHostsFile none",
        ]
        return f"Host {alias}\n" + "".join(f"  {line}\n" for line in lines)

    def start(self) -> None:
        """Start it on the port that it had before, or on one that the kernel chooses."""
        for _ in range(START_ATTEMPTS):
            port = self.port or _free_port(self.address)
            if self._try_start(port):
                self.port = port
                return
        raise AssertionError(f"sshd does not start:\n{self.log.read_text()}")

    def stop(self) -> None:
        """End it, every connection to it, and whatever logins have left running."""
        process, self._process = self._process, None
        if process is None:
            return
        doomed = {*descendants(process.pid), *self.processes()}
        process.send_signal(signal.SIGKILL)
        process.wait(STOP_TIMEOUT_S)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while alive := {pid for pid in {*doomed, *self.processes()} if _is_alive(pid)}:
            for pid in alive:
                _signal(pid, signal.SIGKILL)
            assert time.monotonic() < deadline, f"processes outlive sshd: {alive}"
            time.sleep(0.01)

    def close_door(self) -> None:
        """End the listener alone: connections live on, and there are no new ones until ``start``."""
        process, self._process = self._process, None
        assert process is not None
        process.kill()
        process.wait(STOP_TIMEOUT_S)

    def drop_connections(self, number: int = signal.SIGKILL) -> int:
        """Signal the processes that serve connections; return how many there were."""
        sessions = [pid for pid in descendants(self.pid) if _name(pid).startswith("sshd")]
        for pid in sessions:
            _signal(pid, number)
        return len(sessions)

    def processes(self) -> list[int]:
        """What logins have started and still runs, detached or not; found by the made-up home."""
        mark = f"HOME={self.home}".encode()
        return [pid for pid in _pids() if mark in _environment(pid) and _is_alive(pid)]

    def _try_start(self, port: int) -> bool:
        self._prepare()
        config = self.folder / "sshd_config"
        config.write_text("".join(f"{line}\n" for line in self._config(port)))
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*self.wrapper, SSHD, "-D", "-e", "-f", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._process = None
                return False
            if f"port {port}." in self.log.read_text():
                return True
            time.sleep(0.01)
        self.stop()
        return False

    def _prepare(self) -> None:
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def _config(self, port: int) -> list[str]:
        return [
            *self.lines,
            f"ListenAddress {self.address}",
            f"Port {port}",
            f"HostKey {self.host_key}",
            f"AuthorizedKeysFile {self.authorized_keys}",
            f"PidFile {self.folder / 'sshd.pid'}",
            # Only the first such line counts.
            " ".join(
                [f"SetEnv HOME={self.home}", *(f"{name}={value}" for name, value in self.variables.items())]
            ),
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin yes",
            # Of these lines the last one counts.
            *(line for line in ["MaxStartups 100"] if "MaxStartups" not in " ".join(self.lines)),
            "LogLevel VERBOSE",
            "Subsystem sftp internal-sftp",
        ]


def _write_key(path: Path, algorithm: str) -> None:
    if not path.exists():
        key = asyncssh.generate_private_key(algorithm, comment="test")
        key.write_private_key(path)
        path.chmod(0o600)
        key.write_public_key(path.with_suffix(".pub"))


def _free_port(address: str) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _is_alive(pid: int) -> bool:
    state = _stat(pid)
    return bool(state) and state[0] not in {"Z", "X"}


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def descendants(pid: int) -> list[int]:
    """The processes below ``pid``, nearest first."""
    parents = {child: int(state[1]) for child in _pids() if (state := _stat(child))}
    found = [pid]
    for parent in found:
        found += [child for child, its_parent in parents.items() if its_parent == parent]
    return found[1:]


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or dead and not yet buried by its parent."""
    return not _is_alive(pid)
