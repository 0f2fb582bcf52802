"""Errors of requests: what was asked for cannot be."""

from __future__ import annotations

from runicornd.errors.base import RunicorndError


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
