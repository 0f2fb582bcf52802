"""The programs around the daemon: OpenSSH's client, and the manager of the user's services."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.doctor.model import Finding, not_needed, ok, warning
from runicornd.errors import SshMissing
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_S = 8.0
OUTPUT_LIMIT_BYTES = 16384
UNIT = "runicornd.service"
_INSTALL = "to have it started with your login: runicornctl daemon install"


async def look_at_openssh() -> Finding:
    """Whether there is an OpenSSH client, and which.

    Raises:
        SshMissing: There is none.
    """
    try:
        status, said = await _run("ssh", "-V")
    except OSError as error:
        raise SshMissing(
            "cannot find the program 'ssh'",
            hint="install the OpenSSH client (Debian: apt install openssh-client)",
        ) from error
    version = printable(said.splitlines()[0]) if said.strip() else f"exit status {status}"
    return ok("openssh_found", version, version=version)


async def look_at_service() -> Finding:
    """Whether the daemon is a service of the user's session, and how it stands."""
    if sys.platform == "darwin":
        agent = Path.home() / "Library" / "LaunchAgents" / "runicornd.plist"
        if agent.exists():
            return ok("service_installed", f"installed: {agent}", file=str(agent))
        return ok("service_missing", f"not installed; {_INSTALL}")
    try:
        status, said = await _run(
            "systemctl", "--user", "show", UNIT, "--property=LoadState,UnitFileState,ActiveState"
        )
    except FileNotFoundError:
        return not_needed("no_systemd", "not needed: there is no systemd here")
    if status != 0:
        why = printable(said.splitlines()[0]) if said.strip() else f"exit status {status}"
        return not_needed("systemd_silent", f"not checked: systemd does not answer: {why}", why=why)
    return _judge_service(dict(line.partition("=")[::2] for line in said.splitlines()))


def _judge_service(facts: Mapping[str, str]) -> Finding:
    state, enabled = facts.get("ActiveState", ""), facts.get("UnitFileState", "")
    context = {"active": state, "enabled": enabled}
    if facts.get("LoadState") == "not-found":
        return ok("service_missing", f"not installed; {_INSTALL}", **context)
    if state == "failed":
        hint = f"see why with: journalctl --user -u {UNIT} -n 20"
        return warning("service_failed", f"{UNIT} has failed", hint, unit=UNIT, **context)
    if enabled not in {"enabled", "enabled-runtime", "linked"}:
        hint = f"systemctl --user enable --now {UNIT}"
        return warning("service_disabled", f"{UNIT} is not enabled", hint, unit=UNIT, **context)
    lingers = _lingers()
    linger = "on" if lingers else "off: it ends when you log out (loginctl enable-linger)"
    return ok("service_on", f"enabled and {state}; lingering is {linger}", lingers=lingers, **context)


def _lingers() -> bool:
    try:
        return (Path("/var/lib/systemd/linger") / pwd.getpwuid(os.getuid()).pw_name).exists()
    except (KeyError, OSError):
        return False


async def _run(*command: str) -> tuple[int, str]:
    """Run a program; its exit status and the beginning of what it says. Raises OSError."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = bytearray()
    try:
        async with asyncio.timeout(ANSWER_S):
            while data := await process.stdout.read(4096):
                said += data[: OUTPUT_LIMIT_BYTES - len(said)]
            status = await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return status, said.decode(errors="replace")
