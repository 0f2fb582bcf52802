"""Reading known_hosts files: lines, markers, patterns, hashed names. No I/O.

The format is in ``sshd(8)``, section "SSH_KNOWN_HOSTS FILE FORMAT".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PORT = 22
_HASH_PREFIX = "|1|"


class Marker(StrEnum):
    """What a line says of its key beyond "this host has it"."""

    NONE = ""
    AUTHORITY = "@cert-authority"
    REVOKED = "@revoked"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One line's key. ``source`` is ``FILE:LINE``."""

    marker: Marker
    key_type: str
    blob: bytes
    source: str

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as OpenSSH shows it."""
        return fingerprint(self.blob)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that was understood: the names it is for, and the key."""

    names: str
    key: KnownKey
    line: bytes

    def matches(self, name: str) -> bool:
        """Whether the line is about the host of that name (see ``known_name``)."""
        if self.names.startswith("|"):
            return _matches_hash(self.names, name)
        return _matches_patterns(self.names, name)


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """A file's entries, and how many of its lines could not be understood."""

    entries: tuple[Entry, ...] = ()
    skipped: int = 0

    def keys_of(self, name: str) -> tuple[KnownKey, ...]:
        """The keys that the file has for the host, in order."""
        return tuple(entry.key for entry in self.entries if entry.matches(name))


def known_name(hostname: str, port: int = DEFAULT_PORT) -> str:
    """The name under which known_hosts files list a host."""
    hostname = hostname.lower()
    return hostname if port == DEFAULT_PORT else f"[{hostname}]:{port}"


def fingerprint(blob: bytes) -> str:
    """The SHA-256 fingerprint of a public key, as OpenSSH writes it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def format_line(name: str, key_type: str, blob: bytes) -> bytes:
    """A line that says that the host has the key, without its line end."""
    return f"{name} {key_type} {base64.b64encode(blob).decode()}".encode()


def parse(data: bytes, source: str) -> KnownHosts:
    """Read a file's content. Lines that make no sense are counted and otherwise ignored.

    Args:
        data: The content; names need not be UTF-8.
        source: The file's name, for ``KnownKey.source``.
    """
    entries: list[Entry] = []
    skipped = 0
    for number, line in enumerate(data.split(b"\n"), start=1):
        words = line.decode("utf-8", "surrogateescape").split()
        if not words or words[0].startswith("#"):
            continue
        entry = _parse_line(words, line, f"{source}:{number}")
        if entry is None:
            skipped += 1
        else:
            entries.append(entry)
    return KnownHosts(tuple(entries), skipped)


def _parse_line(words: list[str], line: bytes, source: str) -> Entry | None:
    marker = Marker.NONE
    if words[0].startswith("@"):
        try:
            marker = Marker(words.pop(0))
        except ValueError:
            return None
    if len(words) < 3:
        return None
    names, key_type, encoded = words[:3]
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    # A key repeats its type, which shows whether the line was cut or mangled.
    prefix = key_type.encode("utf-8", "surrogateescape")
    if not blob.startswith(len(prefix).to_bytes(4, "big") + prefix) or not _is_complete(blob):
        return None
    return Entry(names=names, key=KnownKey(marker, key_type, blob, source), line=line)


def _is_complete(blob: bytes) -> bool:
    """Whether the blob is a whole number of length-prefixed strings, at least two."""
    position = count = 0
    while position < len(blob):
        position += 4 + int.from_bytes(blob[position : position + 4], "big")
        count += 1
    return position == len(blob) and count > 1


def _matches_hash(names: str, name: str) -> bool:
    salt, _, digest = names.removeprefix(_HASH_PREFIX).partition("|")
    try:
        expected = base64.b64decode(digest, validate=True)
        # HMAC-SHA1 is what the file format has; it hides names and protects nothing else.
        actual = hmac.new(base64.b64decode(salt, validate=True), name.encode(), hashlib.sha1).digest()
    except (binascii.Error, ValueError):
        return False
    return names.startswith(_HASH_PREFIX) and hmac.compare_digest(actual, expected)


def _matches_patterns(names: str, name: str) -> bool:
    matched = False
    for pattern in names.lower().split(","):
        if pattern.startswith("!") and _pattern(pattern[1:]).fullmatch(name):
            return False
        matched = matched or bool(_pattern(pattern).fullmatch(name))
    return matched


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    # Only * and ? are special. Runs of stars are one: they would make the matching slow.
    parts = (
        {"*": ".*", "?": "."}.get(character, re.escape(character)) for character in re.sub(r"\*+", "*", text)
    )
    return re.compile("".join(parts), re.DOTALL)


def blobs(keys: Iterable[KnownKey], marker: Marker) -> frozenset[bytes]:
    """The key blobs that are marked in that way."""
    return frozenset(key.blob for key in keys if key.marker is marker)
