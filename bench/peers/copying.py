"""The peers of storage: the programs by which people fetch files over SSH today."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.model import CannotMeasure, TooSlow
from bench.processes import output_of

if TYPE_CHECKING:
    from pathlib import Path

    from bench.server import Server

FAST_CIPHER = "aes128-gcm@openssh.com"
METADATA_FILTERS = ("--include=*/", "--include=*.json", "--include=.deleted", "--exclude=*")
PROGRAMS = ("scp", "sftp", "rsync", "rclone")


@dataclass(frozen=True)
class Copying:
    """One way to a server.

    Args:
        host: The server.
        alias: ``host.near`` or ``host.far``.
        cipher: None leaves it to the program.
        give_up_s: A copy that takes longer is ended, and not measured.
    """

    host: Server
    alias: str
    cipher: str | None = None
    give_up_s: float = 600

    def scp(self, source: Path, to: Path) -> None:
        """Copy a folder by scp."""
        self._run("scp", "-q", "-r", *self._options(), f"{self.alias}:{source}", str(to))

    def sftp(self, source: Path, to: Path) -> None:
        """Copy a folder by sftp."""
        self._run("sftp", "-q", "-r", *self._options(), f"{self.alias}:{source}", str(to))

    def rsync(self, source: Path, to: Path, filters: tuple[str, ...] = ()) -> None:
        """Copy a folder's content by ``rsync -a``, or bring a copy up to date."""
        shell = shlex.join(["ssh", *self._options()])
        self._run("rsync", "-a", "--delete", "-e", shell, *filters, f"{self.alias}:{source}/", f"{to}/")

    def rclone(self, source: Path, to: Path) -> None:
        """Copy a folder's content by rclone, with its own SSH."""
        sshd = self.host.sshd
        port = self.host.proxy.port if self.alias == self.host.far and self.host.proxy else sshd.port
        options = {
            "host": sshd.address,
            "port": port,
            "user": sshd.user,
            "key-file": sshd.client_key,
            "known-hosts-file": sshd.known_hosts,
        }
        if self.cipher:
            options["ciphers"] = self.cipher
        words = [word for name, value in options.items() for word in (f"--sftp-{name}", str(value))]
        self._run("rclone", "copy", "--config", os.devnull, *words, f":sftp:{source}", str(to))

    def tar(self, source: Path, to: Path) -> None:
        """Fetch metadata by ``ssh host 'find … | tar c | gzip -1' | tar x``."""
        names = r"\( -name '*.json' -o -name .deleted \)"
        there = (
            f"cd {shlex.quote(str(source))} && find . -type f {names} -print0 | tar c --null -T - | gzip -1"
        )
        here = ["ssh", *self._options(), self.alias, there]
        to.mkdir()
        line = f"set -o pipefail; {shlex.join(here)} | tar xz -C {shlex.quote(str(to))}"
        self._run("bash", "-c", line)

    def by(self, program: str, source: Path, to: Path) -> None:
        """Copy a folder by the program of that name."""
        {"scp": self.scp, "sftp": self.sftp, "rsync": self.rsync, "rclone": self.rclone}[program](source, to)

    def _options(self) -> list[str]:
        cipher = ["-o", f"Ciphers={self.cipher}"] if self.cipher else []
        return ["-F", str(self.host.ssh_config), "-o", "BatchMode=yes", *cipher]

    def _run(self, program: str, *words: str) -> None:
        if shutil.which(program) is None:
            raise CannotMeasure(f"{program} is not installed")
        try:
            output_of([program, *words], env=os.environ, timeout_s=self.give_up_s)
        except subprocess.TimeoutExpired:
            raise TooSlow(f"{program} was not done after {self.give_up_s:g} s, and ended") from None


@functools.cache
def takes_ciphers(program: str) -> bool:
    """Whether a program can be told the cipher; what is not installed says so when it is run."""
    if program != "rclone" or shutil.which(program) is None:
        return True
    return "--sftp-ciphers" in output_of(["rclone", "help", "flags"], env=os.environ)
