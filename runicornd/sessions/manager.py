"""All sessions: finds, starts, stops and remembers them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import replace
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import structlog

from runicornd._lib.supervise import Tasks
from runicornd.errors import InvalidParams, RunicorndError, UnknownSession
from runicornd.events import Resync
from runicornd.sessions.bringup import survey
from runicornd.sessions.logs import LogFollower
from runicornd.sessions.model import Intent, SessionRemoved
from runicornd.sessions.naming import session_id
from runicornd.sessions.restoring import resolved
from runicornd.sessions.session import AT_REST
from runicornd.ssh.lifecycle import LinkChanged

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from runicornd._lib.clock import Clock
    from runicornd.events import EventHub
    from runicornd.remote.registry import RemoteHosts
    from runicornd.sessions.factory import SessionFactory
    from runicornd.sessions.model import (
        ChosenEnvironment,
        EnvironmentReport,
        SessionView,
        StartRequest,
    )
    from runicornd.sessions.session import Session
    from runicornd.sessions.store import SessionStore
    from runicornd.ssh.auth import Login
    from runicornd.ssh.link import Link
    from runicornd.ssh.pool import Pool
    from runicornd.ssh.targets import Host, Targets
    from runicornd.viewers.kinds.registry import Kinds


MAX_SESSIONS = 1000


class SessionManager:
    """The registry of sessions.

    Args:
        targets: Resolves what the user typed.
        pool: The links.
        remotes: The agents.
        kinds: The viewer kinds.
        factory: Builds sessions.
        store: The session files.
        events: Where changes are published.
        clock: For the time of creation.
    """

    def __init__(
        self,
        *,
        targets: Targets,
        pool: Pool,
        remotes: RemoteHosts,
        kinds: Kinds,
        factory: SessionFactory,
        store: SessionStore,
        events: EventHub,
        clock: Clock,
    ) -> None:
        self._targets = targets
        self._pool = pool
        self._remotes = remotes
        self._kinds = kinds
        self._factory = factory
        self._store = store
        self._events = events
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._of_host: defaultdict[str, dict[str, Session]] = defaultdict(dict)
        self._locks: dict[str, asyncio.Lock] = {}
        self._starting = asyncio.Lock()
        self._tasks = Tasks("sessions")
        self._logs = LogFollower(remotes, events)
        self._log = structlog.get_logger("sessions")

    async def restore(self) -> None:
        """Load the saved sessions and bring back those that are wanted."""
        self._tasks.start("show what links wait for", self._follow_links())
        intents = self._store.load()
        hosts = await resolved((intent.target for intent in intents), self._targets.resolve)
        for intent in intents:
            try:
                await self._restore(intent, hosts[intent.target])
            except RunicorndError as error:
                self._log.warning("session not restored", session=intent.id, reason=error.message)

    async def close(self) -> None:
        """Let go of every session; the remote viewers stay for their lease."""
        await self._logs.close()
        await asyncio.gather(*(session.close() for session in self._sessions.values()))
        await self._tasks.close()

    async def stop_all(self) -> None:
        """End every remote viewer; what is wanted stays wanted no more."""
        busy = [session for session in self._sessions.values() if session.phase not in AT_REST]
        await asyncio.gather(*(self.stop(session.intent.id) for session in busy))

    def hold_for(self, seconds: float) -> None:
        """Let visitors of every session wait so long for a viewer that is away, from now on."""
        self._factory = replace(self._factory, hold_s=seconds)
        for session in self._sessions.values():
            session.hold_for(seconds)

    def list(self) -> Sequence[SessionView]:
        """Return all sessions, by id."""
        return [self._sessions[key].view() for key in sorted(self._sessions)]

    def get(self, subject: str) -> SessionView:
        """Return the session of this id, or the only one of this target.

        Raises:
            UnknownSession: There is none.
            InvalidParams: The target has several.
        """
        return self._find(subject).view()

    async def start(self, request: StartRequest) -> SessionView:
        """Start a session, or return the one that already is what is asked for.

        Raises:
            InvalidTarget, UnknownViewer, PortTaken, StateUnwritable: Nothing has begun.
        """
        self._kinds.get(request.viewer)
        host = await self._targets.resolve(request.target)
        link = self._pool.link(host, request.login)
        async with self._starting:
            session = self._matching(request, link)
            if session is None:
                session = await self._create(request, link)
            else:
                if link.state.prompt_id is None:
                    link.kick()  # a person asks for it now: no backoff, and another try if it is blocked
                await self._wake(session, request)
        return session.view()

    async def stop(self, subject: str) -> SessionView:
        """End the session's viewer and close its URL; the session can be started again."""
        session = self._find(subject)
        await self._to_its_end(f"stop {session.intent.id}", self._stop(session))
        return session.view()

    async def restart(self, subject: str) -> SessionView:
        """Replace the session's viewer by a new one on the same URL."""
        session = self._find(subject)
        session.link.kick()
        await self._to_its_end(f"restart {session.intent.id}", self._restart(session))
        return session.view()

    async def remove(self, subject: str) -> None:
        """Stop the session and forget it, its port included."""
        session = self._find(subject)
        await self._to_its_end(f"remove {session.intent.id}", self._remove(session))

    async def logs(self, subject: str, lines: int) -> tuple[str, Sequence[str]]:
        """Return the session's id and the last lines of its viewer's log."""
        session = self._find(subject)
        return session.intent.id, await self._logs.tail(session, lines)

    async def follow_log(self, subject: str) -> None:
        """Publish the log's new lines as ``LogWritten`` until as many ``unfollow_log`` follow."""
        session = self._find(subject)
        self._logs.follow(session)

    async def unfollow_log(self, subject: str) -> None:
        """Take one ``follow_log`` back."""
        await self._logs.unfollow(self._find(subject))

    async def environments(self, target: str, viewer: str, login: Login | None) -> EnvironmentReport:
        """Return the Python environments of a target, judged for the viewer kind."""
        kind = self._kinds.get(viewer)
        host = await self._targets.resolve(target)
        link = self._pool.link(host, login)
        async with link.wanted():
            await link.up(eager=True)
            return await survey(target, self._remotes.of(link.host.key, link), kind, self._last_python(link))

    async def _to_its_end(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        await self._tasks.to_its_end(name, work, expected=RunicorndError)

    async def _stop(self, session: Session) -> None:
        async with self._lock(session):
            await session.stop()
            if not session.is_proven:  # there is nothing in it to start again
                await session.close()
                self._drop(session)

    async def _restart(self, session: Session) -> None:
        async with self._lock(session):
            await session.restart()

    async def _remove(self, session: Session) -> None:
        async with self._lock(session):
            await session.stop()
            await session.close()
            self._drop(session)

    async def _restore(self, intent: Intent, host: Host | RunicorndError) -> None:
        if isinstance(host, RunicorndError):
            raise host
        session = self._new(intent, self._pool.link(host))
        self._add(session)
        if intent.wanted:
            await session.start()

    async def _create(self, request: StartRequest, link: Link) -> Session:
        if len(self._sessions) >= MAX_SESSIONS:
            raise InvalidParams(
                f"cannot start another session: there are {MAX_SESSIONS}",
                hint="remove some: runicornctl stop --forget SESSION",
            )
        intent = Intent(
            id=session_id(request.target, self._sessions),
            target=request.target,
            viewer=request.viewer,
            created=self._clock.wall(),
        )
        session = self._new(_asked(intent, request, proven=False), link)
        await session.start()
        self._add(session)
        return session

    async def _wake(self, session: Session, request: StartRequest) -> None:
        """Start a session again that is at rest, as it is asked for now."""
        async with self._lock(session):
            if session.phase in AT_REST:
                session.intent = _asked(session.intent, request, proven=session.is_proven)
                await session.start()

    def _add(self, session: Session) -> None:
        self._sessions[session.intent.id] = session
        self._of_host[session.link.host.key][session.intent.id] = session

    def _new(self, intent: Intent, link: Link) -> Session:
        return self._factory.session(intent, link, last_python=lambda: self._last_python(link))

    def _last_python(self, link: Link) -> str | None:
        """The Python of the session that was created last on this host."""
        used = [
            session.intent
            for session in self._on(link.host)
            if session.link is link and session.intent.environment
        ]
        latest = max(used, key=lambda intent: intent.created, default=None)
        return latest.environment.python if latest and latest.environment else None

    def _matching(self, request: StartRequest, link: Link) -> Session | None:
        """The session that is, or at its next start could be, what is asked for."""
        candidates = [s for s in self._on(link.host) if s.link is link and _fits(s, request)]
        candidates.sort(key=lambda session: (session.phase in AT_REST, session.intent.created))
        return candidates[0] if candidates else None

    def _on(self, host: Host) -> tuple[Session, ...]:
        """The sessions of a host, without a look at all the others."""
        return tuple(self._of_host.get(host.key, {}).values())

    def _find(self, subject: str) -> Session:
        if subject in self._sessions:
            return self._sessions[subject]
        found = [s for s in self._sessions.values() if s.intent.target == subject]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(sorted(session.intent.id for session in found))
            raise InvalidParams(f"cannot tell which session of {subject} is meant: {names}", hint="name one")
        close = get_close_matches(subject, self._sessions, n=1)
        raise UnknownSession(
            f"cannot find session {subject!r}: there is none of that id or target",
            hint=f"did you mean {close[0]!r}?" if close else "'runicornctl status' lists the sessions",
        )

    def _lock(self, session: Session) -> asyncio.Lock:
        return self._locks.setdefault(session.intent.id, asyncio.Lock())

    def _drop(self, session: Session) -> None:
        self._store.delete(session.intent.id)
        self._factory.ports.forget(session.intent.id)
        self._sessions.pop(session.intent.id, None)
        self._of_host[session.link.host.key].pop(session.intent.id, None)
        self._locks.pop(session.intent.id, None)
        self._events.publish(SessionRemoved(session.intent.id))

    async def _follow_links(self) -> None:
        """A link that waits for a person changes what its sessions show."""
        with self._events.subscribe() as changes:
            async for _, change in changes:
                if isinstance(change, LinkChanged):
                    touched = self._on(change.host)
                elif isinstance(change, Resync):  # too many at once: any of them may have changed
                    touched = tuple(self._sessions.values())
                else:
                    continue
                for session in touched:
                    if session.phase not in AT_REST:
                        session.link_changed()


def _asked(intent: Intent, request: StartRequest, *, proven: bool) -> Intent:
    """The intent with what this request asks for.

    Of a session that has worked, the root and the port stay what they were unless asked otherwise, and
    so does the environment, as the last one used. Of one that never has, nothing is worth keeping.
    """
    return replace(
        intent,
        requested_env=request.env,
        requested_root=request.root or (intent.requested_root if proven else None),
        local_port=request.local_port or (intent.local_port if proven else None),
        port_is_explicit=request.local_port is not None,
        environment=intent.environment if proven else None,
        root=intent.root if proven else None,
    )


def _fits(session: Session, request: StartRequest) -> bool:
    intent = session.intent
    environment = intent.environment
    envs = {intent.requested_env, *(_names(environment) if environment else ())}
    at_rest = session.phase in AT_REST
    return (
        intent.viewer == request.viewer
        and (request.env is None or request.env in envs)
        and (request.root is None or request.root in {intent.requested_root, intent.root})
        and (request.local_port is None or at_rest or request.local_port == intent.local_port)
    )


def _names(environment: ChosenEnvironment) -> tuple[str, ...]:
    """What a user may call the environment: its name, its Python, its folder."""
    return environment.name, environment.python, str(PurePosixPath(environment.python).parent.parent)
