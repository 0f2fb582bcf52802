"""The composition root: builds every part, wires them, starts them in order, stops them in reverse.

The only module that knows everyone, and the only one that unpacks ``Settings``.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import time
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.backoff import delays
from runicornd._lib.clock import SystemClock
from runicornd._lib.sdnotify import Notifier, passed_sockets
from runicornd._lib.supervise import Tasks
from runicornd.composition import LateDoctor, Storage
from runicornd.errors import ConfigInvalid
from runicornd.events import EventHub
from runicornd.forwards.manager import Forwards
from runicornd.logs import set_level
from runicornd.prompts import Prompts
from runicornd.protocol.paths import socket_path
from runicornd.remote.channel import ping_interval_for
from runicornd.remote.folders import Folders
from runicornd.remote.registry import RemoteHosts
from runicornd.rpc.services import DaemonFacts, Services
from runicornd.serving import new_gateway, open_doors
from runicornd.sessions.bringup import Patience
from runicornd.sessions.factory import SessionFactory
from runicornd.sessions.manager import SessionManager
from runicornd.sessions.store import SessionStore
from runicornd.settings import CONFIG_VARIABLE, load_settings
from runicornd.settings.configuration import Configuration
from runicornd.ssh.auth import Interview, Secrets
from runicornd.ssh.conditions import watch_network, watch_sleep
from runicornd.ssh.connector import SshConnector
from runicornd.ssh.hostkeys import HostKeys
from runicornd.ssh.hosts import Hosts
from runicornd.ssh.link import Link
from runicornd.ssh.local import LocalConnector
from runicornd.ssh.openssh import OpenSsh
from runicornd.ssh.pool import Pool
from runicornd.ssh.saved_hosts import SavedHosts
from runicornd.ssh.targets import Targets, Timing
from runicornd.ssh.turns import Turns
from runicornd.tunnels.ports import Ports
from runicornd.viewers.health import PROBE_TIMEOUT_S
from runicornd.viewers.kinds.registry import standard_kinds
from runicornd.viewers.launcher import TransportMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd._lib.clock import Clock
    from runicornd.doctor.doctor import Doctor
    from runicornd.prompts import PromptsFor
    from runicornd.settings import Settings
    from runicornd.ssh.auth import Asks, Login
    from runicornd.ssh.link import OnWaiting
    from runicornd.ssh.targets import Host

STOP_ALL_S = 20.0
FIRST_PAUSE_S = 0.02
_log = structlog.get_logger("app")


class App:
    """One daemon.

    Args:
        settings: What the user chose.
        clock: The time; None for the machine's.
        load: Reads what the user chose once more, when a reload is asked for.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        load: Callable[[], Settings] = load_settings,
    ) -> None:
        self._configuration = Configuration(settings, load, self._use)
        self._stop = asyncio.Event()
        self._is_signalled = False
        self._keep = True
        self._notifier = Notifier(os.environ)
        self._passed = passed_sockets(os.environ)

        state = settings.paths.state
        self._events = EventHub()
        self._prompts = Prompts(self._events)
        self._clock = clock or SystemClock()
        self._secrets = Secrets()
        self._host_keys = HostKeys(state / "known_hosts")
        self._ssh = SshConnector()
        self._local = LocalConnector()
        self._saved_hosts = SavedHosts(state / "hosts.json")
        self._targets = Targets(
            OpenSsh(config_file=settings.ssh_config),
            self._saved_hosts,
            config_file=settings.ssh_config,
            timing=_timing(settings),
        )
        self._turns = Turns()
        self._pool = Pool(self._new_link)
        self._remotes = RemoteHosts(ping_interval_s=ping_interval_for(settings.viewer_lease))
        self._ports = Ports(*settings.local_ports)
        self._sessions = self._build_sessions()
        self._forwards = Forwards(
            state / "forwards",
            targets=self._targets,
            pool=self._pool,
            ports=self._ports,
            events=self._events,
            clock=self._clock,
            hold_s=settings.hold_time,
        )
        self._gateway = new_gateway(settings, self._clock)
        self._storage = Storage(
            settings,
            targets=self._targets,
            pool=self._pool,
            new_link=self._link,
            remotes=self._remotes,
            interviews=self._interview,
            prompts=self._prompts,
            events=self._events,
            clock=self._clock,
        )

    async def run(self) -> None:
        """Serve until a signal or ``daemon.shutdown``, then stop everything.

        Raises:
            StateUnwritable: The state folder cannot be used.
            LocalError: The control socket cannot be made.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._feed_watchdog().close)
            self._catch_signals()
            stack.push_async_callback(self._pool.close)
            stack.push_async_callback(self._watch_conditions().close)
            stack.push_async_callback(self._remotes.close)
            stack.push_async_callback(self._sessions.close)
            await self._sessions.restore()
            stack.push_async_callback(self._forwards.close)
            await self._forwards.restore()
            await self._storage.open(stack)
            passed = self._passed[0] if self._passed else None
            await open_doors(
                stack, self._services(), self._gateway if self._settings.dashboard else None, passed
            )
            self._catch_reloads()
            self._notifier.ready(f"{len(self._sessions.list())} sessions")
            gc.freeze()  # what has been made by now stays: looking through all of it again takes 50 ms
            _log.info("daemon is ready", pid=os.getpid(), version=version("runicornd"))
            await self._stop.wait()
            self._notifier.stopping()
            _log.info("daemon stops", keeps_viewers=self._keep)
            if not self._keep:
                await self._end_viewers()
            self._pool.hold_back()

    def stop(self, keep: bool) -> None:
        """Begin the end and return at once; ``keep`` leaves the remote viewers running for their lease."""
        self._keep = self._keep and keep
        self._stop.set()

    def reload(self) -> None:
        """Read the configuration again; one that is broken is told, and the old one stays in force."""
        self._notifier.reloading()
        try:
            made = self._configuration.reload()
        except ConfigInvalid as error:
            problems = error.context.get("problems", [error.message])
            _log.error("configuration not reloaded; the one before stays in force", problems=problems)
            self._notifier.ready("configuration not reloaded: see 'runicornctl daemon logs'")
            return
        self._notifier.ready(f"configuration reloaded; {made.summary}")

    @property
    def _settings(self) -> Settings:
        return self._configuration.current

    def _use(self, settings: Settings) -> None:
        """Take over what can be changed while the daemon runs."""
        set_level(settings.log_level)
        self._ports.use_range(*settings.local_ports)
        self._targets.use_timing(_timing(settings))
        self._sessions.hold_for(settings.hold_time)
        self._forwards.hold_for(settings.hold_time)
        self._storage.use(settings)

    def _feed_watchdog(self) -> Tasks:
        tasks = Tasks("watchdog")
        tasks.start("feed", self._notifier.keep_alive())
        return tasks

    def _watch_conditions(self) -> Tasks:
        tasks = Tasks("conditions")
        tasks.start("sleep", watch_sleep(self._clock, self._look_again))
        tasks.start("network", watch_network(self._look_again))
        tasks.start("load", self._ssh.load_later(self._clock))
        return tasks

    def _look_again(self, reason: str) -> None:
        self._pool.kick_all(reason)
        self._storage.look_again(reason)

    async def _end_viewers(self) -> None:
        try:
            async with asyncio.timeout(STOP_ALL_S):
                await self._sessions.stop_all()
        except TimeoutError:
            _log.warning("some viewers were not ended; their lease ends them", after_s=STOP_ALL_S)

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal, number)

    def _catch_reloads(self) -> None:
        # From a terminal the same signal means that the terminal is gone.
        if not os.isatty(0):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)

    def _on_signal(self, number: signal.Signals) -> None:
        if self._is_signalled:
            _log.warning("second signal: the daemon ends at once", signal=number.name)
            os._exit(1)
        self._is_signalled = True
        self.stop(keep=True)

    def _new_link(self, host: Host) -> Link:
        return self._link(host, self._events, self._prompts)

    def _link(self, host: Host, events: EventHub, prompts: Prompts | PromptsFor) -> Link:
        return Link(
            host,
            connector=self._local if host.is_local else self._ssh,
            interviews=lambda host, login, on_waiting: self._interview(
                host, login, on_waiting, prompts=prompts
            ),
            prompts=prompts,
            events=events,
            clock=self._clock,
            backoff=lambda: delays(random.Random(), first_s=FIRST_PAUSE_S),  # noqa: S311 - jitter, not a secret
            turns=self._turns,
        )

    def _interview(
        self, host: Host, login: Login | None, on_waiting: OnWaiting, *, prompts: Asks | None = None
    ) -> Interview:
        return Interview(
            host,
            prompts=prompts or self._prompts,
            secrets=self._secrets,
            host_keys=self._host_keys,
            login=login,
            on_waiting=on_waiting,
        )

    def _bystander(self, host: Host) -> Interview:
        """Whom a look at a host key asks; no link shows that it waits."""
        return self._interview(host, None, lambda _prompt_id: None)

    def _build_sessions(self) -> SessionManager:
        settings = self._settings
        kinds = standard_kinds()
        store = SessionStore(settings.paths.state / "sessions")
        factory = SessionFactory(
            remotes=self._remotes,
            kinds=kinds,
            ports=self._ports,
            transports=TransportMemory(),
            prompts=self._prompts,
            store=store,
            events=self._events,
            clock=self._clock,
            hold_s=settings.hold_time,
            lease_s=settings.viewer_lease,
            patience=Patience(
                start_s=settings.viewer_start_timeout,
                interval_s=settings.health_interval,
                probe_s=min(PROBE_TIMEOUT_S, settings.health_interval),
            ),
            proof_s=settings.viewer_proof,
        )
        return SessionManager(
            targets=self._targets,
            pool=self._pool,
            remotes=self._remotes,
            kinds=kinds,
            factory=factory,
            store=store,
            events=self._events,
            clock=self._clock,
        )

    def _build_doctor(self) -> Doctor:
        from runicornd.doctor.doctor import Doctor  # noqa: PLC0415 - asked for rarely, and not soon
        from runicornd.doctor.machine import Machine, machine_steps  # noqa: PLC0415 - the same

        machine = Machine(
            paths=self._settings.paths,
            socket=socket_path(),
            version=version("runicornd"),
            environ={**os.environ, CONFIG_VARIABLE: str(self._settings.paths.config)},
            pid=os.getpid(),
        )
        return Doctor(
            targets=self._targets,
            pool=self._pool,
            remotes=self._remotes,
            host_keys=self._host_keys,
            fetcher=self._ssh,
            bystander=self._bystander,
            prompts=self._prompts,
            events=self._events,
            clock=self._clock,
            kind=lambda: standard_kinds().get(self._settings.default_viewer),
            local_ports=lambda: self._settings.local_ports,
            machine=lambda: machine_steps(machine),
        )

    def _services(self) -> Services:
        paths = self._settings.paths
        return Services(
            sessions=self._sessions,
            hosts=Hosts(
                self._targets,
                self._saved_hosts,
                self._host_keys,
                self._ssh,
                self._bystander,
                on_trusted=self._pool.host_key_trusted,
            ),
            pool=self._pool,
            stores=self._storage.stores,
            downloads=self._storage.downloads,
            doctor=LateDoctor(self._build_doctor),
            forwards=self._forwards,
            folders=Folders(self._targets, self._pool, self._remotes),
            configuration=self._configuration,
            dashboard=self._gateway,
            prompts=self._prompts,
            events=self._events,
            use_agent=self._targets.use_agent,
            shutdown=self.stop,
            daemon=DaemonFacts(
                version=version("runicornd"),
                pid=os.getpid(),
                started=time.time(),
                socket=socket_path(),
                log=paths.log,
                config=paths.config,
            ),
            default_viewer=self._settings.default_viewer,
        )


def _timing(settings: Settings) -> Timing:
    return Timing(
        keepalive_interval_s=settings.keepalive_interval,
        keepalive_count=settings.keepalive_count,
        connect_timeout_s=settings.connect_timeout,
    )
