"""Homes of made-up servers, with environments as people have them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from tests.helpers.runicorn_env import NEW, SITE, MadeUpHome, log_runs, runicorn_env

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PACKAGES_EACH = 150
CONDA = "miniconda3"
ENVIRONMENT = "ml"
"""The one that can run the viewer."""


def home_with_viewer(path: Path) -> tuple[MadeUpHome, Path, Path]:
    """Make a home whose conda environment has the real Runicorn; return it, its root with runs, a Python."""
    home = MadeUpHome(path)
    python = home.conda(CONDA, environments=[(ENVIRONMENT, NEW)])[ENVIRONMENT]
    _conda_command(home, [("base", home.path / CONDA), (ENVIRONMENT, python.parent.parent)])
    root = home.root()
    log_runs(runicorn_env(NEW), root)
    return home, root, python


def home_with_many(path: Path, conda: int, virtual: int) -> MadeUpHome:
    """Make a home with that many conda environments, base included, and virtual environments.

    Each has 150 installed packages, by their metadata's names; every second one has a Runicorn among them.
    """
    home = MadeUpHome(path)
    root = home.path / CONDA
    home.conda(CONDA)
    found = [("base", root)]
    for number in range(1, conda):
        prefix = root / "envs" / f"conda{number:02}"
        home.conda_environment(prefix, claims=_claim(number))
        found.append((prefix.name, prefix))
    for number in range(virtual):
        home.venv(f".virtualenvs/venv{number:02}", claims=_claim(number))
    _conda_command(home, found)
    for prefix in [prefix for _, prefix in found] + list((home.path / ".virtualenvs").iterdir()):
        _fill(prefix / SITE)
    return home


def _claim(number: int) -> str | None:
    return NEW if number % 2 else None


def _fill(site: Path) -> None:
    for number in range(PACKAGES_EACH):
        (site / f"package{number}").mkdir()
        (site / f"package{number}-1.{number}.dist-info").mkdir()


def _conda_command(home: MadeUpHome, environments: Iterable[tuple[str, Path]]) -> None:
    """What ``conda info --envs`` prints, without the half second that the real one takes to start."""
    text = "\n".join(["# conda environments:", "#", *(f"{name}  {prefix}" for name, prefix in environments)])
    command = home.path / CONDA / "bin" / "conda"
    command.write_text(f"#!/bin/sh\nprintf '%s\\n' {shlex.quote(text)}\n")
    command.chmod(0o755)
