"""What a process has cost so far: processor time, memory, descriptors."""

from __future__ import annotations

import os
from pathlib import Path


def processor_s(pid: int) -> float:
    """Seconds of one core, its own and the system's on its behalf."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> float:
    """Resident memory in MB (millions of bytes)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def descriptors(pid: int) -> int:
    """How many are open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
