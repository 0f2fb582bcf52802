"""Session ids: short enough to type, and taken from the target's name."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

MAX_LENGTH = 24


def session_id(target: str, taken: Container[str]) -> str:
    """Return an unused id for a session of the target: ``ada@gpu-1.lab.edu:22`` becomes ``gpu-1``."""
    base = _base(target)
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def _base(target: str) -> str:
    name = target.removeprefix("ssh://").rpartition("@")[2]
    bracketed = re.match(r"\[([^\]]*)\]", name)
    if bracketed:
        name = bracketed[1]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if not _is_address(name):
        name = name.partition(".")[0]
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return slug[:MAX_LENGTH].strip("-.") or "session"


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
