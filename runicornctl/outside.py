"""A look at this machine from outside of the daemon, by a program that is started for it."""

from __future__ import annotations

import subprocess

import msgspec

from runicornctl.failure import Failure
from runicornctl.units import daemon_command
from runicornd.protocol.models import DoctorResult

_LOOK_S = 150.0
_SHOWN_CHARACTERS = 2000


def look_outside() -> DoctorResult:
    """Return what ``runicornd --doctor`` finds.

    Raises:
        Failure: It cannot be run, or answers nonsense.
    """
    command = [*daemon_command(), "--doctor"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LOOK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise _broken(str(exc)) from exc
    try:
        return msgspec.json.decode(done.stdout, type=DoctorResult)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        said = done.stderr.decode(errors="replace").strip()[-_SHOWN_CHARACTERS:]
        raise _broken(f"it ended with status {done.returncode}" + (f"\n{said}" if said else "")) from exc


def _broken(why: str) -> Failure:
    return Failure(
        f"cannot look at this machine: {why}",
        kind="doctor_failed",
        hint="the installation may be broken: install runicornd again",
    )
