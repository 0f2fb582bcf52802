"""Every error that a user can meet, in one tree.

Each class is one stable ``kind``, the word that clients match on. ``message`` says "cannot X: why",
``hint`` what to do next, ``context`` carries the facts as JSON values::

    RunicorndError
    ├── RequestError                what was asked for cannot be
    │   ├── InvalidParams           invalid_params
    │   ├── InvalidTarget           invalid_target
    │   ├── UnknownSession          unknown_session
    │   ├── UnknownHost             unknown_host
    │   ├── UnknownPrompt           unknown_prompt
    │   ├── UnknownViewer           unknown_viewer
    │   ├── UnknownStore            unknown_store
    │   ├── UnknownArtifact         unknown_artifact
    │   ├── AmbiguousName           ambiguous_name
    │   ├── UnknownRun              unknown_run
    │   ├── UnknownDownload         unknown_download
    │   ├── UnknownForward          unknown_forward
    │   ├── NotConfirmed            not_confirmed
    │   └── WrongState              wrong_state
    ├── LocalError                  this machine is in the way
    │   ├── ConfigInvalid           config_invalid
    │   ├── AlreadyRunning          already_running
    │   ├── PortTaken               port_taken
    │   ├── StateUnwritable         state_unwritable
    │   ├── SshMissing              ssh_missing
    │   ├── LocalDiskFull           local_disk_full
    │   ├── PlaceUnwritable         place_unwritable
    │   └── DashboardOff            dashboard_off
    ├── ConnectError                the link cannot be made or was lost
    │   ├── HostUnreachable         host_unreachable        (worth another try)
    │   ├── NotConnected            not_connected           (worth another try)
    │   ├── NotSsh                  not_ssh                 (worth another try)
    │   ├── NoCommonAlgorithm       no_common_algorithm
    │   ├── AuthFailed              auth_failed
    │   ├── KeyUnusable             key_unusable
    │   ├── HostKeyUnknown          host_key_unknown
    │   ├── HostKeyChanged          host_key_changed
    │   ├── HostKeyRevoked          host_key_revoked
    │   ├── KnownHostsUnreadable    known_hosts_unreadable
    │   └── NeedsInput              needs_input
    └── RemoteError                 the server cannot do it
        ├── NoPython                no_python
        ├── RemoteUnsupported       remote_unsupported
        ├── ForwardingForbidden     forwarding_forbidden
        ├── AgentFailed             agent_failed            (worth another try)
        ├── NoEnvironment           no_environment
        ├── ViewerNotInstalled      viewer_not_installed
        ├── ViewerIncompatible      viewer_incompatible
        ├── ViewerCrashed           viewer_crashed          (worth another try)
        ├── ViewerUnresponsive      viewer_unresponsive     (worth another try)
        ├── RootNotFound            root_not_found
        ├── PermissionDenied        permission_denied
        ├── DiskFull                disk_full
        ├── ReadOnly                read_only
        ├── ChecksumMismatch        checksum_mismatch
        ├── SourceChanged           source_changed
        ├── FileMissing             file_missing
        ├── MetadataBroken          metadata_broken
        └── StoreLocked             store_locked            (worth another try)
"""

from __future__ import annotations

from typing import ClassVar

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class RunicorndError(Exception):
    """The root of the tree. ``str()`` of it is the message.

    Args:
        message: "cannot X: why", one sentence or a few lines, safe to show.
        hint: What the user can do next.
        context: Facts as JSON values, for programs.
    """

    kind: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", **context: JsonValue) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = context


class RequestError(RunicorndError):
    """What was asked for cannot be."""


class InvalidParams(RequestError):
    """A parameter is missing, of the wrong type or out of range."""

    kind = "invalid_params"


class InvalidTarget(RequestError):
    """The target is no alias, address or saved name."""

    kind = "invalid_target"


class UnknownSession(RequestError):
    """No session has that id or target."""

    kind = "unknown_session"


class UnknownHost(RequestError):
    """No saved host has that name."""

    kind = "unknown_host"


class UnknownPrompt(RequestError):
    """The question was answered, withdrawn, or never asked."""

    kind = "unknown_prompt"


class UnknownViewer(RequestError):
    """No viewer kind has that name."""

    kind = "unknown_viewer"


class UnknownStore(RequestError):
    """No store has that name, or none is in use."""

    kind = "unknown_store"


class UnknownArtifact(RequestError):
    """The store has no such artifact, version or alias."""

    kind = "unknown_artifact"


class AmbiguousName(RequestError):
    """Several are called that; the context lists them."""

    kind = "ambiguous_name"


class UnknownRun(RequestError):
    """The store has no such run."""

    kind = "unknown_run"


class UnknownDownload(RequestError):
    """No download has that id."""

    kind = "unknown_download"


class UnknownForward(RequestError):
    """No forward has that id."""

    kind = "unknown_forward"


class NotConfirmed(RequestError):
    """What cannot be undone was not confirmed by name."""

    kind = "not_confirmed"


class WrongState(RequestError):
    """The session is not in a state in which this can be done."""

    kind = "wrong_state"


class LocalError(RunicorndError):
    """This machine is in the way."""


class ConfigInvalid(LocalError):
    """The configuration has problems; the message lists all of them."""

    kind = "config_invalid"


class AlreadyRunning(LocalError):
    """Another daemon of this user holds the lock."""

    kind = "already_running"


class PortTaken(LocalError):
    """The local port is used by another program."""

    kind = "port_taken"


class StateUnwritable(LocalError):
    """The state folder cannot be written."""

    kind = "state_unwritable"


class SshMissing(LocalError):
    """The OpenSSH client, which reads the user's configuration, is not installed."""

    kind = "ssh_missing"


class LocalDiskFull(LocalError):
    """This machine's disk has no room for it."""

    kind = "local_disk_full"


class PlaceUnwritable(LocalError):
    """The folder that the user chose cannot be written."""

    kind = "place_unwritable"


class DashboardOff(LocalError):
    """The dashboard is not served."""

    kind = "dashboard_off"


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


class RemoteError(RunicorndError):
    """The server cannot do what is needed."""


class NoPython(RemoteError):
    """No Python 3.6 or later was found on the server."""

    kind = "no_python"


class RemoteUnsupported(RemoteError):
    """The server's system is not supported."""

    kind = "remote_unsupported"


class ForwardingForbidden(RemoteError):
    """The server forbids every kind of forwarding."""

    kind = "forwarding_forbidden"


class AgentFailed(RemoteError):
    """The agent did not start, broke its protocol, or died."""

    kind = "agent_failed"
    retryable = True


class NoEnvironment(RemoteError):
    """No environment matches, or there is none at all."""

    kind = "no_environment"


class ViewerNotInstalled(RemoteError):
    """The environment has no viewer of the wanted kind."""

    kind = "viewer_not_installed"


class ViewerIncompatible(RemoteError):
    """The environment's viewer is too old."""

    kind = "viewer_incompatible"


class ViewerCrashed(RemoteError):
    """The viewer exited by itself; the context has the end of its log."""

    kind = "viewer_crashed"
    retryable = True


class ViewerUnresponsive(RemoteError):
    """The viewer runs and does not answer."""

    kind = "viewer_unresponsive"
    retryable = True


class RootNotFound(RemoteError):
    """The storage root is missing or not a directory."""

    kind = "root_not_found"


class PermissionDenied(RemoteError):
    """The server's file permissions are in the way."""

    kind = "permission_denied"


class DiskFull(RemoteError):
    """The server's disk is full."""

    kind = "disk_full"


class ReadOnly(RemoteError):
    """The storage root cannot be written."""

    kind = "read_only"


class ChecksumMismatch(RemoteError):
    """A file's content is not what its manifest says."""

    kind = "checksum_mismatch"


class SourceChanged(RemoteError):
    """A file changed while it was read, or is no longer what the mirror knows."""

    kind = "source_changed"


class FileMissing(RemoteError):
    """A file that the manifest lists is not there, or is no regular file within the root."""

    kind = "file_missing"


class MetadataBroken(RemoteError):
    """A file of Runicorn's that would have to be changed cannot be understood."""

    kind = "metadata_broken"


class StoreLocked(RemoteError):
    """Another program holds the lock of what is to be changed."""

    kind = "store_locked"
    retryable = True
