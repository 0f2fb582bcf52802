"""Looks at a target from end to end, or at the daemon's own machine."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from runicornd.doctor.far_end import FarEnd
from runicornd.doctor.far_end import steps as far_steps
from runicornd.doctor.login import Login
from runicornd.doctor.model import Check, Report, Ticked
from runicornd.doctor.ports import ports_step
from runicornd.doctor.run import Step, run_steps
from runicornd.doctor.way import Way

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runicornd._lib.clock import Clock
    from runicornd.doctor.model import Finding
    from runicornd.doctor.way import KeyFetcher
    from runicornd.events import EventHub
    from runicornd.prompts import Prompts
    from runicornd.remote.registry import RemoteHosts
    from runicornd.ssh import auth
    from runicornd.ssh.hostkeys import HostKeys
    from runicornd.ssh.pool import Pool
    from runicornd.ssh.targets import Host, Targets
    from runicornd.ssh.transport import Interviewer
    from runicornd.viewers.kinds.base import ViewerKind


class Doctor:
    """The service behind ``doctor.run``.

    Args:
        targets: Resolves targets.
        pool: The links.
        remotes: The agents.
        host_keys: The known keys.
        fetcher: Looks at the keys of servers.
        bystander: Whom a look at a key asks.
        prompts: The questions that wait.
        events: Where ``Ticked`` is published.
        clock: Our time.
        kind: Returns the viewer kind that shall run.
        local_ports: Returns the range of local ports.
        machine: Returns the checks of this machine, for a look without a target.
    """

    def __init__(
        self,
        *,
        targets: Targets,
        pool: Pool,
        remotes: RemoteHosts,
        host_keys: HostKeys,
        fetcher: KeyFetcher,
        bystander: Callable[[Host], Interviewer],
        prompts: Prompts,
        events: EventHub,
        clock: Clock,
        kind: Callable[[], ViewerKind],
        local_ports: Callable[[], tuple[int, int]],
        machine: Callable[[], Sequence[Step]],
    ) -> None:
        self._targets = targets
        self._pool = pool
        self._remotes = remotes
        self._host_keys = host_keys
        self._fetcher = fetcher
        self._bystander = bystander
        self._prompts = prompts
        self._events = events
        self._clock = clock
        self._kind = kind
        self._local_ports = local_ports
        self._machine = machine

    async def examine(
        self, target: str | None, *, run: str | None = None, login: auth.Login | None = None, ask: bool = True
    ) -> Report:
        """Make every check, and say what was found; what is wrong is never raised.

        Args:
            target: What to look at; None for this machine.
            run: Marks the ``Ticked`` events of this run; None publishes none.
            login: What the user gave to log in with.
            ask: Whether questions may wait for a person.
        """

        def tick(check: Check) -> None:
            if run is not None:
                self._events.publish(Ticked(run, target, check))

        if target is None:
            return Report(None, await run_steps(self._machine(), tick))
        async with AsyncExitStack() as stack:
            return Report(target, await run_steps(self._steps(target, login, ask, stack), tick))

    def _steps(
        self, target: str, login: auth.Login | None, ask: bool, stack: AsyncExitStack
    ) -> Sequence[Step]:
        way = Way(
            target,
            targets=self._targets,
            host_keys=self._host_keys,
            fetcher=self._fetcher,
            bystander=self._bystander,
        )
        stack.callback(way.close)
        gate = Login(prompts=self._prompts, events=self._events, ask=ask)
        stack.push_async_callback(gate.close)
        far = FarEnd(target, kind=self._kind(), clock=self._clock)

        async def log_in() -> Finding:
            assert way.host is not None
            link = self._pool.link(way.host, login)
            far.reach(link, self._remotes.of(link.host.key, link))
            return await gate.look(link)

        return (
            *way.steps(),
            Step("login", "Login", log_in, ("host_key",), limit_s=gate.limit_s),
            *far_steps(far),
            ports_step(self._local_ports()),
        )
