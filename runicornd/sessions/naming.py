"""Session ids: short enough to type, and taken from the target's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd._lib.shortname import short_name

if TYPE_CHECKING:
    from collections.abc import Container


def session_id(target: str, taken: Container[str]) -> str:
    """Return an unused id for a session of the target: ``ada@gpu-1.lab.edu:22`` becomes ``gpu-1``."""
    return short_name(target, taken, otherwise="session")
