"""Errors of the link to a host."""

from __future__ import annotations

from runicornd.errors.base import RunicorndError


class ConnectError(RunicorndError):
    """The link cannot be made, or was lost."""


class HostUnreachable(ConnectError):
    """Name resolution, routing, or the TCP connection failed."""

    kind = "host_unreachable"
    retryable = True


class NotConnected(ConnectError):
    """The link is down."""

    kind = "not_connected"
    retryable = True


class ChannelRefused(NotConnected):
    """The connection is there, and the server refuses it another channel."""


class NotSsh(ConnectError):
    """Something answers on that port, and it does not speak SSH."""

    kind = "not_ssh"
    retryable = True


class NoCommonAlgorithm(ConnectError):
    """The server offers only algorithms that are too weak."""

    kind = "no_common_algorithm"


class AuthFailed(ConnectError):
    """The server refused every way to log in."""

    kind = "auth_failed"


class KeyUnusable(ConnectError):
    """A private key is missing, unreadable, not a private key, or its passphrase is wrong."""

    kind = "key_unusable"


class HostKeyUnknown(ConnectError):
    """The server's key has not been seen before and nobody has confirmed it."""

    kind = "host_key_unknown"


class HostKeyChanged(ConnectError):
    """The server's key is not the known one."""

    kind = "host_key_changed"


class HostKeyRevoked(ConnectError):
    """A known_hosts file marks the server's key as revoked."""

    kind = "host_key_revoked"


class KnownHostsUnreadable(ConnectError):
    """A known_hosts file exists and cannot be read."""

    kind = "known_hosts_unreadable"


class NeedsInput(ConnectError):
    """A question waits for a person; the context names the prompt."""

    kind = "needs_input"
