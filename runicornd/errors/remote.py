"""Errors of the server."""

from __future__ import annotations

from runicornd.errors.base import RunicorndError


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
