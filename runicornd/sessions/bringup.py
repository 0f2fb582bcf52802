"""The steps by which a session gets ready: connect, choose, launch, answer; and the watch after that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Never

from runicornd._lib.race import first_of
from runicornd.errors import NoEnvironment, NotConnected, RootNotFound, RunicorndError, ViewerUnresponsive
from runicornd.sessions import choice
from runicornd.sessions.model import ChosenEnvironment, EnvironmentReport, JudgedEnvironment
from runicornd.viewers import health
from runicornd.viewers.exits import crash, silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd.prompts import Prompts
    from runicornd.remote.host import RemoteHost
    from runicornd.remote.models import Environment, StorageRoot, ViewerRecord
    from runicornd.sessions.model import Intent
    from runicornd.ssh.link import Link
    from runicornd.viewers.kinds.base import ViewerKind
    from runicornd.viewers.viewer import Viewer

LOG_TAIL_LINES = 50
LOG_TAIL_S = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a viewer may take. In seconds.

    Args:
        start_s: From its start to its first answer.
        interval_s: Between two questions whether it is well.
        probe_s: For one answer.
        misses: So many unanswered questions in a row mean that it is wedged.
    """

    start_s: float = 60.0
    interval_s: float = health.INTERVAL_S
    probe_s: float = health.PROBE_TIMEOUT_S
    misses: int = health.MISSES


def judged(kind: ViewerKind, environment: Environment) -> JudgedEnvironment:
    """Return the environment with the viewer kind's judgement."""
    judgement = kind.judge(environment)
    return JudgedEnvironment(
        environment=environment,
        version=judgement.version,
        usable=judgement.usable,
        reason=judgement.reason,
        fix=judgement.fix,
        error=judgement.error,
    )


async def survey(
    target: str, remote: RemoteHost, kind: ViewerKind, last_python: str | None
) -> EnvironmentReport:
    """Return all environments of the host, judged for the viewer kind."""
    environments, root = await remote.environments(kind.packages)
    report = tuple(judged(kind, environment) for environment in environments)
    taken = choice.obvious(report, last_python)
    return EnvironmentReport(target, report, root, taken.environment.python if taken else None)


class BringUp:
    """The steps of one session. Each raises the ``RunicorndError`` that says why it failed.

    Args:
        target: What the user calls the host.
        link: The host's link, which the session holds.
        remote: The host's agent.
        kind: What sort of viewer it is.
        viewer: The session's viewer.
        patience: How long the viewer may take to answer.
        prompts: Where the choice of an environment is asked.
        last_python: Returns the Python that ran the last viewer on this host.
    """

    def __init__(
        self,
        *,
        target: str,
        link: Link,
        remote: RemoteHost,
        kind: ViewerKind,
        viewer: Viewer,
        patience: Patience,
        prompts: Prompts,
        last_python: Callable[[], str | None],
    ) -> None:
        self.prompt_id: str | None = None
        self._target = target
        self._link = link
        self._remote = remote
        self._kind = kind
        self._viewer = viewer
        self._patience = patience
        self._prompts = prompts
        self._last_python = last_python

    async def connect(self, *, patient: bool) -> None:
        """Wait for the link. An impatient first try fails at the first failure."""
        await self._link.up(eager=not patient)

    async def choose(self, intent: Intent, on_question: Callable[[], None]) -> Intent:
        """Settle environment and storage root; asks when that is not clear.

        Raises:
            NoEnvironment, ViewerNotInstalled, ViewerIncompatible: Nothing will do.
        """
        last = intent.environment.python if intent.environment else self._last_python()
        report = await survey(self._target, self._remote, self._kind, last)
        chosen = await self._requested(intent, report) or await self._settle(report, on_question)
        return replace(
            intent,
            environment=ChosenEnvironment(chosen.environment.name, chosen.environment.python, chosen.version),
            root=intent.requested_root or _existing(report.storage_root, self._target),
        )

    async def launch(self, intent: Intent) -> ViewerRecord:
        """Find the viewer again if it still runs, else start one."""
        if intent.environment is None or intent.root is None:
            raise AssertionError("environment and root are chosen before the launch")
        return await self._viewer.ensure(
            adopt=intent.record, python=intent.environment.python, root=intent.root
        )

    async def answer(self, url: str) -> None:
        """Wait until the viewer answers at the session's own URL.

        Raises:
            ViewerCrashed, ViewerUnresponsive, NotConnected: What came instead.
        """
        await first_of(self._answered(url), self._link_lost())

    async def watch(self, url: str) -> Never:
        """Watch the ready viewer; ends only by raising what went wrong.

        Raises:
            ViewerCrashed, ViewerUnresponsive, NotConnected, AgentFailed: The end.
        """
        patience = self._patience
        watch = health.Health(
            self._viewer.health_url(url),
            interval_s=patience.interval_s,
            timeout_s=patience.probe_s,
            misses=patience.misses,
        )
        await first_of(watch.watch(), self._viewer_exited(), self._link_lost())
        raise AssertionError("a watch ends only by an error")

    async def _answered(self, url: str) -> None:
        try:
            await self._viewer.answering(url, self._patience.start_s)
        except ViewerUnresponsive as error:
            raise silence(error, await self._log_tail()) from error

    async def _log_tail(self) -> tuple[str, ...]:
        record = self._viewer.record
        if record is None:
            return ()
        try:
            async with asyncio.timeout(LOG_TAIL_S):
                return await self._remote.viewer_log(record.identity.instance, LOG_TAIL_LINES)
        except (RunicorndError, TimeoutError):
            return ()

    async def _viewer_exited(self) -> Never:
        raise crash(await self._viewer.exited())

    async def _link_lost(self) -> Never:
        await self._link.down()
        error = self._link.state.error
        raise error or NotConnected(f"cannot reach {self._target}: the connection was lost")

    async def _requested(self, intent: Intent, report: EnvironmentReport) -> JudgedEnvironment | None:
        requested = intent.requested_env
        if requested is None:
            return None
        names = {each.environment.name for each in report.environments}
        if requested not in names and choice.is_path(requested):
            return choice.insist_usable(judged(self._kind, await self._inspect(requested)))
        return choice.insist_usable(choice.named(report.environments, requested, self._target))

    async def _inspect(self, path: str) -> Environment:
        try:
            return await self._remote.inspect(path, self._kind.packages)
        except NoEnvironment as error:
            hint = f"'runicornctl envs {self._target}' lists what is there"
            raise NoEnvironment(error.message, hint=hint, **error.context) from error

    async def _settle(self, report: EnvironmentReport, on_question: Callable[[], None]) -> JudgedEnvironment:
        by_python = {each.environment.python: each for each in report.environments if each.usable}
        if not by_python:
            raise choice.none_usable(report.environments, self._target, self._kind.package)
        if report.chosen:
            return by_python[report.chosen]
        question = choice.question(report.environments, self._target, self._kind.package)
        with self._prompts.asking(question) as prompt:
            self.prompt_id = prompt.id
            try:
                on_question()
                answer = await first_of(_value(prompt.answer), self._link_lost())
            finally:
                self.prompt_id = None
        return by_python[answer]


async def _value(answer: asyncio.Future[tuple[str, ...]]) -> str:
    return (await answer)[0]


def _existing(root: StorageRoot, target: str) -> str:
    if root.exists:
        return root.path
    raise RootNotFound(
        f"cannot show runs of {target}: its storage root {root.path} does not exist",
        hint=f"log a run there first, or name the folder: runicornctl connect {target} --root DIR",
        path=root.path,
        source=root.source,
    )
