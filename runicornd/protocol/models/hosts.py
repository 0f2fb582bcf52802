"""Hosts, their keys, and how to log in."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runicornd.protocol.models.base import ErrorData, Params, Result, Text


class SavedHost(Result):
    """A host that the user saved under a name. ``address`` is ``[user@]host[:port]``."""

    name: str
    address: str
    identity_file: str | None = None


class HostState(Result):
    """A host that has a link.

    ``state`` is one of idle, connecting, waiting_for_user, up, backoff, blocked, closed; ``retry_at``
    says when the next try is due in backoff; ``prompt`` is the question that it waits for, which may
    be about a jump host.
    """

    target: str
    address: str
    state: str
    since: float
    retry_at: float | None = None
    error: ErrorData | None = None
    prompt: str | None = None


class HostsResult(Result):
    """Saved hosts, the aliases of the OpenSSH configuration, and hosts with a link."""

    saved: list[SavedHost]
    aliases: list[str]
    links: list[HostState]


class HostSaveParams(Params):
    """Save or replace a host."""

    name: Text
    address: Text
    identity_file: Text | None = None


class HostNameParams(Params):
    """Name a saved host."""

    name: Text


class HostKey(Result):
    """One host key; ``fingerprint`` as OpenSSH shows it (``SHA256:…``)."""

    type: str
    fingerprint: str
    source: str = ""


class HostCheckResult(Result):
    """What a server shows before any login: its key, and what we know of it.

    ``verdict`` is one of trusted, unknown, changed, revoked.
    """

    target: str
    address: str
    verdict: Literal["trusted", "unknown", "changed", "revoked"]
    shown: HostKey
    known: list[HostKey] = []


class TrustParams(Params):
    """Trust the key with this fingerprint, which the server must show right now."""

    target: Text
    fingerprint: Text


class TrustedKey(Result):
    """A key that was trusted here; ``host`` is a name, or ``[NAME]:PORT``."""

    host: str
    key: HostKey


class TrustedKeysResult(Result):
    """All of them; those of the user's own known_hosts files are not among them."""

    keys: list[TrustedKey]


class UntrustResult(Result):
    """``removed`` keys; ``elsewhere`` names the files of the user that list the host as well."""

    removed: list[HostKey]
    elsewhere: list[str] = []


class AuthParams(Params):
    """How to log in, beside what the configuration says. Kept in memory only, never stored.

    ``agent_socket``: the SSH agent of the client's own environment. It is used from now on, for every
    host whose configuration leaves it to ``SSH_AUTH_SOCK``.
    """

    identity_file: Text | None = None
    private_key: Annotated[str, msgspec.Meta(min_length=1, max_length=65536)] | None = None
    passphrase: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    password: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    agent_socket: Text | None = None
