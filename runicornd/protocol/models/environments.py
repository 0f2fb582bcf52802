"""Python environments of a host."""

from __future__ import annotations

from runicornd.protocol.models.base import Params, Result, Text
from runicornd.protocol.models.hosts import AuthParams


class EnvsParams(Params):
    """Environments of a target, judged for a viewer kind (None: the daemon's default)."""

    target: Text
    viewer: Text | None = None
    auth: AuthParams | None = None


class Environment(Result):
    """A Python environment.

    ``usable`` is false with a ``reason``, a ``fix`` (a command line), and the ``problem``, the kind of
    the error that comes to whoever insists on it.
    """

    name: str
    kind: str
    python: str
    python_version: str | None
    runicorn_version: str | None
    storage_root: str | None
    usable: bool
    reason: str = ""
    fix: str = ""
    problem: str | None = None


class EnvsResult(Result):
    """``chosen`` is the python that ``connect`` without ``--env`` would take, if that is clear."""

    target: str
    environments: list[Environment]
    chosen: str | None = None
