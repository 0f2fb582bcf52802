"""Connections over SSH, made with asyncssh.

asyncssh reads no configuration and no known_hosts here: everything comes from the ``Host`` and the
``Interviewer``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh.public_key import decode_ssh_public_key

from runicornd.errors import AuthFailed, HostKeyUnknown
from runicornd.ssh import asyncssh_shortcut
from runicornd.ssh.asyncssh_algorithms import (
    HOST_CERTIFICATES,
    KEY_EXCHANGE,
    MACS,
    SIGNATURES,
    ciphers,
    host_key_order,
)
from runicornd.ssh.asyncssh_connection import AsyncsshConnection, ChannelSizes, unanswered
from runicornd.ssh.asyncssh_errors import Attempt, translate
from runicornd.ssh.asyncssh_handshake import Handshake
from runicornd.ssh.budget import Budget, Step
from runicornd.ssh.carriers import Carrier, ChannelCarrier, CommandCarrier, TcpCarrier
from runicornd.ssh.hostkeys import KnownKeys
from runicornd.ssh.targets import AUTH_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Interviewer

HANDSHAKE_LIMIT = 4


class AsyncsshConnector:
    """The ``Connector`` for every host but ``local``.

    Args:
        channels: How much each channel may have on its way; None: what its path needs, of what all share.
    """

    def __init__(self, channels: ChannelSizes | None = None) -> None:
        self._channels = channels
        asyncssh_shortcut.prepare()
        # Below this level asyncssh writes command lines and names of files into the log.
        logging.getLogger("asyncssh").setLevel(logging.WARNING)

    async def connect(self, host: Host, interviewer: Interviewer) -> AsyncsshConnection:
        """Connect through the jump hosts, check every host key, log in everywhere.

        Raises:
            ConnectError: With the kind that says why; nothing is left open.
        """
        below = await self._connect_jumps(host, interviewer)
        try:
            return await self._hop(host, interviewer, below).connect()
        except BaseException:
            if below:
                await below.close()
            raise

    async def fetch_host_key(self, host: Host, interviewer: Interviewer) -> tuple[str, bytes]:
        """Return the type and blob of the key that the host shows now, without logging in there.

        Raises:
            ConnectError: The host, or a jump host on the way to it, cannot be reached.
        """
        below = await self._connect_jumps(host, interviewer)
        try:
            return await self._hop(host, interviewer, below).fetch_host_key()
        finally:
            if below:
                await below.close()

    async def _connect_jumps(self, host: Host, interviewer: Interviewer) -> AsyncsshConnection | None:
        below: AsyncsshConnection | None = None
        try:
            for jump in host.jumps:
                below = await self._hop(jump, interviewer, below).connect()
        except BaseException:
            if below:
                await below.close()
            raise
        return below

    def _hop(self, host: Host, interviewer: Interviewer, below: AsyncsshConnection | None) -> _Hop:
        return _Hop(host, interviewer, below, self._channels)


class _NotTrusted(Exception):
    """The handshake was ended because of the host key; None when its certificate was bad."""

    def __init__(self, shown: tuple[str, bytes] | None) -> None:
        super().__init__("the host key is not trusted")
        self.shown = shown


class _Hop:
    """One server on the way, with as many handshakes as its host key needs."""

    def __init__(
        self,
        host: Host,
        interviewer: Interviewer,
        below: AsyncsshConnection | None,
        channels: ChannelSizes | None,
    ) -> None:
        self._host = host
        self._interviewer = interviewer
        self._below = below
        self._channels = channels

    async def connect(self) -> AsyncsshConnection:
        known = await self._interviewer.known_host_keys(self._host)
        confirmed: bytes | None = None
        with_certificates = bool(known.authorities)
        for _ in range(HANDSHAKE_LIMIT):
            order = host_key_order(known.key_types, with_certificates=with_certificates)
            try:
                connection = await self._log_in(known, confirmed, order)
            except _NotTrusted as refusal:
                if refusal.shown is None:
                    with_certificates = False
                    continue
                # The connection is closed by now: a person may think as long as it takes.
                await self._interviewer.confirm_host_key(self._host, *refusal.shown)
                confirmed = refusal.shown[1]
                continue
            self._interviewer.login_ended(self._host, accepted=True)
            return connection
        raise HostKeyUnknown(
            f"cannot connect to {self._host.address}: it shows another host key each time",
            hint="several servers may share this address; use the address of one of them",
        )

    async def fetch_host_key(self) -> tuple[str, bytes]:
        known = await self._interviewer.known_host_keys(self._host)
        try:
            # Trusting nothing ends the handshake as soon as the key is there.
            connection = await self._attempt(
                KnownKeys(), None, host_key_order(known.key_types, with_certificates=False)
            )
        except _NotTrusted as refusal:
            if refusal.shown:
                return refusal.shown
            raise
        await connection.close()
        raise AssertionError("a handshake that trusts nothing came through")

    async def _log_in(
        self, known: KnownKeys, confirmed: bytes | None, order: list[str]
    ) -> AsyncsshConnection:
        try:
            return await self._attempt(known, confirmed, order)
        except AuthFailed:
            self._interviewer.login_ended(self._host, accepted=False)
            raise

    async def _attempt(
        self, known: KnownKeys, confirmed: bytes | None, order: list[str]
    ) -> AsyncsshConnection:
        host, budget = self._host, Budget()
        carrier = self._carrier(budget)
        handshake = Handshake(host, self._interviewer, known, confirmed, budget)
        # asyncssh has to know the revoked keys to look for them inside certificates; bare keys are
        # judged by the handshake, which then knows which one it was.
        revoked = _decode(known.revoked) if set(HOST_CERTIFICATES) & set(order) else []
        try:
            await handshake.offers.load()
            async with budget.enforced():
                connection = await asyncssh.connect(
                    host.hostname,
                    host.port,
                    tunnel=carrier,
                    client_factory=lambda: handshake,
                    server_host_key_algs=order,
                    known_hosts=lambda *_: ([], [], revoked),
                    **_options(host),
                )
        except BaseException as error:
            await carrier.close()
            if isinstance(error, asyncssh.HostKeyNotVerifiable):
                raise _NotTrusted(handshake.shown) from error
            if not isinstance(error, Exception):
                raise
            told = translate(error, Attempt(host, handshake, carrier, budget))
            if told is error:
                raise
            raise told from error
        finally:
            await handshake.offers.close()
        return AsyncsshConnection(
            host, connection, carrier, self._below, self._channels, handshake.round_trip_s
        )

    def _carrier(self, budget: Budget) -> Carrier:
        host, below = self._host, self._below

        def on_greeted() -> None:
            budget.enter(Step.HANDSHAKE, host.connect_timeout_s)

        if below is not None:
            return ChannelCarrier(host, lambda watcher: below.open_for_jump(watcher, host), on_greeted)
        if host.proxy_command is not None:
            return CommandCarrier(host, host.proxy_command, on_greeted)
        return TcpCarrier(host, on_greeted)


def _options(host: Host) -> dict[str, Any]:
    """Everything that asyncssh would otherwise look up in files, the environment or its own defaults."""
    return {
        "config": None,
        "username": host.user,
        "host_key_alias": host.host_key_alias,
        "client_keys": None,
        "agent_path": None,
        # The handshake passes over those that the configuration rules out, and so learns of them.
        "preferred_auth": tuple(dict.fromkeys((*host.auth_methods, *AUTH_METHODS))),
        "host_based_auth": False,
        "gss_host": None,
        "gss_kex": False,
        "gss_auth": False,
        "pkcs11_provider": None,
        "x509_trusted_certs": None,
        "x509_trusted_cert_paths": [],
        "kex_algs": KEY_EXCHANGE,
        "encryption_algs": ciphers(),
        "mac_algs": MACS,
        "compression_algs": None,
        "signature_algs": SIGNATURES,
        "connect_timeout": None,
        "login_timeout": 0,
        "keepalive_interval": host.keepalive_interval_s,
        "keepalive_count_max": unanswered(host),
        "agent_forwarding": False,
        "x11_forwarding": False,
        "utf8_decode_errors": "replace",
    }


def _decode(blobs: Iterable[bytes]) -> list[asyncssh.SSHKey]:
    keys = []
    for blob in blobs:
        try:
            keys.append(decode_ssh_public_key(blob))
        except asyncssh.KeyImportError:  # of a type that we would not accept anyway
            continue
    return keys
