"""Streams the agent to a host: one command that any login shell takes, then the program on its input.

The command looks for a Python and becomes it. What login shells print first ends with a line that only
our command can print, because the command's own text does not contain it.
"""

from __future__ import annotations

import functools
import importlib.resources
from typing import TYPE_CHECKING

from runicornd.agent import payload

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = b"runicornd-says:here"
FOUND = b"runicornd-says:python"
NONE_FOUND = b"runicornd-says:none"

OLDEST_PYTHON = "3.6"

NAMES = ("python3", *(f"python3.{minor}" for minor in range(15, 5, -1)), "python")
PLACES = (
    "/usr/bin/python3",
    "/usr/local/bin/python3",
    "/opt/homebrew/bin/python3",
    "/usr/libexec/platform-python",
    *(f'"$HOME"/{root}/bin/python3' for root in ("miniconda3", "anaconda3", "miniforge3", "mambaforge")),
    '"$HOME"/.pyenv/versions/*/bin/python3',
    '"$HOME"/.local/share/uv/python/*/bin/python3',
    "/opt/*/bin/python3",
    "/usr/local/*/bin/python3",
)
# What is found may be a script that looks for the real one, as pyenv's: it is asked once, and then left out.
_PROBE = "import sys;sys.version_info<(3,6)and sys.exit(1);print(sys.executable)"

_SCRIPT = (
    'unset IFS CDPATH ENV; echo runicornd"-"says:here; '
    "for p in {candidates}; do "
    'q=$(command -v "$p" 2>/dev/null) || continue; '
    'r=$("$q" -ISc "{probe}" </dev/null 2>/dev/null) && test -x "$r" || continue; '
    'echo runicornd"-"says:python; '
    'exec "$r" {options} "{boot}" rb runicornd-agent; '
    "done; "
    'echo runicornd"-"says:none'
)


def command(names: Sequence[str] = NAMES, places: Sequence[str] = PLACES) -> str:
    """Return the command to execute: it means the same to bash, zsh, dash, fish and tcsh.

    Args:
        names: What to look up on the PATH, the best first.
        places: Paths to try after that, as shell words.

    One pair of single quotes; inside no backslash, no exclamation mark, no line break.
    """
    script = _SCRIPT.format(
        candidates=" ".join((*names, *places)),
        probe=_PROBE,
        options=" ".join(payload.OPTIONS),
        boot=payload.BOOT,
    )
    return f"exec /bin/sh -c '{script}'"


STREAM_MODULES = ("store", "store_io", "store_root", "store_scan", "store_send", "store_sync")
"""What only the far end of a store stream needs, and the agent does not."""

SHARED_MODULES = (
    "__init__",
    "loader",
    "failures",
    "login_shell",
    "packages",
    "params",
    "storage_root",
    "wire",
)
"""What it needs besides. Every stream sends them, so they are few."""


@functools.cache
def program(entry: str = "main") -> bytes:
    """Return the agent as it is written to the command's standard input.

    Args:
        entry: The module that runs: ``main``, or ``store`` for the far end of a store stream.
    """
    wanted = {*STREAM_MODULES, *SHARED_MODULES} if entry == "store" else {*sources()} - {*STREAM_MODULES}
    return payload.pack({name: text for name, text in sources().items() if name in wanted}, entry)


def sources() -> dict[str, str]:
    """Return the text of every module of the agent by name."""
    folder = importlib.resources.files("runicornd.agent")
    return {
        file.name.removesuffix(".py"): file.read_text(encoding="utf-8")
        for file in folder.iterdir()
        if file.name.endswith(".py")
    }
