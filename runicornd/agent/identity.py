"""Which process is which: a pid alone may belong to a stranger by now."""

import os
import subprocess
from typing import Optional


def boot_id() -> str:
    """What changes with every boot of this machine; empty where nothing tells."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return _output("sysctl", "-n", "kern.boottime")


def start_time(pid: int) -> Optional[str]:
    """When a process was started, as text that stays the same; None when it does not run (any more).

    Linux: field 22 of ``/proc/PID/stat``, clock ticks since boot. Elsewhere what ``ps`` prints.
    """
    if pid <= 0:
        return None
    if not os.path.exists("/proc/self/stat"):
        return _output("ps", "-o", "lstart=", "-p", str(pid)) or None
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else fields[19].decode()


def is_running(pid: int, started: str, boot: str) -> bool:
    """Whether exactly this process runs: same boot, same pid, same start."""
    return boot == boot_id() and start_time(pid) == started


def _output(*argv: str) -> str:
    env = dict(os.environ, LC_ALL="C", TZ="UTC")
    try:
        out = subprocess.check_output(
            argv, env=env, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=5
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return " ".join(out.decode("ascii", "replace").split())
