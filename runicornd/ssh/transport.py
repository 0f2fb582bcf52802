"""What the rest of the daemon knows of a connection: small Protocols, no library's types.

``asyncssh_adapter`` implements them over SSH, ``local`` on this machine without SSH. Every method
that fails raises one of ``runicornd.errors``; ``NotConnected`` means that the connection is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from runicornd.ssh.auth import Login
    from runicornd.ssh.hostkeys import KnownKeys
    from runicornd.ssh.targets import Host


class ByteStream(Protocol):
    """One two-way stream of bytes with flow control and half-close."""

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has come yet that was not read: no bytes, no end, no loss."""
        ...

    async def read(self, limit: int) -> bytes:
        """Return 1 to ``limit`` bytes, or ``b""`` when the other side has finished sending.

        Raises:
            NotConnected: The connection was lost before that.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send all of ``data``; returns when the stream can take more.

        Raises:
            NotConnected: The other side is gone.
        """
        ...

    async def finish(self) -> None:
        """Say that nothing more will be sent; reading goes on (half-close)."""
        ...

    def abort(self) -> None:
        """Drop the stream at once, in both directions. Safe to call again."""
        ...

    async def close(self) -> None:
        """Close in order: what was written is sent first. Bounded in time; safe to call again."""
        ...


class Process(Protocol):
    """A program at the far end; its standard input and output are a stream."""

    @property
    def stream(self) -> ByteStream:
        """Its standard input and output."""
        ...

    async def wait(self) -> int | None:
        """Wait for its end; return its exit status, or None when it has none (a signal, a cut)."""
        ...

    def complaint(self) -> str:
        """The end of what it wrote to standard error: at most 4 KiB, decoded, safe to show."""
        ...


class Connection(Protocol):
    """An open connection to a host."""

    async def execute(self, command: str) -> Process:
        """Start a command under the user's login shell.

        Raises:
            NotConnected: The connection is gone.
            ChannelRefused: The server allows it no further channel.
        """
        ...

    async def open_unix(self, path: str) -> ByteStream:
        """Connect to a Unix socket of the far end.

        Raises:
            ForwardingForbidden: The server's configuration forbids it, or nothing listens there:
                OpenSSH answers both alike.
            NotConnected: The connection is gone.
        """
        ...

    async def open_tcp(self, hostname: str, port: int) -> ByteStream:
        """Connect to a TCP port as the far end sees it. Raises as ``open_unix``."""
        ...

    async def probe(self, timeout_s: float) -> None:
        """See whether the other side still lives; without a sign of life the connection is gone then.

        Returns after ``timeout_s`` seconds at most. Never raises for a dead connection: ``wait_closed``
        tells.
        """
        ...

    async def wait_closed(self) -> None:
        """Return when the connection is gone for whatever reason, a missed keep-alive included."""
        ...

    async def close(self) -> None:
        """Close in order, then by force; takes at most 2 seconds. Safe to call again."""
        ...


class Interviewer(Protocol):
    """Whom a handshake asks. Answers that were given once come from memory where that is allowed."""

    def login(self, host: Host) -> Login:
        """What the user gave for this host with the request; empty for a jump host."""
        ...

    async def known_host_keys(self, host: Host) -> KnownKeys:
        """What is known of the host's keys before it shows one.

        Raises:
            KnownHostsUnreadable: Nothing can be judged.
        """
        ...

    async def confirm_host_key(self, host: Host, key_type: str, key_blob: bytes) -> None:
        """Decide about a key that the server shows and that ``known_host_keys`` does not trust.

        Raises:
            HostKeyUnknown, HostKeyChanged, HostKeyRevoked, KnownHostsUnreadable: It is not to be
                trusted; nothing secret has been sent.
        """
        ...

    async def passphrase(self, host: Host, key_path: str, *, retry: bool) -> str | None:
        """The passphrase of an encrypted key, or None to go on without that key."""
        ...

    async def password(self, host: Host, *, retry: bool) -> str | None:
        """The account's password, or None to go on without one."""
        ...

    async def challenge(
        self, host: Host, name: str, instructions: str, fields: tuple[tuple[str, bool], ...]
    ) -> tuple[str, ...] | None:
        """Answers to one round of keyboard-interactive; ``fields`` are (label, echo)."""
        ...

    def login_ended(self, host: Host, *, accepted: bool) -> None:
        """Hear that the server has accepted or refused the login: what was wrong is forgotten."""
        ...


class Connector(Protocol):
    """Makes connections of one sort."""

    async def connect(self, host: Host, interviewer: Interviewer) -> Connection:
        """Connect, check the host key, log in. Bounded by the host's timeouts, but for questions.

        Raises:
            ConnectError: With the kind that says why.
        """
        ...
