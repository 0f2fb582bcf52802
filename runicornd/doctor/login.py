"""The login, made by the link that everything else uses too: nothing is asked twice."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from runicornd._lib.race import first_of
from runicornd.doctor.model import Finding, ok
from runicornd.ssh.lifecycle import LinkChanged
from runicornd.ssh.questions import unanswered

if TYPE_CHECKING:
    from runicornd.events import EventHub
    from runicornd.prompts import Prompts
    from runicornd.ssh.link import Link
    from runicornd.ssh.transport import Connection

ASKING_LIMIT_S = 330.0
LIMIT_S = 90.0


class Login:
    """Logs in, and holds the link until ``close``.

    Args:
        prompts: The questions that wait.
        events: Tells when the link begins to wait for one.
        ask: Whether a person is there to answer; otherwise a question is what is found.
    """

    def __init__(self, *, prompts: Prompts, events: EventHub, ask: bool) -> None:
        self._prompts = prompts
        self._events = events
        self._ask = ask
        self._held = AsyncExitStack()

    @property
    def limit_s(self) -> float:
        """The most that it may take, the person's time included."""
        return ASKING_LIMIT_S if self._ask else LIMIT_S

    async def look(self, link: Link) -> Finding:
        """Whether the link comes up.

        Raises:
            ConnectError: Why not; ``NeedsInput`` for a question that nobody is there to answer.
        """
        await self._held.enter_async_context(link.wanted())
        if link.connection and not link.host.is_local:
            return ok("login_there", f"logged in as {link.host.user} already", user=link.host.user)
        up = link.up(eager=True)
        await (up if self._ask else first_of(up, self._question(link)))
        if link.host.is_local:
            return ok("login_local", f"not needed; this is {link.host.user}", user=link.host.user)
        return ok("login_done", f"logged in as {link.host.user}", user=link.host.user)

    async def close(self) -> None:
        """Let go of the link; it lingers for a while if it is up."""
        await self._held.aclose()

    async def _question(self, link: Link) -> Connection:
        """Raise the question for which the link waits, as soon as it does."""
        with self._events.subscribe() as changes:
            self._raise_question(link)
            async for _, change in changes:
                if isinstance(change, LinkChanged) and change.host.key == link.host.key:
                    self._raise_question(link)
        raise AssertionError("events have no end")

    def _raise_question(self, link: Link) -> None:
        for prompt in self._prompts.pending():
            if prompt.id == link.state.prompt_id:
                raise unanswered(prompt.question)
