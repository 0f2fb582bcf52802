"""Hosts, links and host keys, as handlers see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from runicornd.ssh.lifecycle import LinkState
    from runicornd.ssh.targets import Host


class LinkView(Protocol):
    """A link as it is shown."""

    @property
    def host(self) -> Host:
        """Where it leads."""
        ...

    @property
    def state(self) -> LinkState:
        """Where it stands."""
        ...


class Pool(Protocol):
    """All links."""

    def links(self) -> Iterable[LinkView]:
        """The links there are."""
        ...


class SavedHostView(Protocol):
    """A host that the user saved."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def address(self) -> str:
        """``[user@]host[:port]``."""
        ...

    @property
    def identity_file(self) -> Path | None:
        """The key to log in with."""
        ...


class KeyView(Protocol):
    """A host key."""

    @property
    def key_type(self) -> str:
        """As in known_hosts."""
        ...

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it."""
        ...

    @property
    def source(self) -> str:
        """The file and line that list it; empty for the key that the server shows."""
        ...


class TrustedView(Protocol):
    """A key that was trusted, and whose it is."""

    @property
    def names(self) -> str:
        """As in known_hosts."""
        ...

    @property
    def key(self) -> KeyView:
        """It."""
        ...


class CheckView(Protocol):
    """What a server shows before any login."""

    @property
    def address(self) -> str:
        """The account and address that the target means."""
        ...

    @property
    def verdict(self) -> str:
        """One of trusted, unknown, changed, revoked."""
        ...

    @property
    def shown(self) -> KeyView:
        """The key that the server shows."""
        ...

    @property
    def known(self) -> Sequence[KeyView]:
        """The keys that are known for it."""
        ...


class UntrustView(Protocol):
    """What happened to the keys of a host."""

    @property
    def removed(self) -> Sequence[KeyView]:
        """The keys that we knew, and know no longer."""
        ...

    @property
    def elsewhere(self) -> Sequence[str]:
        """The user's own files that list the host as well."""
        ...


class Hosts(Protocol):
    """Saved hosts and host keys."""

    def list(self) -> Sequence[SavedHostView]:
        """The saved hosts, by name."""
        ...

    async def aliases(self) -> Sequence[str]:
        """The aliases of the user's OpenSSH configuration."""
        ...

    def save(self, name: str, address: str, identity_file: Path | None) -> None:
        """Save or replace a host.

        Raises:
            InvalidTarget: The name or the address is none.
        """
        ...

    def forget(self, name: str) -> None:
        """Forget a saved host.

        Raises:
            UnknownHost: No saved host has that name.
        """
        ...

    async def check(self, target: str) -> CheckView:
        """Ask the server for its key, without logging in."""
        ...

    async def trusted_keys(self) -> Sequence[TrustedView]:
        """The keys that were trusted here."""
        ...

    async def trust(self, target: str, fingerprint: str) -> object:
        """Trust the key that the server shows now, if it has this fingerprint."""
        ...

    async def untrust(self, target: str) -> UntrustView:
        """Remove what we know of a host's keys from our own file."""
        ...
