"""Following one session until it is where it shall be, with the questions on the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runicornctl.failure import Failure, TimedOut
from runicornctl.progress import TICK_S, doing
from runicornctl.terminal import Withdrawn
from runicornd.protocol.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from runicornctl.progress import Steps
    from runicornctl.questions import Questioner
    from runicornctl.world import World
    from runicornd.protocol.models import Event, PromptInfo, Session

AT_REST = frozenset({"failed", "stopped"})
# A session that is blocked is believed after this: a kick or its question may be on the way.
_BELIEVE_BLOCKED_S = 1.0


class WhileAsked:
    """Keeps reading events while a person types, until the question is withdrawn."""

    def __init__(self, world: World, prompt: PromptInfo) -> None:
        self._world = world
        self._prompt = prompt

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when there is news."""
        return self._world.fileno()

    def look(self) -> None:
        """Take in what is there; raise ``Withdrawn`` when the question is no longer asked."""
        while self._world.next(0):
            pass
        if self._prompt.id not in self._world.prompts:
            raise Withdrawn


def asking_for(
    world: World, questioner: Questioner, target: str, *, others: Collection[str] = ()
) -> Callable[[Event | None], float]:
    """Return an ``on_event`` for a long call, which asks what concerns the target.

    Call it with None first: a question may wait already. ``others`` are the ids of those that the call
    does not wait for.
    """

    def on_event(event: Event | None) -> float:
        if event is not None:
            world.take(event)
        began = time.monotonic()
        while prompt := _question_of_host(world, target, others):
            questioner.settle(prompt, target, WhileAsked(world, prompt))
            world.prompts.pop(prompt.id, None)
        return time.monotonic() - began

    return on_event


def _question_of_host(world: World, target: str, others: Collection[str] = ()) -> PromptInfo | None:
    host = world.hosts.get(target)
    for prompt in world.prompts.values():
        # Which environment is asked on behalf of one session, everything else for the whole host.
        is_of_host = prompt.target == target or (host is not None and host.prompt == prompt.id)
        if is_of_host and prompt.kind != "environment" and prompt.id not in others:
            return prompt
    return None


def outcome(session: Session) -> Failure:
    """Return why a session is not ready, as an error with the daemon's own words."""
    error = session.error
    if error is None:
        return Failure(
            f"the session {session.id} is {session.state}",
            kind=session.state,
            hint=f"start it again with: runicornctl restart {session.id}",
        )
    return Failure(
        error.message,
        kind=error.kind,
        hint=error.hint,
        code=Exit.NEEDS_INPUT if error.kind == "needs_input" else Exit.FAILED,
        context={**error.context, "session": session.id},
    )


class Follower:
    """Follows one session, showing its steps and asking its questions.

    Args:
        world: What the daemon tells.
        steps: Where progress is shown; None shows none.
        questioner: Who asks the person; None leaves questions, and what is blocked, to others.
    """

    def __init__(self, world: World, *, steps: Steps | None, questioner: Questioner | None) -> None:
        self._world = world
        self._steps = steps
        self._questioner = questioner
        self._blocked_at: float | None = None

    def until_ready(self, session_id: str, timeout_s: float) -> Session:
        """Wait until the session is ready; the time that a person takes to answer does not count.

        Raises:
            Failure: It failed, was stopped, or is blocked; with its own kind, message and hint.
            NeedsInput: A question waits and nobody is there to answer.
            TimedOut: It takes longer.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            session = self._latest(session_id)
            if self._steps:
                self._steps.update(session)
            if session.state == "ready":
                return session
            if session.state in AT_REST:
                raise outcome(session)
            if self._questioner and (prompt := self._question(session)):
                deadline += self._ask(self._questioner, prompt, session.target)
            elif time.monotonic() > deadline:
                raise _too_slow(session, timeout_s)
            else:
                self._wait(session, deadline)

    def until_stopped(self, session_id: str, timeout_s: float) -> Session:
        """Wait until the session is stopped, has failed or is gone, and return its last state.

        Raises:
            TimedOut: It takes longer.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            session = self._world.sessions.get(session_id)
            if session is None or session.state in AT_REST:
                return session or self._world.gone[session_id]
            if time.monotonic() > deadline:
                raise _too_slow(session, timeout_s)
            self._wait(session, deadline)

    def _latest(self, session_id: str) -> Session:
        """Return the session as it is, or as it was when it was removed because it failed."""
        session = self._world.sessions.get(session_id)
        if session is not None:
            return session
        last = self._world.gone.get(session_id)
        if last is not None and last.state in AT_REST:
            return last
        raise Failure(f"the session {session_id} was removed meanwhile", kind="unknown_session")

    def _question(self, session: Session) -> PromptInfo | None:
        own = self._world.prompts.get(session.prompt or "")
        return own or _question_of_host(self._world, session.target)

    def _ask(self, questioner: Questioner, prompt: PromptInfo, target: str) -> float:
        began = time.monotonic()
        if self._steps:
            self._steps.pause()
        questioner.settle(prompt, target, WhileAsked(self._world, prompt))
        self._world.prompts.pop(prompt.id, None)
        self._blocked_at = None
        return time.monotonic() - began

    def _wait(self, session: Session, deadline: float) -> None:
        """Wait for one event, at most for the spinner's next move."""
        now = time.monotonic()
        if session.state != "blocked":
            self._blocked_at = None
        elif self._questioner:
            self._blocked_at = self._blocked_at or now
            if now - self._blocked_at >= _BELIEVE_BLOCKED_S:
                raise outcome(session)
        pause = min(TICK_S if self._steps or self._blocked_at else 60.0, deadline - now)
        if not self._world.next(max(0.0, pause)) and self._steps:
            self._steps.tick()


def _too_slow(session: Session, timeout_s: float) -> Failure:
    words = session.detail or (session.error.message if session.error else "")
    why = f"it is still {doing(session)}" + (f": {words}" if words else "")
    return TimedOut(
        f"session {session.id} takes longer than {timeout_s:g} s: {why}",
        hint="it goes on in the background; see it with: runicornctl status"
        f" {session.id}, end it with: runicornctl stop {session.id}",
    )
