"""What REST requests may carry, with the names that Runicorn's guides use."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from runicornd.errors import InvalidParams
from runicornd.protocol.models import AuthParams, Port, Text

SSH_PORT = 22
Minutes = Annotated[float, msgspec.Meta(ge=1 / 6, le=7 * 1440)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """Base of all bodies and queries."""


class Nothing(Body):
    """Nothing."""


class Address(Body, kw_only=True):
    """A server: its name or address, an alias of the OpenSSH configuration, or the name of a saved host."""

    host: Text
    port: Port | None = None
    username: Text | None = None


class Server(Address, kw_only=True):
    """A server and how to log in.

    ``use_agent`` is taken and changes nothing: OpenSSH's configuration decides. ``saved_server_id`` is the
    name of a saved host; it stands for host, port and username.
    """

    host: Text | None = None  # type: ignore[assignment] # a saved host has one already
    password: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    private_key: Annotated[str, msgspec.Meta(max_length=65536)] | None = None
    private_key_path: Text | None = None
    passphrase: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    use_agent: bool = True
    saved_server_id: Text | None = None

    def target(self) -> str:
        """The server as a target.

        Raises:
            InvalidParams: Neither a host nor a saved host is named.
        """
        if self.saved_server_id:
            return self.saved_server_id
        if self.host is None:
            raise InvalidParams("cannot connect: neither host nor saved_server_id is named")
        return target_of(self.host, self.port, self.username)

    def auth(self) -> AuthParams | None:
        """How to log in; None when nothing was said."""
        given = AuthParams(
            identity_file=self.private_key_path or None,
            private_key=self.private_key or None,
            passphrase=self.passphrase or None,
            password=self.password or None,
        )
        return None if given == AuthParams() else given


class Connect(Server, kw_only=True):
    """Connect to a server; with ``remote_root`` begin to mirror that storage root and use it."""

    remote_root: Text | None = None
    auto_sync: bool = True
    sync_interval_minutes: Minutes | None = None


class ViewerStart(Server, kw_only=True):
    """Start a viewer. ``remote_port`` is taken and changes nothing: the viewer needs no port."""

    remote_root: Text | None = None
    local_port: Port | None = None
    remote_port: Port | None = None
    conda_env: Text | None = None


class ViewerStop(Body):
    """Name a session."""

    session_id: Text


class Disconnect(Body):
    """Leave a server alone; without a host, that of the store in use."""

    host: Text | None = None
    port: Port | None = None
    username: Text | None = None


class Mode(Body):
    """Which kind of store is meant when none is named."""

    mode: Literal["local", "remote"]


class Alias(Body):
    """An alias to set."""

    alias: Text


class Tags(Body):
    """Tags to add."""

    tags: Annotated[list[Text], msgspec.Meta(max_length=100)]


class Fetch(Body):
    """What to fetch where; ``target_dir`` is an absolute folder of this machine."""

    target_dir: Text | None = None


class TypeQuery(Body):
    """The artifact's type, where several artifacts have the name."""

    type: Text | None = None


class ConnectionQuery(Body):
    """A connection, as ``connect`` answers it: ``username@host:port``, or any target."""

    connection_id: Text


class KeyAccept(Address, kw_only=True):
    """Trust the key with this fingerprint, which the server must show right now.

    ``key_type`` and ``public_key`` are taken and change nothing: the fingerprint decides.
    """

    fingerprint_sha256: Text
    key_type: Text | None = None
    public_key: Text | None = None


class KeyRemove(Address, kw_only=True):
    """Forget the keys of a server. ``key_type`` is taken and changes nothing: all are forgotten."""

    key_type: Text | None = None


def target_of(host: str, port: int | None, username: str | None) -> str:
    """The target for an address that comes in parts."""
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    user = f"{username}@" if username else ""
    return f"{user}{name}" if port in {None, SSH_PORT} else f"{user}{name}:{port}"
