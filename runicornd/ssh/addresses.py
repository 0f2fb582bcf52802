"""Reading addresses that people type: ``user@host:port``, ``[::1]:2222``, ``ssh://user@host``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote

from runicornd.errors import InvalidTarget
from runicornd.ssh.text import printable

MAX_TARGET_CHARACTERS = 300
MAX_PORT = 65535

# Letters and digits of every script, and signs that mean nothing to a shell: these words end up in
# ProxyCommand lines.
_NAME = re.compile(r"[^\W_][\w.+%:-]*|_[\w.+%:-]*|::[\w.%:]*")
_USER = re.compile(r"[\w.+][\w.+@\\-]*(?<!\\)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to go. ``hostname`` is a name, an alias or an IP address; None leaves it to the configuration."""

    hostname: str
    user: str | None = None
    port: int | None = None


def parse_address(text: str) -> Address:
    """Read an address.

    Raises:
        InvalidTarget: It is empty, too long, or has characters or a port that no address has.
    """
    check_characters(text)
    rest = text
    is_uri = rest.lower().startswith("ssh://")
    if is_uri:
        rest = rest[len("ssh://") :].removesuffix("/")
    user, at, place = rest.rpartition("@")
    hostname, port = _split_port(text, place)
    if is_uri:
        user = unquote(user)
    if at and not _USER.fullmatch(user):
        raise _invalid(text, f"{printable(user)!r} is no user name")
    if not _NAME.fullmatch(hostname):
        raise _invalid(text, f"{printable(hostname)!r} is no host name, alias or address")
    return Address(hostname=hostname, user=user if at else None, port=port)


def check_characters(text: str) -> None:
    """Refuse what can be no target at all.

    Raises:
        InvalidTarget: It is empty, too long, starts with a dash, or has blanks or control characters.
    """
    if not text:
        raise _invalid(text, "it is empty")
    if len(text) > MAX_TARGET_CHARACTERS:
        raise _invalid(text, f"it is longer than {MAX_TARGET_CHARACTERS} characters")
    if text.startswith("-"):
        raise _invalid(text, "it starts with a dash")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise _invalid(text, "it has blanks or control characters")


def is_name(text: str) -> bool:
    """Whether the text can be an alias or the name of a saved host."""
    return 0 < len(text) <= MAX_TARGET_CHARACTERS and bool(_NAME.fullmatch(text))


def _split_port(text: str, place: str) -> tuple[str, int | None]:
    if place.startswith("["):
        hostname, bracket, tail = place[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")) or not _is_ipv6(hostname):
            raise _invalid(text, "brackets enclose an IPv6 address, as in [::1]:22")
        return hostname, _read_port(text, tail[1:]) if tail else None
    if place.count(":") > 1:
        if not _is_ipv6(place):
            raise _invalid(text, "it has several colons and is no IPv6 address")
        return place, None
    hostname, colon, port = place.partition(":")
    return hostname, _read_port(text, port) if colon else None


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def _read_port(text: str, digits: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", digits) or not 1 <= int(digits) <= MAX_PORT:
        raise _invalid(text, f"{printable(digits)!r} is no port (1 to {MAX_PORT})")
    return int(digits)


def _invalid(text: str, why: str) -> InvalidTarget:
    return InvalidTarget(
        f"cannot use the target {printable(text, 80)!r}: {why}",
        hint="give an alias of your SSH configuration, a saved host, user@host:port, or 'local'",
    )
