"""What the handlers need to look for what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from runicornd.doctor.model import Report
    from runicornd.ssh.auth import Login


class Doctor(Protocol):
    """Looks at a target, or at the daemon itself."""

    async def examine(
        self, target: str | None, *, run: str | None = None, login: Login | None = None, ask: bool = True
    ) -> Report:
        """Make every check; with ``run``, publish each as it begins and ends."""
        ...
