"""Sessions in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runicornctl.render import Paint, clean, width

if TYPE_CHECKING:
    from runicornd.protocol.models import Session


def environment(session: Session) -> str:
    """Return the environment's name and the version of the viewer in it; not yet escaped."""
    env = session.env
    if env is None:
        return "-"
    return f"{env.name} ({env.runicorn_version})" if env.runicorn_version else env.name


def print_session(session: Session) -> None:
    """Print a ready session's address and what it shows."""
    paint = Paint(sys.stdout)
    rows = [("session", session.id), ("environment", environment(session))]
    if session.env:
        rows.append(("python", session.env.python))
    if session.root:
        rows.append(("root", session.root))
    print(f"{paint('bold', clean(session.url or '-'))}\n")  # noqa: T201 - this is the output
    for label, text in rows:
        gap = " " * (13 - width(label))
        print(f"  {paint('dim', label)}{gap}{clean(text)}")  # noqa: T201 - this is the output
