"""The programs that rows run: what is missing is installed where that is possible, else named."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Each with the Debian package that has it.
PACKAGES = {
    "ssh": "openssh-client",
    "/usr/sbin/sshd": "openssh-server",
    "autossh": "autossh",
    "rclone": "rclone",
    "rsync": "rsync",
}
ALWAYS = ("ssh", "/usr/sbin/sshd")
INSTALL_S = 300
ASK_S = 10
_VERSION = re.compile(r"\d[\w.]*")
_HOW_TO_ASK = {"autossh": ("-V",), "rclone": ("version",), "rsync": ("--version",)}


def missing(programs: Iterable[str]) -> list[str]:
    """Those that are not there."""
    return [name for name in programs if shutil.which(name) is None]


def prepare(programs: Iterable[str], say: Callable[[str], None]) -> None:
    """Install what is missing, as root of a Debian; elsewhere say which package has it. Never raises."""
    packages = [PACKAGES[name] for name in missing(dict.fromkeys([*ALWAYS, *programs]))]
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        say(f"not installed, and left out: {', '.join(packages)} (Debian's packages)")
        return
    say(f"installing Debian's {', '.join(packages)}")
    for words in (("update",), ("install", "--yes", "--no-install-recommends", *packages)):
        if complaint := _apt(*words):
            say(f"apt-get {words[0]}: {complaint}")


def versions(programs: Iterable[str]) -> dict[str, str]:
    """The version of each, or that it is not there."""
    return {name: _version(name) for name in sorted(set(programs) & set(_HOW_TO_ASK))}


def _apt(*words: str) -> str:
    """What went wrong, in a line."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(
            ["apt-get", "-qq", *words],
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return (lines[-1] if lines else f"status {done.returncode}") if done.returncode else ""


def _version(name: str) -> str:
    if missing([name]):
        return f"not installed (Debian's package {PACKAGES[name]})"
    try:
        done = subprocess.run(
            [name, *_HOW_TO_ASK[name]],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=ASK_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    found = _VERSION.search(done.stdout or done.stderr)
    return found.group() if found else "unknown"
