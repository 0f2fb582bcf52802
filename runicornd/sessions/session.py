"""One session: the coroutine that gets a viewer ready, keeps it so, and brings it back."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import AgentFailed, ConnectError, NeedsInput, RunicorndError, StateUnwritable
from runicornd.sessions import lifecycle
from runicornd.sessions.model import Phase, SessionChanged, SessionView, State, Step
from runicornd.ssh.lifecycle import Disposition, LinkPhase, classify

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.remote.models import ViewerRecord
    from runicornd.sessions.bringup import BringUp
    from runicornd.sessions.model import Intent
    from runicornd.sessions.restarts import RestartBudget
    from runicornd.sessions.store import SessionStore
    from runicornd.ssh.link import Link
    from runicornd.tunnels.tunnel import Tunnel
    from runicornd.viewers.viewer import Viewer

STOP_LIMIT_S = 15.0
SETTLE_S = 1.0
LEFT_BEHIND = "the viewer could not be reached; it ends by itself when its lease runs out"
AT_REST = frozenset({Phase.STOPPED, Phase.FAILED})
# A server that goes down may end the viewer before its connections: then both is true, and only one matters.
COMING_BACK = frozenset({Phase.RECONNECTING, Phase.RESTARTING})


class Session:
    """The owner of one viewer, its tunnel and its URL.

    The state changes in ``_apply`` only. What must survive a restart is saved as it becomes known.

    Args:
        intent: What is wanted.
        link: The host's link.
        viewer: This session's viewer.
        steps: How it gets ready.
        tunnel: Its URL; open from each start until it is stopped.
        budget: How often the viewer may be started again.
        store: Where the intent is saved.
        events: Where every change is published.
        clock: For the times that are shown, and for waiting.
    """

    def __init__(
        self,
        intent: Intent,
        *,
        link: Link,
        viewer: Viewer,
        steps: BringUp,
        tunnel: Tunnel,
        budget: RestartBudget,
        store: SessionStore,
        events: EventHub,
        clock: Clock,
    ) -> None:
        self.intent = intent
        self.link = link
        self.viewer = viewer
        self._steps = steps
        self._tunnel = tunnel
        self._budget = budget
        self._store = store
        self._events = events
        self._clock = clock
        self._state = State(phase=Phase.STOPPED, since=clock.wall())
        self._view: SessionView | None = None
        self._tasks = Tasks(f"session {intent.id}")
        self._run: asyncio.Task[None] | None = None
        self._ready_since: float | None = None
        # The viewer was to be ended, and nobody could tell it: that comes before everything else.
        self._is_outdated = False
        # What was ready once is brought back whatever happens; a first try fails at the first failure.
        self.is_proven = intent.environment is not None
        self._log = structlog.get_logger("sessions").bind(session=intent.id)

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self._state.phase

    def view(self) -> SessionView:
        """The session as others see it now: the same object for as long as nothing has changed."""
        url = self._tunnel.url if self._tunnel.is_listening else None
        prompt = None if self.phase in AT_REST else self._steps.prompt_id or self.link.state.prompt_id
        last = self._view
        is_same = last is not None and last.intent is self.intent and last.state is self._state
        if last is None or not is_same or last.url != url or last.prompt != prompt:
            last = self._view = SessionView(self.intent, self._state, url, prompt)
        return last

    def hold_for(self, seconds: float) -> None:
        """Let visitors wait so long for a viewer that is away, from now on."""
        self._tunnel.hold_for(seconds)

    def announce(self) -> None:
        """Publish the view: something of it changed."""
        self._events.publish(SessionChanged(self.view()))

    def link_changed(self) -> None:
        """Show what the link's new state means: why it is away, or what it asks."""
        link = self.link.state
        is_away = self.phase in COMING_BACK or self._state.step is Step.CONNECTING
        if self.is_proven and is_away and link.phase is LinkPhase.BACKOFF and link.error:
            self._apply(lifecycle.LinkLost(link.error))
        else:
            self.announce()

    async def start(self) -> None:
        """Begin, or begin again after ``failed`` or ``stopped``; returns while it is starting.

        Raises:
            PortTaken: Its local port is not to be had; nothing has begun.
            StateUnwritable: It cannot be saved; nothing has begun.
        """
        tunnel = self._tunnel
        if not tunnel.is_listening:
            tunnel.open(self.intent.local_port, explicit=self.intent.port_is_explicit)
        try:
            self._save(wanted=True, local_port=tunnel.port)
        except RunicorndError:
            await tunnel.close()
            raise
        tunnel.detach()  # whoever comes now waits for it, also after a failure
        self._apply(lifecycle.Started())
        self._run = self._tasks.start("run", self._live())

    async def stop(self) -> None:
        """End the remote viewer, close the URL, and be ``stopped``. Safe in every state.

        Raises:
            StateUnwritable: It is stopped, and the next daemon will not know that.
        """
        if self.phase is Phase.STOPPING:
            return
        self._apply(lifecycle.StopAsked())
        await self._end_run()
        left = await self._end_viewer()
        await self._tunnel.close()
        try:
            self._save(wanted=False)
        finally:
            self._apply(lifecycle.Ended(left))

    async def restart(self) -> None:
        """Replace the viewer by a new one on the same URL. Raises as ``start``."""
        if self.phase in AT_REST:
            await self.start()
            return
        self._apply(lifecycle.ViewerLost(None))
        await self._end_run()
        await self._end_viewer()
        self._budget.refill()
        self._run = self._tasks.start("run", self._live())

    async def close(self) -> None:
        """Let go without ending the remote viewer, which the next daemon finds again."""
        await self._end_run()
        if self.phase not in AT_REST:
            self._save_at_last()
        await self._tunnel.close()
        await self._tasks.close()

    async def _live(self) -> None:
        """Get ready and stay so, until it is hopeless."""
        async with self.link.wanted():
            while True:
                try:
                    await self._get_ready()
                    await self._steps.watch(self._tunnel.url)
                except RunicorndError as error:
                    if not await self._recover(error):
                        return
                except Exception as error:  # noqa: BLE001 - a mistake of ours must not leave it hanging
                    self._log.exception("session crashed")
                    await self._give_up(_mistake(self.intent.id, error))
                    return

    async def _get_ready(self) -> None:
        steps = self._steps
        self._apply(lifecycle.Stepped(Step.CONNECTING))
        await steps.connect(patient=self.is_proven)
        if self._is_outdated:
            await self._end_viewer()
        if self.intent.record is None:
            self._apply(lifecycle.Stepped(Step.ENVIRONMENTS))
            self.intent = await steps.choose(self.intent, self._on_question)
        self._apply(lifecycle.Stepped(Step.LAUNCHING))
        detail = self._save_launched(await steps.launch(self.intent))
        self.link.worked()
        self._tunnel.attach(self.viewer.dial)
        self._apply(lifecycle.Stepped(Step.ANSWERING))
        await steps.answer(self._tunnel.url)
        if not self.is_proven:
            self._tunnel.expect_visitors()  # whoever asked for it will look at it now
        self.is_proven = True
        self._ready_since = self._clock.monotonic()
        self._apply(lifecycle.Answered(detail))

    def _save_launched(self, record: ViewerRecord) -> str:
        """Save what runs. A session that was ready once works on without; say then what is wrong.

        The next daemon ends a viewer that it has no record of, and starts another one.
        """
        try:
            self._save(record=record)
        except StateUnwritable as error:
            if not self.is_proven:
                raise
            self._log.warning("session not saved", reason=error.message)
            return f"{error.message}; {error.hint}"
        return ""

    def _on_question(self) -> None:
        self._apply(lifecycle.Stepped(Step.CHOOSING, "waiting for you to choose an environment"))

    async def _recover(self, error: RunicorndError) -> bool:
        """Say what is wrong and wait until it is worth another try; False when it is hopeless."""
        self._tunnel.detach()
        ready_for = 0.0 if self._ready_since is None else self._clock.monotonic() - self._ready_since
        self._ready_since = None
        if not (self.is_proven or isinstance(error, NeedsInput)):
            return await self._give_up(error)
        if isinstance(error, ConnectError):
            return await self._recover_link(error)
        return await self._recover_viewer(error, ready_for)

    async def _recover_link(self, error: ConnectError) -> bool:
        if classify(error) is Disposition.RETRY:
            self._apply(lifecycle.LinkLost(error))
            await self._let_link_settle()
        else:
            self._apply(lifecycle.Stuck(error))
            await self.link.unblocked()
        return True

    async def _let_link_settle(self) -> None:
        """A call may fail before the link knows that it is down, or because of a limit of the server."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self.link.down()

    async def _recover_viewer(self, error: RunicorndError, ready_for: float) -> bool:
        delay = self._budget.next_delay(ready_for) if error.retryable else None
        if delay is None:
            return await self._give_up(error)
        if isinstance(error, AgentFailed):  # the viewer itself is well; a new agent finds it again
            self._apply(lifecycle.LinkLost(error))
        else:
            self._apply(lifecycle.ViewerLost(error))
            await self._end_viewer()
        await self._clock.sleep(delay)
        return True

    async def _give_up(self, error: RunicorndError) -> bool:
        """A session that never was ready leaves nothing behind; one that was keeps its URL."""
        await self._end_viewer()
        if self.is_proven:
            self._tunnel.detach(_verdict(self.intent.id, error))
        else:
            await self._tunnel.close()
            self._forget()
        self._apply(lifecycle.GaveUp(error))
        return False

    def _save_at_last(self) -> None:
        """Once more, for the file may have been damaged, or the disk full when it was last written."""
        try:
            self._save()
        except StateUnwritable as error:
            self._log.warning("session not saved", reason=error.message)

    def _forget(self) -> None:
        try:
            self._store.delete(self.intent.id)
        except StateUnwritable as error:  # why it failed matters more
            self._log.warning("session file not removed", reason=error.message)

    async def _end_run(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.wait([self._run])
        self._run = None

    async def _end_viewer(self) -> str:
        """End the remote viewer as far as the link allows; say what is left of it."""
        self._tunnel.detach()
        if self.intent.record is None:
            return ""
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self.viewer.stop(self.intent.record)
        except (RunicorndError, TimeoutError) as error:
            self._log.warning("viewer not ended", reason=str(error))
            self._is_outdated = True
            return LEFT_BEHIND
        self._is_outdated = False
        self.intent = replace(self.intent, record=None)
        return ""

    def _save(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Intent, checked by replace
        self.intent = replace(self.intent, **changes)
        self._store.save(self.intent)

    def _apply(self, change: lifecycle.Change) -> None:
        """The one place where the state changes: it logs and publishes."""
        before = self._state
        self._state = lifecycle.transition(before, change, self._clock.wall())
        if before.phase is not self._state.phase or self._state.step is not before.step:
            error = self._state.error
            self._log.info(
                "session changed",
                phase=self._state.phase,
                step=self._state.step,
                reason=error.message if error else None,
            )
        self.announce()


def _verdict(session_id: str, error: RunicorndError) -> str:
    """What the URL of a failed session shows."""
    why = error.message.splitlines()[0].rstrip(":")
    return f"The session has failed: {why}. 'runicornctl restart {session_id}' starts it again."


def _mistake(session_id: str, error: Exception) -> RunicorndError:
    return RunicorndError(
        f"cannot keep session {session_id}: a mistake in runicornd itself ({type(error).__name__})",
        hint="the daemon's log has the details: runicornctl daemon logs",
    )
