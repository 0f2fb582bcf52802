"""The manager of all sessions, as handlers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.sessions.model import EnvironmentReport, SessionView, StartRequest
    from runicornd.ssh.auth import Login


class Sessions(Protocol):
    """The manager of all sessions. A subject is a session id, or a target that has one session."""

    def list(self) -> Sequence[SessionView]:
        """All sessions, by id."""
        ...

    def get(self, subject: str) -> SessionView:
        """One session.

        Raises:
            UnknownSession: None is meant by that, or more than one.
        """
        ...

    async def start(self, request: StartRequest) -> SessionView:
        """Start a session, or find the one that already is what is asked for."""
        ...

    async def stop(self, subject: str) -> SessionView:
        """Stop a session and its viewer."""
        ...

    async def restart(self, subject: str) -> SessionView:
        """Start the viewer of a session afresh."""
        ...

    async def remove(self, subject: str) -> None:
        """Stop a session and forget it."""
        ...

    async def logs(self, subject: str, lines: int) -> tuple[str, Sequence[str]]:
        """The session's id and the last lines of its viewer's log."""
        ...

    async def follow_log(self, subject: str) -> None:
        """Publish the lines of the viewer's log as ``LogWritten`` from now on."""
        ...

    async def unfollow_log(self, subject: str) -> None:
        """Publish them no longer."""
        ...

    async def environments(self, target: str, viewer: str, login: Login | None) -> EnvironmentReport:
        """The environments of a target, judged for a viewer kind."""
        ...
