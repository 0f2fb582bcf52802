"""The way to a store's machine: the link of its host, and where that has no room, one of the store's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import ChannelRefused, ConnectError, RunicorndError
from runicornd.events import EventHub
from runicornd.ssh.lifecycle import LinkChanged, LinkPhase
from runicornd.storage.lifecycle import Advanced, Held
from runicornd.storage.model import SyncProgress
from runicornd.storage.refusals import no_room

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd._lib.clock import Clock
    from runicornd.events import Subscription
    from runicornd.ssh.auth import Login
    from runicornd.ssh.lifecycle import LinkState
    from runicornd.ssh.link import Link
    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Connection

    Work = Callable[[Connection], Awaitable[None]]
    FindLink = Callable[[Login | None], Awaitable[Link]]
    NewLink = Callable[[Host, EventHub], Link]

CONNECT_S = 30.0


class Way:
    """Reaches one store's machine.

    Args:
        target: As the user calls the machine.
        find_link: Resolves the target and returns its link, for which a login may be given.
        own_link: Makes a link for this store alone, which tells its changes to the hub.
        show: Takes what the store's state shall be while the connection is waited for.
        told: Takes the error that needs a person, so that whoever waits hears of it.
        clock: The time.
    """

    def __init__(
        self,
        target: str,
        *,
        find_link: FindLink,
        own_link: NewLink,
        show: Callable[[Advanced | Held], None],
        told: Callable[[RunicorndError], None],
        clock: Clock,
    ) -> None:
        self.link: Link | None = None
        self.login: Login | None = None
        self._target = target
        self._find_link = find_link
        self._own_link = own_link
        self._show = show
        self._told = told
        self._clock = clock
        self._own: Link | None = None
        self._awaited: Link | None = None
        self._tasks: Tasks | None = None
        self._log = structlog.get_logger("stores")

    @property
    def current(self) -> Link | None:
        """The link that is waited for now, else the host's as it was found last."""
        return self._awaited or self.link

    async def reach(self, login: Login | None = None) -> Link:
        """Return the host's link, as the target is resolved now.

        Args:
            login: What the user gave just now; a try that waits for a person starts over with it.

        Raises:
            RunicorndError: The target means nothing (any more), or cannot be resolved.
        """
        self.login = login or self.login
        self.link = await self._find_link(login)
        if login is not None and self._own is not None:
            self._own.use(self.link.host, login)
        return self.link

    async def use(self, work: Work, *, eager: bool) -> None:
        """Do the work over the host's link, or over one of our own where the server refuses that a channel.

        Args:
            work: What is to be done with the connection; begun a second time when it ended so.
            eager: A person waits: the link tries at once, and its first failure is raised.

        Raises:
            RunicorndError: What the work raises, or why there is no connection.
        """
        link = await self.reach()
        async with link.wanted():
            try:
                await work(await self._up(link, eager))
            except ChannelRefused as refusal:
                self._log.info("the link has no room: a connection of its own", host=link.host.key)
                await self._use_own(link.host, work, refusal, eager=eager)
        link.worked()

    async def leave(self) -> None:
        """Close what is the store's own."""
        own, tasks = self._own, self._tasks
        self._own = self._tasks = None
        if own is not None:
            await own.close()
        if tasks is not None:
            await tasks.close()

    def changed(self, link: Link, state: LinkState) -> bool:
        """Show what a link waits for; false when nothing waits for that link."""
        if self._awaited is not link:
            return False
        if state.phase is LinkPhase.WAITING_FOR_USER:
            self._show(Held(f"{self._target} waits for your answer", state.prompt_id))
        elif state.phase is LinkPhase.CONNECTING:
            self.show_connecting()
        return True

    def show_connecting(self) -> None:
        """Show that a sync begins with a connection."""
        self._show(Advanced(SyncProgress("connecting", self._clock.wall())))

    async def _use_own(self, host: Host, work: Work, refusal: ChannelRefused, *, eager: bool) -> None:
        link = await self._open_own(host)
        self.show_connecting()
        async with link.wanted():
            try:
                connection = await self._up(link, eager)
            except ConnectError as error:
                raise no_room(refusal, error) from error
            await work(connection)
        link.worked()

    async def _open_own(self, host: Host) -> Link:
        if self._own is not None and self._own.state.phase is LinkPhase.CLOSED:
            await self.leave()
        if self._own is not None:
            self._own.use(host)
            return self._own
        hub = EventHub()
        link = self._own = self._own_link(host, hub)
        link.use(host, self.login)
        self._tasks = Tasks(f"own link of {self._target}")
        self._tasks.start("follow", self._follow(link, hub.subscribe()))
        link.start()
        return link

    async def _follow(self, link: Link, changes: Subscription) -> None:
        with changes:
            async for _, change in changes:
                if isinstance(change, LinkChanged):
                    self.changed(link, link.state)

    async def _up(self, link: Link, eager: bool) -> Connection:
        """Wait for the link; what needs a person is waited for, and never tried in a loop."""
        self._awaited = link
        eager = eager and link.state.prompt_id is None  # a question that is open already stays open
        try:
            while True:
                try:
                    return await link.up(None if eager else CONNECT_S, eager=eager)
                except RunicorndError as error:
                    phase = link.state.phase
                    if phase is LinkPhase.BLOCKED:
                        await self._until_unblocked(link, error)
                    elif phase is not LinkPhase.WAITING_FOR_USER:
                        raise
                    eager = False
        finally:
            self._awaited = None

    async def _until_unblocked(self, link: Link, error: RunicorndError) -> None:
        self._told(error)
        self._show(Held(error.message, link.state.prompt_id, error))
        await link.unblocked()
        self.show_connecting()
