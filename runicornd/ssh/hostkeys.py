"""Which host keys are trusted: the user's known_hosts files, and one of our own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.atomicfile import write_atomic
from runicornd.errors import HostKeyRevoked, KnownHostsUnreadable, StateUnwritable
from runicornd.ssh.known_hosts import (
    KnownHosts,
    KnownKey,
    Marker,
    blobs,
    fingerprint,
    format_line,
    known_name,
    parse,
)
from runicornd.ssh.small_files import read_small

if TYPE_CHECKING:
    from pathlib import Path

    from runicornd.ssh.known_hosts import Entry
    from runicornd.ssh.targets import Host

SIZE_LIMIT_BYTES = 64 * 1024 * 1024

log = structlog.get_logger(__name__)


class Verdict(StrEnum):
    """What we know of a key that a server shows."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """What all files say about one host, as they were when they were read.

    Args:
        keys: The keys under the host's own name.
        portless: On a port other than 22, when ``keys`` is empty: the keys of the bare host name. A
            key among them is trusted, as OpenSSH does it; another one is merely unknown.
    """

    keys: tuple[KnownKey, ...] = ()
    portless: tuple[KnownKey, ...] = ()

    @property
    def plain(self) -> tuple[KnownKey, ...]:
        """The host's own keys: those without a marker."""
        return tuple(key for key in self.keys if key.marker is Marker.NONE)

    @property
    def key_types(self) -> tuple[str, ...]:
        """The types of key to ask the server for first, so that it shows one that we can compare."""
        own = self.plain or tuple(key for key in self.portless if key.marker is Marker.NONE)
        return tuple(dict.fromkeys(key.key_type for key in own))

    @property
    def authorities(self) -> frozenset[bytes]:
        """The keys that may vouch for this host's key with a certificate."""
        return blobs(self.keys, Marker.AUTHORITY) - self.revoked

    @property
    def revoked(self) -> frozenset[bytes]:
        """The keys that must not be trusted, whatever else is listed."""
        return blobs((*self.keys, *self.portless), Marker.REVOKED)

    def verdict(self, blob: bytes) -> Verdict:
        """Judge a key that the server shows."""
        if blob in self.revoked:
            return Verdict.REVOKED
        if blob in blobs((*self.keys, *self.portless), Marker.NONE):
            return Verdict.TRUSTED
        return Verdict.CHANGED if self.plain else Verdict.UNKNOWN


@dataclass(frozen=True, slots=True)
class Untrusted:
    """What was removed from our file, and where the user's own files still list the host."""

    removed: tuple[KnownKey, ...]
    elsewhere: tuple[str, ...]


class HostKeys:
    """Knows the host keys. Files are read anew for every question, and only our own is written.

    Args:
        own_file: Our own known_hosts file.
    """

    def __init__(self, own_file: Path) -> None:
        self._own_file = own_file
        self._writing = asyncio.Lock()
        self._trusted_more = asyncio.Event()

    async def known(self, host: Host) -> KnownKeys:
        """Read what is known of a host.

        Raises:
            KnownHostsUnreadable: A file is there and cannot be read, so that nothing can be judged.
        """
        return await asyncio.to_thread(self._known, host)

    async def trusted(self) -> tuple[Entry, ...]:
        """Everything in our own file. Raises KnownHostsUnreadable."""
        return tuple((await asyncio.to_thread(read_known_hosts, self._own_file)).entries)

    async def verdict(self, host: Host, blob: bytes) -> Verdict:
        """Judge a key that the host shows. Raises as ``known``."""
        return (await self.known(host)).verdict(blob)

    async def preferred_key_types(self, host: Host) -> tuple[str, ...]:
        """The types of key to ask the host for first. Raises as ``known``."""
        return (await self.known(host)).key_types

    async def trust(self, host: Host, key_type: str, blob: bytes) -> None:
        """Trust a key from now on; it takes the place of the host's key of the same type in our file.

        Raises:
            HostKeyRevoked: A file marks it as revoked.
            KnownHostsUnreadable: A file cannot be read.
            StateUnwritable: Our file cannot be written.
        """
        async with self._writing:
            await asyncio.to_thread(self._trust, host, key_type, blob)
        self._trusted_more.set()
        self._trusted_more = asyncio.Event()

    async def until_trusted(self, host: Host, blob: bytes) -> None:
        """Return once ``trust`` has made this key of the host a trusted one. Raises as ``known``."""
        while True:
            more = self._trusted_more
            if await self.verdict(host, blob) is Verdict.TRUSTED:
                return
            await more.wait()

    async def untrust(self, host: Host) -> Untrusted:
        """Forget the host's keys in our file. Raises as ``trust``."""
        async with self._writing:
            return await asyncio.to_thread(self._untrust, host)

    def _known(self, host: Host) -> KnownKeys:
        files = [read_known_hosts(path) for path in dict.fromkeys((*host.known_hosts_files, self._own_file))]
        keys = _collect(files, _name(host))
        bare = known_name(host.hostname)
        if keys or host.host_key_alias or bare == _name(host):
            return KnownKeys(keys)
        return KnownKeys(keys, portless=_collect(files, bare))

    def _trust(self, host: Host, key_type: str, blob: bytes) -> None:
        known = self._known(host)
        if known.verdict(blob) is Verdict.REVOKED:
            raise HostKeyRevoked(
                f"cannot trust the key {fingerprint(blob)} of {host.address}: it is marked as revoked",
                hint="ask the server's administrator for its new key",
            )
        name = _name(host)
        replaced = {
            entry.line
            for entry in read_known_hosts(self._own_file).entries
            if entry.matches(name) and entry.key.key_type == key_type
        }
        self._rewrite(replaced, format_line(name, key_type, blob))

    def _untrust(self, host: Host) -> Untrusted:
        name = _name(host)
        own = read_known_hosts(self._own_file)
        removed = own.keys_of(name)
        if removed:
            self._rewrite({entry.line for entry in own.entries if entry.matches(name)})
        others = [read_known_hosts(path) for path in host.known_hosts_files if path != self._own_file]
        return Untrusted(removed, tuple(key.source for key in _collect(others, name)))

    def _rewrite(self, dropped: set[bytes], *added: bytes) -> None:
        kept = [line for line in _read_bytes(self._own_file).split(b"\n") if line and line not in dropped]
        lines = (*kept, *added)
        try:
            self._own_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._own_file, b"".join(line + b"\n" for line in lines))
        except OSError as error:
            raise StateUnwritable(
                f"cannot save the host key in {self._own_file}: {error.strerror or error}",
                hint="free some space, or mend the folder's permissions",
            ) from error


def _name(host: Host) -> str:
    # OpenSSH takes an alias as it is, without the port.
    return host.host_key_alias.lower() if host.host_key_alias else known_name(host.hostname, host.port)


def _collect(files: list[KnownHosts], name: str) -> tuple[KnownKey, ...]:
    return tuple(key for file in files for key in file.keys_of(name))


def read_known_hosts(path: Path) -> KnownHosts:
    """Read a known_hosts file; one that does not exist is empty.

    Raises:
        KnownHostsUnreadable: It is there and cannot be read.
    """
    known = parse(_read_bytes(path), str(path))
    if known.skipped:
        log.warning("known_hosts has lines that make no sense", file=str(path), lines=known.skipped)
    return known


def _read_bytes(path: Path) -> bytes:
    try:
        return read_small(path, SIZE_LIMIT_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as error:
        why = error.strerror or str(error)
        raise KnownHostsUnreadable(
            f"cannot check the host key: {path} is not readable: {why}",
            hint=f"make it readable (chmod u+r {path}), or move it away",
            file=str(path),
        ) from error
