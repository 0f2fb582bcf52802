"""Saved hosts and host keys, as the control plane offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd.errors import HostKeyChanged, InvalidTarget
from runicornd.ssh.known_hosts import KnownKey, Marker
from runicornd.ssh.saved_hosts import SavedHost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Protocol

    from runicornd.ssh.hostkeys import HostKeys, Untrusted, Verdict
    from runicornd.ssh.known_hosts import Entry
    from runicornd.ssh.saved_hosts import SavedHosts
    from runicornd.ssh.targets import Host, Targets
    from runicornd.ssh.transport import Interviewer

    class KeyFetcher(Protocol):
        """Who can look at a server's key."""

        async def fetch_host_key(self, host: Host, interviewer: Interviewer) -> tuple[str, bytes]:
            """Return the type and blob of the key that the server shows now."""
            ...


@dataclass(frozen=True, slots=True)
class HostCheck:
    """What a server shows before any login, and what is known of it. ``shown`` has no source."""

    target: str
    address: str
    verdict: Verdict
    shown: KnownKey
    known: tuple[KnownKey, ...]


class Hosts:
    """The service behind ``hosts.*``.

    Args:
        targets: Resolves targets.
        saved: The saved hosts.
        host_keys: The known keys.
        fetcher: Looks at the keys of servers.
        interviews: Whom to ask when a jump host on the way wants a login.
        on_trusted: Hears of a host whose key was trusted just now.
    """

    def __init__(
        self,
        targets: Targets,
        saved: SavedHosts,
        host_keys: HostKeys,
        fetcher: KeyFetcher,
        interviews: Callable[[Host], Interviewer],
        on_trusted: Callable[[Host], None] = lambda _host: None,
    ) -> None:
        self._targets = targets
        self._saved = saved
        self._host_keys = host_keys
        self._fetcher = fetcher
        self._interviews = interviews
        self._on_trusted = on_trusted

    def list(self) -> Sequence[SavedHost]:
        """The saved hosts, by name."""
        return self._saved.all()

    async def aliases(self) -> Sequence[str]:
        """The aliases of the user's OpenSSH configuration, without wildcards."""
        return await self._targets.aliases()

    def save(self, name: str, address: str, identity_file: Path | None = None) -> None:
        """Save or replace a host.

        Raises:
            InvalidTarget: The name or the address cannot be one.
            StateUnwritable: It cannot be saved.
        """
        self._saved.save(SavedHost(name, address, identity_file))

    def forget(self, name: str) -> None:
        """Forget a saved host.

        Raises:
            UnknownHost: No saved host has that name.
            StateUnwritable: It cannot be saved.
        """
        self._saved.remove(name)

    async def check(self, target: str) -> HostCheck:
        """Ask the server for its key, without logging in there.

        Raises:
            InvalidTarget: There is no such target, or it has no host key (``local``).
            ConnectError: The server cannot be reached.
        """
        host = await self._resolve(target)
        key_type, blob = await self._fetcher.fetch_host_key(host, self._interviews(host))
        known = await self._host_keys.known(host)
        return HostCheck(
            target=target,
            address=host.address,
            verdict=known.verdict(blob),
            shown=KnownKey(Marker.NONE, key_type, blob, source=""),
            known=known.plain,
        )

    async def trusted_keys(self) -> Sequence[Entry]:
        """The keys that were trusted here, each with the names that it is for.

        Raises:
            KnownHostsUnreadable: Our file cannot be read.
        """
        return [entry for entry in await self._host_keys.trusted() if entry.key.marker is Marker.NONE]

    async def trust(self, target: str, fingerprint: str) -> HostCheck:
        """Trust the key that the server shows now, if it has this fingerprint.

        Raises:
            HostKeyChanged: It shows another one.
            HostKeyRevoked: That key is marked as revoked.
            StateUnwritable: It cannot be saved.
            InvalidTarget, ConnectError: As ``check``.
        """
        check = await self.check(target)
        if check.shown.fingerprint.removeprefix("SHA256:") != fingerprint.strip().removeprefix("SHA256:"):
            raise HostKeyChanged(
                f"cannot trust {check.address}: it shows the key {check.shown.key_type} "
                f"{check.shown.fingerprint}, not {fingerprint}",
                hint="compare it with the fingerprint that the server's administrator gives",
                shown={"type": check.shown.key_type, "fingerprint": check.shown.fingerprint},
            )
        host = await self._resolve(target)
        await self._host_keys.trust(host, check.shown.key_type, check.shown.blob)
        self._on_trusted(host)
        return check

    async def untrust(self, target: str) -> Untrusted:
        """Remove what our own file has of the host's keys.

        Raises:
            InvalidTarget: As ``check``.
            KnownHostsUnreadable, StateUnwritable: The file cannot be changed.
        """
        return await self._host_keys.untrust(await self._resolve(target))

    async def _resolve(self, target: str) -> Host:
        host = await self._targets.resolve(target)
        if host.is_local:
            raise InvalidTarget(
                "cannot look at the host key of 'local': this machine is used without SSH",
                hint="name a server",
            )
        return host
