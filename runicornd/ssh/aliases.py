"""The ``Host`` aliases of OpenSSH configuration files, for completion and lists."""

from __future__ import annotations

import glob
from pathlib import Path

from runicornd.ssh.addresses import is_name
from runicornd.ssh.small_files import read_small

SIZE_LIMIT_BYTES = 1024 * 1024
DEPTH_LIMIT = 16
FILE_LIMIT = 1000


def read_aliases(config_file: Path | None, home: Path) -> tuple[str, ...]:
    """Return every alias without wildcards, included files too, in order and without repeats.

    What cannot be read or understood is left out: this is for suggestions only.

    Args:
        config_file: The file to read; None reads the user's and the system's.
        home: The user's home, whose ``.ssh`` is the base of relative includes.
    """
    reader = _Reader(home)
    if config_file is not None:
        reader.read(config_file, home / ".ssh", 0)
    else:
        reader.read(home / ".ssh" / "config", home / ".ssh", 0)
        reader.read(Path("/etc/ssh/ssh_config"), Path("/etc/ssh"), 0)
    return tuple(reader.found)


class _Reader:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._files = 0
        self.found: dict[str, None] = {}

    def read(self, path: Path, base: Path, depth: int) -> None:
        self._files += 1
        if depth > DEPTH_LIMIT or self._files > FILE_LIMIT:
            return
        for line in _lines(path):
            keyword, words = _split(line)
            if keyword == "host":
                self.found.update(dict.fromkeys(word for word in words if is_name(word)))
            elif keyword == "include":
                for word in words:
                    self._include(word, base, depth + 1)

    def _include(self, pattern: str, base: Path, depth: int) -> None:
        if pattern.startswith("~/"):
            pattern = str(self._home / pattern[2:])
        # glob, as OpenSSH does it; Path.glob takes no absolute patterns.
        for name in sorted(glob.glob(str(base / pattern))):  # noqa: PTH207 - see above
            self.read(Path(name), base, depth)


def _lines(path: Path) -> list[str]:
    try:
        return read_small(path, SIZE_LIMIT_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _split(line: str) -> tuple[str, list[str]]:
    line = line.strip()
    if not line or line.startswith("#"):
        return "", []
    keyword, _, rest = line.replace("=", " ", 1).partition(" ")
    words = rest.replace('"', " ").split()
    return keyword.strip().lower(), words
