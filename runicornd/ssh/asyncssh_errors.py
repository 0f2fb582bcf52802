"""The one place where failures of a connection attempt get their kind, their words and their hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncssh

from runicornd.errors import (
    AuthFailed,
    ConnectError,
    HostUnreachable,
    NoCommonAlgorithm,
    NotSsh,
)
from runicornd.ssh.asyncssh_algorithms import CIPHERS, HOST_KEYS, KEY_EXCHANGE, MACS
from runicornd.ssh.budget import Step
from runicornd.ssh.targets import AUTH_METHODS
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from runicornd.ssh.asyncssh_handshake import Handshake
    from runicornd.ssh.budget import Budget
    from runicornd.ssh.carriers import Carrier
    from runicornd.ssh.greeting import Offer
    from runicornd.ssh.targets import Host

TOO_MANY = "Too many authentication failures"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was known when an attempt failed."""

    host: Host
    handshake: Handshake
    carrier: Carrier
    budget: Budget

    @property
    def has_ssh(self) -> bool:
        """Whether the other side has said that it speaks SSH."""
        return self.carrier.greeting.version is not None


def translate(error: Exception, attempt: Attempt) -> Exception:
    """Return the error to raise instead; what is no failure of the connection comes back as it is."""
    if isinstance(error, TimeoutError):
        return _too_slow(attempt)
    if not isinstance(error, asyncssh.Error | OSError):
        return error
    return _after_greeting(error, attempt) if attempt.has_ssh else _no_greeting(attempt)


def _after_greeting(error: asyncssh.Error | OSError, attempt: Attempt) -> ConnectError:
    if isinstance(error, asyncssh.ConnectionLost | OSError):
        return _cut_off(attempt)
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return _no_common_algorithm(attempt, error.reason)
    too_many = TOO_MANY in error.reason
    if isinstance(error, asyncssh.PermissionDenied) or too_many:
        return auth_failed(attempt, too_many=too_many)
    return _broken(attempt, error)


def auth_failed(attempt: Attempt, *, too_many: bool = False) -> ConnectError:
    """The server refused every way to log in; a bad key file is the better explanation if there is one."""
    handshake = attempt.handshake
    if blocker := handshake.blocker:
        return blocker
    tried = [*handshake.offers.tried, *handshake.tried]
    allowed = handshake.allowed
    what = f"it refused {_join(tried)}" if tried else "there was nothing to log in with"
    more = f"; it allows {_join(allowed)}" if allowed else "; it allows no way of logging in that we know"
    if ruled_out := [name for name in AUTH_METHODS if name in {*allowed} - {*attempt.host.auth_methods}]:
        more += f"; your SSH configuration rules out {_join(ruled_out)}"
    if handshake.offers.agent_problem:
        more += f"; {handshake.offers.agent_problem}"
    return AuthFailed(
        f"cannot log in to {attempt.host.address}: {what}{more}",
        hint=_auth_hint(attempt.host, tried, allowed, too_many=too_many),
        tried=list(tried),
        allowed=list(allowed),
    )


def _auth_hint(host: Host, tried: list[str], allowed: list[str], *, too_many: bool) -> str:
    if too_many:
        return "name the right key with IdentityFile and set 'IdentitiesOnly yes' for this host"
    if "password" in tried or "keyboard-interactive" in tried:
        return "check the user name and the password, or set up a key with 'ssh-copy-id'"
    if "publickey" in allowed:
        return (
            f"check the user name; install your key on the server with 'ssh-copy-id {host.target}', "
            "or name the right key"
        )
    return f"see what 'ssh -v {host.target}' says"


def _too_slow(attempt: Attempt) -> ConnectError:
    host, greeting = attempt.host, attempt.carrier.greeting
    if attempt.has_ssh:
        step = "login" if attempt.budget.step is Step.LOGIN else "handshake"
        return HostUnreachable(
            f"cannot connect to {host.address}: the server stopped answering during the {step}",
            hint="the server or the network may be overloaded; it is worth another try",
            reason="stalled",
        )
    if greeting.quote:
        return not_ssh(host, greeting.quote)
    return silent(host, _complaint(attempt))


def silent(host: Host, complaint: str = "") -> HostUnreachable:
    """The error for a server that accepts and never speaks."""
    return HostUnreachable(
        f"cannot connect to {host.address}: the port is open, but nothing was said "
        f"within {host.connect_timeout_s:g} s{complaint}",
        hint="check that the port is that of the SSH server; the server may be overloaded",
        reason="silent",
    )


def _no_greeting(attempt: Attempt) -> ConnectError:
    host, greeting = attempt.host, attempt.carrier.greeting
    if greeting.quote:
        return not_ssh(host, greeting.quote)
    if host.proxy_command:
        return HostUnreachable(
            f"cannot connect to {host.address}: the ProxyCommand ended{_complaint(attempt)}",
            hint=f"try the command by itself: {printable(host.proxy_command)}",
            reason="proxy_command",
        )
    return hung_up(host)


def hung_up(host: Host) -> HostUnreachable:
    """The error for a server that closes the connection without a word."""
    return HostUnreachable(
        f"cannot connect to {host.address}: the server closed the connection before it said anything",
        hint="it may be busy, or refuse this machine's address; it is worth another try",
        reason="closed",
    )


def not_ssh(host: Host, quote: str) -> NotSsh:
    """The error for something else than an SSH server; ``quote`` is what it says."""
    return NotSsh(
        f"cannot connect to {host.address}: what answers there is no SSH server; it says {quote!r}",
        hint="check the port: the SSH server listens on another one",
        quote=quote,
    )


def _cut_off(attempt: Attempt) -> ConnectError:
    offer = attempt.carrier.greeting.offer
    if attempt.handshake.shown is None and offer and gaps(offer):
        # The server has seen it first. OpenSSH just hangs up when there is no host key that both sides
        # accept; what others say before they hang up can be lost to a reset.
        return _no_common_algorithm(attempt, "")
    step = "login" if attempt.budget.step is Step.LOGIN else "handshake"
    return HostUnreachable(
        f"cannot connect to {attempt.host.address}: the server closed the connection during the {step}"
        f"{_complaint(attempt)}",
        hint="it is worth another try; the server's log may say why",
        reason="closed",
    )


def _no_common_algorithm(attempt: Attempt, reason: str) -> NoCommonAlgorithm:
    return no_common_algorithm(attempt.host, attempt.carrier.greeting.offer, reason)


def no_common_algorithm(host: Host, offer: Offer | None, reason: str = "") -> NoCommonAlgorithm:
    """The error for a server all of whose algorithms of some sort are refused here."""
    lacks = gaps(offer) if offer else {}
    lacking = "; ".join(f"for the {what} it offers only {_join(names)}" for what, names in lacks.items())
    return NoCommonAlgorithm(
        f"cannot connect to {host.address}: the server has only algorithms that are too weak: "
        f"{lacking or printable(reason, 300)}",
        hint="bring the server's SSH software up to date; SHA-1, CBC and DSA are refused on purpose",
        offered={what: list(names) for what, names in lacks.items()},
    )


def gaps(offer: Offer) -> dict[str, tuple[str, ...]]:
    """What the server offers of each sort of algorithm of which we accept none."""
    wanted = {
        "key exchange": (KEY_EXCHANGE, offer.key_exchange),
        "host key": (HOST_KEYS, offer.host_keys),
        "cipher": (CIPHERS, offer.ciphers),
        "MAC": (MACS, offer.macs),
    }
    lacks = {what: theirs for what, (ours, theirs) in wanted.items() if not _common(ours, theirs)}
    if any("gcm" in cipher or "poly1305" in cipher for cipher in set(CIPHERS) & set(offer.ciphers)):
        lacks.pop("MAC", None)  # these ciphers authenticate by themselves (RFC 5647, section 5.1)
    return lacks


def _broken(attempt: Attempt, error: asyncssh.Error) -> ConnectError:
    return NotSsh(
        f"cannot connect to {attempt.host.address}: the SSH protocol broke down: "
        f"{printable(error.reason)}{_complaint(attempt)}",
        hint=f"see whether 'ssh -v {attempt.host.target}' works",
    )


def _complaint(attempt: Attempt) -> str:
    return f": {attempt.carrier.complaint}" if attempt.carrier.complaint else ""


def _common(ours: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    return not set(ours).isdisjoint(theirs)


def _join(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words) or "nothing"
