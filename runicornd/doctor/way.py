"""The way to a server, as far as it needs no login: configuration, agent, network, SSH, host key."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from runicornd.doctor.amounts import seconds
from runicornd.doctor.model import Finding, not_needed, ok, warning
from runicornd.doctor.run import Step
from runicornd.ssh.asyncssh_agent import Agent
from runicornd.ssh.asyncssh_algorithms import CIPHERS, HOST_KEYS, KEY_EXCHANGE
from runicornd.ssh.asyncssh_errors import gaps, no_common_algorithm
from runicornd.ssh.budget import Budget
from runicornd.ssh.dial import dial, look_up
from runicornd.ssh.first_words import listen_to
from runicornd.ssh.hostkeys import Verdict as KeyVerdict
from runicornd.ssh.known_hosts import fingerprint
from runicornd.ssh.questions import changed_host_key, revoked_host_key

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Sequence

    from runicornd.ssh.greeting import Greeting, Offer
    from runicornd.ssh.hostkeys import HostKeys
    from runicornd.ssh.openssh import Settings
    from runicornd.ssh.targets import Host, Targets
    from runicornd.ssh.transport import Interviewer

# What OpenSSH says when nobody has chosen otherwise, of options that ssh heeds and we do not.
_UNHEEDED = {
    "addressfamily": "any",
    "bindaddress": "",
    "bindinterface": "",
    "hostbasedauthentication": "no",
    "knownhostscommand": "none",
    "pkcs11provider": "none",
    "proxyusefdpass": "no",
    "remotecommand": "none",
}
_WITHOUT_SSH = not_needed("without_ssh", "not needed: this machine is used without SSH")
_BY_COMMAND = not_needed("by_command", "not needed: a ProxyCommand makes the connection")


class KeyFetcher(Protocol):
    """Who can look at a server's key."""

    async def fetch_host_key(self, host: Host, interviewer: Interviewer) -> tuple[str, bytes]:
        """Return the type and blob of the key that the server shows now."""
        ...


class Way:
    """Looks at the way to one target. ``host`` is there once the configuration was read.

    Behind jump hosts only the first of them can be reached from here; what comes after it, the login
    shows.

    Args:
        target: What the user typed.
        targets: Resolves it.
        host_keys: The known keys.
        fetcher: Looks at the key of a server.
        bystander: Whom a look at a key asks; it asks nothing.
    """

    def __init__(
        self,
        target: str,
        *,
        targets: Targets,
        host_keys: HostKeys,
        fetcher: KeyFetcher,
        bystander: Callable[[Host], Interviewer],
    ) -> None:
        self.host: Host | None = None
        self._target = target
        self._targets = targets
        self._host_keys = host_keys
        self._fetcher = fetcher
        self._bystander = bystander
        self._connection: socket.socket | None = None
        self._greeting: Greeting | None = None

    def steps(self) -> Sequence[Step]:
        """The checks, in order."""
        return (
            Step("configuration", "Configuration", self._configuration),
            Step("agent", "SSH agent", self._agent, ("configuration",)),
            Step("dns", "Name", self._dns, ("configuration",)),
            Step("tcp", "Network", self._tcp, ("dns",), limit_s=120.0),
            Step("banner", "SSH server", self._banner, ("tcp",), limit_s=120.0),
            Step("algorithms", "Algorithms", self._algorithms, ("banner",)),
            Step("host_key", "Host key", self._host_key, ("algorithms",), limit_s=120.0),
        )

    def close(self) -> None:
        """Let go of what is open."""
        if self._connection:
            self._connection.close()

    @property
    def _hop(self) -> Host:
        """The first server on the way."""
        assert self.host is not None
        return self.host.jumps[0] if self.host.jumps else self.host

    def _excuse(self) -> Finding | None:
        """Why the network is not looked at, if it is not."""
        if self._hop.is_local:
            return _WITHOUT_SSH
        return _BY_COMMAND if self._hop.proxy_command else None

    def _named(self, text: str) -> str:
        """The words with the hop in front where it is another one than the target."""
        return f"jump host {self._jump}: {text}" if self._jump else text

    @property
    def _jump(self) -> str | None:
        """The address of the hop where it is another one than the target."""
        return self._hop.address if self._hop is not self.host else None

    async def _configuration(self) -> Finding:
        host = self.host = await self._targets.resolve(self._target)
        if host.is_local:
            return ok("this_machine", "this machine, without SSH", address=host.address)
        reading = await self._targets.reading(self._target)
        ways = [jump.address for jump in host.jumps]
        way = f" through {', '.join(ways)}" if ways else " by a ProxyCommand" if host.proxy_command else ""
        text = f"{host.address}{way} ({reading.origin})"
        context: dict[str, object] = {"address": host.address, "jumps": ways, "origin": reading.origin}
        context["by_command"] = bool(host.proxy_command)
        ignored = list(_unheeded(reading.settings))
        if ignored:
            return warning(
                "options_unheeded",
                f"{text}; not heeded: {', '.join(ignored)}",
                "ssh heeds these options and runicornd does not; if the login fails, use ProxyJump or "
                "ProxyCommand to name the way instead",
                ignored=ignored,
                **context,
            )
        return ok("target_read", text, **context)

    async def _agent(self) -> Finding:
        assert self.host is not None
        if self.host.is_local:
            return _WITHOUT_SSH
        path = self.host.agent_socket
        if path is None:
            return ok("agent_none", "none is used; keys come from files", socket=None)
        if not await asyncio.to_thread(Path(path).exists):
            return warning(
                "agent_gone",
                f"the agent's socket {path} is not there",
                "start an agent (eval $(ssh-agent); ssh-add) and run this command in the same shell",
                socket=path,
            )
        agent = Agent(path, Budget())
        try:
            keys = await agent.keys()
        finally:
            await agent.close()
        if agent.problem:
            hint = "start it again, then add your keys: ssh-add"
            return warning("agent_broken", f"{agent.problem}: {path}", hint, socket=path, why=agent.problem)
        if not keys:
            text = f"the agent at {path} holds no key"
            return warning("agent_empty", text, "add yours: ssh-add", socket=path, keys=0)
        text = f"{len(keys)} {'key' if len(keys) == 1 else 'keys'} at {path}"
        return ok("agent_keys", text, socket=path, keys=len(keys))

    async def _dns(self) -> Finding:
        if excuse := self._excuse():
            return excuse
        found = await look_up(self._hop)
        addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
        name = self._hop.hostname
        text = self._named(f"{name} is {', '.join(addresses)}")
        return ok("name_found", text, name=name, addresses=addresses, jump=self._jump)

    async def _tcp(self) -> Finding:
        if excuse := self._excuse():
            return excuse
        began = time.monotonic()
        self._connection = await dial(self._hop)
        took_s = time.monotonic() - began
        text = self._named(f"port {self._hop.port} is open, after {seconds(took_s)}")
        return ok("port_open", text, port=self._hop.port, seconds=took_s, jump=self._jump)

    async def _banner(self) -> Finding:
        if excuse := self._excuse():
            return excuse
        assert self._connection is not None
        with closing(self._connection):
            self._greeting = await listen_to(self._hop, self._connection)
        version = self._greeting.version or ""
        return ok("server_found", self._named(version), version=version, jump=self._jump)

    async def _algorithms(self) -> Finding:
        if excuse := self._excuse():
            return excuse
        assert self._greeting is not None
        offer = self._greeting.offer
        if offer is None:
            return warning(
                "offer_unknown",
                self._named("the server did not say what it offers"),
                "see whether 'ssh -v HOST' connects",
                jump=self._jump,
            )
        if gaps(offer):
            raise no_common_algorithm(self._hop, offer)
        chosen = _chosen(offer)
        return ok("algorithms_agreed", self._named(", ".join(chosen)), chosen=chosen, jump=self._jump)

    async def _host_key(self) -> Finding:
        hop = replace(self._hop, jumps=())
        if hop.is_local:
            return _WITHOUT_SSH
        key_type, blob = await self._fetcher.fetch_host_key(hop, self._bystander(hop))
        known = await self._host_keys.known(hop)
        verdict = known.verdict(blob)
        if verdict is KeyVerdict.REVOKED:
            raise revoked_host_key(hop, key_type, blob)
        if verdict is KeyVerdict.CHANGED:
            raise changed_host_key(hop, key_type, blob, known)
        shown = f"{key_type} {fingerprint(blob)}"
        context: dict[str, object] = {"verdict": str(verdict), "key": shown, "jump": self._jump}
        context["shown"] = {"type": key_type, "fingerprint": fingerprint(blob)}
        if verdict is KeyVerdict.TRUSTED:
            return ok("host_key_trusted", self._named(f"{shown} is known"), **context)
        if known.authorities:
            text = self._named(f"{shown}; the login checks its certificate")
            return ok("host_key_certified", text, **context)
        return warning(
            "host_key_new",
            self._named(f"{shown} is not known yet"),
            f"compare it with what the server's administrator gives: runicornctl hosts trust {hop.target}",
            **context,
        )


def _unheeded(settings: Settings) -> Iterable[str]:
    for keyword, default in _UNHEEDED.items():
        value = settings.first(keyword, default)
        if value not in {default, "none"}:
            yield f"{keyword} {value}"


def _chosen(offer: Offer) -> list[str]:
    """What the two sides would agree on."""
    pairs = ((KEY_EXCHANGE, offer.key_exchange), (HOST_KEYS, offer.host_keys), (CIPHERS, offer.ciphers))
    return [next(name for name in ours if name in theirs) for ours, theirs in pairs]
