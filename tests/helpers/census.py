"""Counting what a laptop and its servers hold, before and after a fault: nothing may pile up.

Counted are processes, listeners and descriptors at both ends, and the daemon's threads and memory. Its
tasks cannot be seen from outside: each one that leaks keeps a stream, and with it a descriptor, or memory.
"""

import contextlib
from collections import Counter
from pathlib import Path

from runicornd.tunnels.spares import COUNT
from tests.helpers.sshd import descendants
from tests.helpers.waiting import PATIENCE_S, until

SPARE_DESCRIPTORS = 2
SPARE_MEMORY_BYTES = 24 * 1024 * 1024


class Census:
    """What there is at this moment.

    Args:
        laptop: Its daemon runs.
        servers: The ones that it is connected to.
    """

    def __init__(self, laptop, *servers):
        self._laptop = laptop
        self._servers = servers
        self.before = self.now()

    def now(self):
        """The counts, by what is counted; the local listeners by port."""
        pid = self._laptop.process.pid
        counts = {
            "local listeners": sorted(self._laptop.listeners()),
            "local descriptors": descriptors(pid),
            "local threads": threads(pid),
            "local processes": names(descendants(pid)),
        }
        for number, server in enumerate(self._servers, start=1):
            counts[f"server {number} connections"] = connections(server)
            counts[f"server {number} processes"] = remote(server)
            counts[f"server {number} descriptors"] = sum(map(descriptors, server.processes()))
        return counts

    def unchanged(self, patience_s=PATIENCE_S):
        """Wait until everything is as it was before; descriptors may be fewer, or a few more."""
        try:
            until(lambda: not self.changes(), patience_s=patience_s)
        except AssertionError:
            raise AssertionError(f"changed: {self.changes()}\n{self._laptop.log()[-4000:]}") from None

    def changes(self):
        """What is not as it was, as ``name: (before, now)``."""
        now = self.now()
        # Streams that lie ready for visitors may have been opened since, so many for each viewer.
        ready = COUNT * max(1, sum(len(viewers(server)) for server in self._servers))
        return {
            name: (count, now[name])
            for name, count in self.before.items()
            if not _alike(name, count, now[name], ready if name.startswith("server") else 0)
        }


def remote(server):
    """The processes that logins have left, each named by what it does, and how many of each."""
    return Counter(_role(pid) for pid in server.processes())


def viewers(server):
    """The pids of the viewers that run on a server."""
    return [pid for pid in server.processes() if _role(pid) == "viewer"]


def connections(server):
    """How many connections a server serves."""
    return sum(_parent(pid) == server.pid for pid in descendants(server.pid))


def descriptors(pid):
    """How many descriptors a process has open; 0 when it is gone."""
    try:
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    except OSError:
        return 0


def threads(pid):
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def memory(pid):
    """The resident memory of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"no memory of {pid}")


def names(pids):
    """The names of processes, and how many have each."""
    found = []
    for pid in pids:
        with contextlib.suppress(OSError):  # gone just now
            found.append(Path(f"/proc/{pid}/comm").read_text().strip())
    return Counter(found)


def _alike(name, before, now, ready):
    if name.endswith("descriptors"):
        return now <= before + SPARE_DESCRIPTORS + ready
    if name.endswith("threads"):
        return now <= before + 4  # the pool of threads grows to a fixed size
    return now == before


def _role(pid):
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "gone"
    for mark, role in (("uvicorn", "viewer"), ("keeper", "keeper"), ("runicornd-agent", "agent")):
        if mark in line:
            return role
    return line.strip()[:60]


def _parent(pid):
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
