"""Staying with work that the daemon does: showing how far it is, asking its questions, and its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from runicornctl.failure import Failure, TimedOut
from runicornctl.follow import WhileAsked
from runicornd.protocol.exits import Exit
from runicornd.protocol.models import Download, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornctl.live import Live
    from runicornctl.questions import Questioner
    from runicornctl.world import World
    from runicornd.protocol.models import ErrorData, PromptInfo

INTERRUPTED = 130
_TICK_S = 0.25
# Its question or its next try may be on the way.
_BELIEVE_WAITING_S = 2.0
# A download tries again for as long as it takes; a person wants to know sooner that it does.
_WATCH_WAITING_S = 15.0

Work = TypeVar("Work", Store, Download)


class WorkFollower:
    """Follows one piece of work until it has ended.

    Args:
        world: What the daemon tells; it listened before the work began.
        live: Where progress is shown.
        questioner: Asks what the work waits for.
    """

    def __init__(self, world: World, live: Live, questioner: Questioner) -> None:
        self._world = world
        self._live = live
        self._questioner = questioner
        self._waiting_since: float | None = None

    def until(
        self,
        look: Callable[[], Work],
        has_ended: Callable[[Work], bool],
        show: Callable[[Work], tuple[list[str], str]],
        *,
        target: str,
        timeout_s: float,
    ) -> Work:
        """Follow until the work has ended, and return its last state.

        Args:
            look: Returns the work as it is known now.
            has_ended: Whether nothing more comes of it by itself.
            show: What is shown of it: lines that are replaced, and the news where that cannot be.
            target: Where it is done.
            timeout_s: The time that a person takes to answer does not count.

        Raises:
            Failure: It waits for a link that cannot be made just now.
            NeedsInput: A question waits and nobody is there to answer.
            TimedOut: It takes longer.
        """
        deadline = time.monotonic() + timeout_s
        try:
            while not has_ended(work := look()):
                self._live.draw(*show(work))
                if prompt := self._prompt(work, target):
                    deadline += self._ask(prompt, target)
                    continue
                self._insist_moving(work)
                if time.monotonic() > deadline:
                    raise TimedOut(f"it takes longer than {timeout_s:g} s and goes on in the background")
                self._world.next(min(_TICK_S, max(0.0, deadline - time.monotonic())))
        finally:
            self._live.clear()
        return work

    def _prompt(self, work: Store | Download, target: str) -> PromptInfo | None:
        host = self._world.hosts.get(target)
        wanted = work.prompt or (host.prompt if host and work.state == "waiting" else None)
        return self._world.prompts.get(wanted) if wanted else None

    def _ask(self, prompt: PromptInfo, target: str) -> float:
        began = time.monotonic()
        self._live.clear()
        self._questioner.settle(prompt, target, WhileAsked(self._world, prompt))
        self._world.prompts.pop(prompt.id, None)
        self._waiting_since = None
        return time.monotonic() - began

    def _insist_moving(self, work: Store | Download) -> None:
        """Raise why the work waits, once that is believed to last."""
        now = time.monotonic()
        if work.state != "waiting" or self._is_queued(work):
            self._waiting_since = None
            return
        self._waiting_since = self._waiting_since or now
        waited_s = now - self._waiting_since
        if work.error is not None and waited_s >= _BELIEVE_WAITING_S:
            raise failure_of(work.error)
        if isinstance(work, Download) and waited_s >= _WATCH_WAITING_S:
            raise Failure(
                f"the download {work.id} waits: {work.detail}",
                kind="not_connected",
                hint="it goes on by itself when it can; see it with: runicornctl downloads list",
            )

    def _is_queued(self, work: Store | Download) -> bool:
        """Whether it may wait for nothing but the end of other downloads."""
        if not isinstance(work, Download):
            return False
        others = (each for each in self._world.downloads.values() if each.id != work.id)
        return any(each.state in {"running", "verifying"} for each in others)


def failure_of(error: ErrorData) -> Failure:
    """Return an error of the daemon's state as one of this command."""
    code = Exit.NEEDS_INPUT if error.kind == "needs_input" else Exit.FAILED
    return Failure(error.message, kind=error.kind, hint=error.hint, code=code, context=error.context)


def left_behind(what: str, hint: str) -> Failure:
    """Return the error for a person who does not want to watch any longer: the work goes on."""
    return Failure(f"{what} goes on in the background", kind="cancelled", hint=hint, code=INTERRUPTED)
