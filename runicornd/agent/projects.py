"""Virtual environments inside projects: a walk through home that is short, whatever is in there."""

import itertools
import os
import time
from typing import Iterator, List, Set

from .interpreter import Place, is_venv
from .packages import read_start
from .places import place_at

DEPTH = 3
"""Levels below home at which a project may be; its environment is one level deeper."""

VISITS = 5000
TIME_S = 1.0
ENTRIES = 2000
"""A folder with more entries holds data, not projects."""

SKIPPED = frozenset(
    (
        "node_modules",
        "__pycache__",
        "site-packages",
        "miniconda3",
        "anaconda3",
        "miniforge3",
        "mambaforge",
        "pkgs",
    )
)


def project_places(home: str) -> Iterator[Place]:
    """Yield the virtual environments in projects up to three levels below home, nearest first."""
    mounts = mount_points()
    until = time.monotonic() + TIME_S
    level = [home]
    visits = 0
    for _ in range(DEPTH + 1):
        deeper: List[str] = []
        for folder in level:
            visits += 1
            if visits > VISITS or time.monotonic() > until:
                return
            for child in _folders(folder, mounts):
                place = place_at(child) if is_venv(child) else None
                if place is not None:
                    yield place
                elif not os.path.basename(child).startswith("."):
                    deeper.append(child)
        level = deeper


def _folders(folder: str, mounts: Set[str]) -> List[str]:
    """The folders that are worth a look: no links, which may loop, no other file systems, which may hang."""
    try:
        with os.scandir(folder) as entries:
            found = [e.path for e in itertools.islice(entries, ENTRIES) if e.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(path for path in found if path not in mounts and os.path.basename(path) not in SKIPPED)


def mount_points() -> Set[str]:
    """Return where other file systems begin; empty where the system does not tell."""
    points = set()
    for line in read_start("/proc/self/mountinfo").splitlines():
        fields = line.split(b" ")
        if len(fields) > 4:
            points.add(os.fsdecode(_unescaped(fields[4])))
    return points


def _unescaped(field: bytes) -> bytes:
    for code, character in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        field = field.replace(code, character)
    return field
