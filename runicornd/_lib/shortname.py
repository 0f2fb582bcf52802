"""Names that are short enough to type, taken from what the user called a machine."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

MAX_LENGTH = 24


def short_name(target: str, taken: Container[str], *, otherwise: str) -> str:
    """Return an unused name for the target: ``ada@gpu-1.lab.edu:22`` becomes ``gpu-1``.

    A target without any letter or digit that can stand in a name becomes ``otherwise``.
    """
    return numbered(_base(target) or otherwise, taken)


def numbered(name: str, taken: Container[str]) -> str:
    """Return the name, with ``-2``, ``-3``, … where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}-{number}" in taken:
        number += 1
    return f"{name}-{number}"


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
    return slug[:MAX_LENGTH].strip("-.")


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
