"""Starting or restarting a session and staying with it until it is ready."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runicornctl.failure import Failure
from runicornctl.follow import AT_REST, Follower
from runicornctl.progress import Steps
from runicornctl.questions import Questioner
from runicornctl.render import clean
from runicornctl.world import World, session_of
from runicornd.protocol.models import Session, SubjectParams

if TYPE_CHECKING:
    from runicornctl.client import Client
    from runicornctl.terminal import Terminal
    from runicornd.protocol.models import Event, Params

# Resolving a target may run the commands of a `Match exec` in the user's ssh configuration.
_BEGIN_S = 60.0
_STOP_S = 30.0
_INTERRUPTED = 130


class BringUp:
    """One attempt of this command to get a session ready.

    Args:
        client: A connection of its own.
        terminal: Where questions are asked; None when nobody is there.
    """

    def __init__(self, client: Client, terminal: Terminal | None) -> None:
        self._client = client
        self._steps = Steps(sys.stderr)
        # Listen before anything begins, so that nothing is missed.
        self._world = World(client)
        self._lively = {each.id for each in self._world.sessions.values() if each.state not in AT_REST}
        self._questioner = Questioner(client, terminal)
        self._begun: Session | None = None

    def run(self, method: str, params: Params, *, timeout_s: float) -> Session:
        """Call the method, which answers the session, and return the session once it is ready.

        Raises:
            Failure: As ``Follower.until_ready``, or what the daemon answers; interrupted by the user,
                with ``cancelled``. A session that lives only because of this attempt is stopped then.
        """
        follower = Follower(self._world, steps=self._steps, questioner=self._questioner)
        try:
            self._begun = begun = self._begin(method, params)
            return follower.until_ready(begun.id, timeout_s)
        except KeyboardInterrupt as exc:
            self._steps.fail()
            raise self._cancelled() from exc
        except Failure:
            self._steps.fail()
            raise

    def _begin(self, method: str, params: Params) -> Session:
        subject = params.session if isinstance(params, SubjectParams) else None
        seen: list[Event] = []

        def on_event(event: Event) -> None:
            seen.append(event)
            session = session_of(event)
            if subject and session and subject in {session.id, session.target}:
                self._steps.update(session)

        begun = self._client.call(method, Session, params, timeout_s=_BEGIN_S, on_event=on_event)
        # The answer is one moment of the session's story; the events tell all of it, in order.
        self._world.sessions[begun.id] = begun
        for event in seen:
            self._world.take(event)
        return begun

    def _cancelled(self) -> Failure:
        session = self._begun
        if session is None:
            return Failure("cancelled", kind="cancelled", code=_INTERRUPTED)
        if session.id in self._lively:
            return Failure(
                f"cancelled; the session {session.id} was there before and goes on",
                kind="cancelled",
                hint=f"stop it with: runicornctl stop {session.id}",
                code=_INTERRUPTED,
            )
        print(f"Stopping {clean(session.id)} …", file=sys.stderr, flush=True)  # noqa: T201 - the output
        try:
            self._client.call("sessions.stop", Session, SubjectParams(session.id), timeout_s=_STOP_S)
        except Failure as failure:
            if failure.kind != "unknown_session":
                raise
        except KeyboardInterrupt:
            return Failure(
                f"cancelled; the session {session.id} may go on in the background",
                kind="cancelled",
                hint=f"stop it with: runicornctl stop {session.id}",
                code=_INTERRUPTED,
            )
        return Failure(f"cancelled; the session {session.id} is stopped", kind="cancelled", code=_INTERRUPTED)
