"""From what the user types to the host that is meant.

A target is ``local``, the name of a saved host, an OpenSSH alias, or an address: ``user@host:port``,
``[::1]:2222``, a bare IPv6 address, ``ssh://user@host:port``. Everything but ``local`` is resolved by
OpenSSH itself (``ssh -G``), so that the user's configuration means what it means to ``ssh``.
"""

from __future__ import annotations

import asyncio
import os
import pwd
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import InvalidTarget
from runicornd.ssh.addresses import Address, check_characters, parse_address
from runicornd.ssh.aliases import read_aliases
from runicornd.ssh.expansion import Expansion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runicornd.ssh.openssh import OpenSsh, Settings
    from runicornd.ssh.saved_hosts import SavedHosts

LOCAL_TARGET = "local"
JUMP_LIMIT = 8
KEEPALIVE_INTERVAL_S = 5.0
KEEPALIVE_COUNT = 3
CONNECT_TIMEOUT_S = 10.0
AUTH_METHODS = ("publickey", "keyboard-interactive", "password")
"""The ways of logging in that we know, as RFC 4252 and 4256 name them, in OpenSSH's order."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What holds for hosts whose OpenSSH configuration does not say otherwise; see ``Host``."""

    keepalive_interval_s: float = KEEPALIVE_INTERVAL_S
    keepalive_count: int = KEEPALIVE_COUNT
    connect_timeout_s: float = CONNECT_TIMEOUT_S


DEFAULT_TIMING = Timing()


@dataclass(frozen=True, slots=True)
class Host:
    """A resolved target: everything that is needed to connect, and nothing secret.

    Args:
        target: What the user typed.
        hostname: A name or an address; without brackets for IPv6.
        port: The port of the SSH server.
        user: The account's name.
        identity_files: Private keys to try, in order.
        explicit_identities: The user named them, so that a missing or bad one is an error to be
            told; otherwise they are OpenSSH's defaults, and what is missing is skipped.
        identities_only: Offer only agent keys that are also among ``identity_files``.
        agent_socket: The path of the agent's socket; None for no agent.
        certificate_files: Certificates to present with the keys they belong to.
        jumps: The hosts to go through, the first one first.
        proxy_command: A command whose standard input and output are the connection, tokens expanded.
        known_hosts_files: The files of the user and of the system that list known host keys.
        host_key_alias: The name to look up in known_hosts instead of the hostname.
        address_family: The one that names are looked up for: ``any``, ``inet`` or ``inet6``.
        bind_address: The address of this machine to connect from; None for the system's choice.
        auth_methods: The ways to log in that the configuration leaves, the first one first.
        keepalive_interval_s: Seconds between two keep-alives.
        keepalive_count: How many may go unanswered.
        connect_timeout_s: The most that the TCP connection, and then the first word of the server,
            may each take.
        is_local: This machine, without SSH.
    """

    target: str
    hostname: str
    port: int = 22
    user: str = ""
    identity_files: tuple[Path, ...] = ()
    explicit_identities: bool = False
    identities_only: bool = False
    agent_socket: str | None = None
    certificate_files: tuple[Path, ...] = ()
    jumps: tuple[Host, ...] = ()
    proxy_command: str | None = None
    known_hosts_files: tuple[Path, ...] = ()
    host_key_alias: str | None = None
    address_family: str = "any"
    bind_address: str | None = None
    auth_methods: tuple[str, ...] = AUTH_METHODS
    keepalive_interval_s: float = KEEPALIVE_INTERVAL_S
    keepalive_count: int = KEEPALIVE_COUNT
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    is_local: bool = False

    @property
    def address(self) -> str:
        """``user@host:port``, with brackets around an IPv6 address; ``local`` for this machine."""
        if self.is_local:
            return LOCAL_TARGET
        hostname = f"[{self.hostname}]" if ":" in self.hostname else self.hostname
        return f"{self.user}@{hostname}:{self.port}"

    @property
    def key(self) -> str:
        """The identity by which targets share a link: account, address, and the way there."""
        ways = [jump.key for jump in self.jumps]
        if self.proxy_command:
            ways.append(f"command {self.proxy_command}")
        return " via ".join([self.address, *ways])


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a target comes from, in words, and OpenSSH's settings for it."""

    origin: str
    settings: Settings


class Targets:
    """Resolves targets.

    Args:
        openssh: Reads the OpenSSH configuration.
        saved: The hosts that the user saved under a name.
        config_file: The file that ``openssh`` reads, for ``aliases``; None for OpenSSH's own choice.
        environ: Where ``SSH_AUTH_SOCK`` and other variables of the configuration are looked up.
        timing: What holds where the configuration is silent.
    """

    def __init__(
        self,
        openssh: OpenSsh,
        saved: SavedHosts,
        *,
        config_file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        timing: Timing = DEFAULT_TIMING,
    ) -> None:
        self._openssh = openssh
        self._saved = saved
        self._config_file = config_file
        self._environ = os.environ if environ is None else environ
        self._timing = timing
        self._agent: Path | None = None

    def use_agent(self, socket: Path) -> None:
        """Take this SSH agent instead of the environment's from now on, for as long as it is there.

        The daemon outlives logins, and with them the agent that it was started with.
        """
        self._agent = socket

    def use_timing(self, timing: Timing) -> None:
        """Let this hold for hosts that are resolved from now on."""
        self._timing = timing

    async def resolve(self, target: str) -> Host:
        """Return the host that is meant.

        Raises:
            InvalidTarget: The target is no name or address, or ``ssh`` refuses its configuration.
            SshMissing: There is no ``ssh`` program to read the configuration.
        """
        check_characters(target)
        if target == LOCAL_TARGET:
            return Host(target=target, hostname="localhost", user=_account(), is_local=True)
        saved = self._saved.find(target)
        if saved is None:
            return await self._resolve_address(target, parse_address(target), ())
        host = await self._resolve_address(target, parse_address(saved.address), ())
        if saved.identity_file is None:
            return host
        return replace(host, identity_files=(saved.identity_file,), explicit_identities=True)

    async def reading(self, target: str) -> Reading:
        """Return where the target comes from and all that OpenSSH says about it. Raises as ``resolve``."""
        check_characters(target)
        saved = self._saved.find(target)
        address = parse_address(saved.address if saved else target)
        settings = await self._openssh.settings(address.hostname, user=address.user, port=address.port)
        if saved:
            return Reading(f"saved as {target}: {saved.address}", settings)
        if address.hostname in await self.aliases():
            file = self._config_file or _home() / ".ssh" / "config"
            return Reading(f"alias {address.hostname} of {file}", settings)
        return Reading("an address", settings)

    async def aliases(self) -> tuple[str, ...]:
        """The aliases of the OpenSSH configuration that have no wildcards, for completion."""
        return await asyncio.to_thread(read_aliases, self._config_file, _home())

    def _variables(self) -> Mapping[str, str]:
        if self._agent is None or not self._agent.is_socket():
            return self._environ
        return {**self._environ, "SSH_AUTH_SOCK": str(self._agent)}

    async def _resolve_address(self, target: str, address: Address, trail: tuple[str, ...]) -> Host:
        settings = await self._openssh.settings(address.hostname, user=address.user, port=address.port)
        defaults = await self._openssh.default_identities()
        host = build_host(
            target,
            address.hostname,
            settings,
            defaults,
            environ=self._variables(),
            home=_home(),
            timing=self._timing,
        )
        if host.proxy_command is not None:
            return host
        return replace(host, jumps=await self._resolve_jumps(settings.first("proxyjump", "none"), trail))

    async def _resolve_jumps(self, value: str, trail: tuple[str, ...]) -> tuple[Host, ...]:
        if value == "none":
            return ()
        if value in trail or len(trail) >= JUMP_LIMIT:
            raise InvalidTarget(
                f"cannot resolve the jump hosts: {' -> '.join((*trail, value))} has no end",
                hint="mend the ProxyJump lines of the SSH configuration",
            )
        hops: list[Host] = []
        for word in value.split(","):
            hop = await self._resolve_address(word, parse_address(word), (*trail, value))
            if hops:
                # Only the first one is reached in its own way; as ssh does with its option -J.
                hops.append(replace(hop, jumps=(), proxy_command=None))
            else:
                hops += [*hop.jumps, replace(hop, jumps=())]
        return tuple(hops)


def build_host(
    target: str,
    original: str,
    settings: Settings,
    default_identities: tuple[str, ...],
    *,
    environ: Mapping[str, str],
    home: Path,
    timing: Timing = DEFAULT_TIMING,
) -> Host:
    """Turn OpenSSH's settings into a host; jump hosts are left to the caller.

    Args:
        target: What the user typed.
        original: The host name or alias that ``ssh`` was asked about.
        settings: Its answer.
        default_identities: What it lists as identities when nobody named any.
        environ: Variables for ``${NAME}`` and the agent.
        home: The home that ``~`` and ``%d`` stand for.
        timing: What holds where the settings are silent.
    """
    expansion = _expansion(original, settings, environ=environ, home=home)
    identities = settings.all("identityfile")
    identity_files = expansion.paths(identities)
    command = settings.first("proxycommand", "none")
    interval_s, count = _keepalive(settings, timing)
    return Host(
        target=target,
        hostname=settings.first("hostname", original),
        port=int(settings.first("port", "22")),
        user=settings.first("user"),
        identity_files=identity_files,
        explicit_identities=identities != default_identities and bool(identity_files),
        identities_only=settings.first("identitiesonly") == "yes",
        agent_socket=expansion.agent_socket(settings.first("identityagent")),
        certificate_files=expansion.paths(settings.all("certificatefile")),
        proxy_command=None if command == "none" else expansion.command(command),
        known_hosts_files=expansion.path_list(settings.first("userknownhostsfile"))
        + expansion.path_list(settings.first("globalknownhostsfile")),
        host_key_alias=settings.first("hostkeyalias") or None,
        address_family=settings.first("addressfamily", "any"),
        bind_address=settings.first("bindaddress") or None,
        auth_methods=_auth_methods(settings),
        keepalive_interval_s=interval_s,
        keepalive_count=count,
        connect_timeout_s=_connect_timeout(settings) or timing.connect_timeout_s,
    )


def _expansion(original: str, settings: Settings, *, environ: Mapping[str, str], home: Path) -> Expansion:
    return Expansion.of(
        original=original,
        hostname=settings.first("hostname", original),
        user=settings.first("user"),
        port=int(settings.first("port", "22")),
        key_alias=settings.first("hostkeyalias", original),
        environ=environ,
        home=home,
    )


def _keepalive(settings: Settings, timing: Timing) -> tuple[float, int]:
    """OpenSSH's default is none at all; ours is on unless the user has chosen an interval."""
    interval_s = float(settings.first("serveraliveinterval", "0"))
    if not interval_s:
        return timing.keepalive_interval_s, timing.keepalive_count
    return interval_s, int(settings.first("serveralivecountmax", "3"))


def _auth_methods(settings: Settings) -> tuple[str, ...]:
    switches = {
        "publickey": settings.first("pubkeyauthentication", "true"),  # "true" and "false", not "yes" and "no"
        "keyboard-interactive": settings.first("kbdinteractiveauthentication", "yes"),
        "password": settings.first("passwordauthentication", "yes"),
    }
    preferred = settings.first("preferredauthentications", ",".join(AUTH_METHODS)).split(",")
    return tuple(name for name in preferred if switches.get(name, "no") not in {"no", "false"})


def _connect_timeout(settings: Settings) -> float | None:
    value = settings.first("connecttimeout", "none")
    return float(value) if value.isdigit() and int(value) else None


def _home() -> Path:
    # As ssh does: the account's home, whatever HOME says.
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return Path.home()


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
