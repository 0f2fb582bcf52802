"""What the demo says when it cannot go on."""

from __future__ import annotations


class DemoFailed(Exception):
    """The demo cannot go on. ``str()`` of it is "cannot X: why".

    Args:
        message: What cannot be done, and why.
        hint: What the user can do next.
        kind: The daemon's word for it, when it is the daemon who failed.
    """

    def __init__(self, message: str, hint: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.kind = kind
