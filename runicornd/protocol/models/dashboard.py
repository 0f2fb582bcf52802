"""The dashboard in the browser: where it is, and who may use it."""

from __future__ import annotations

from runicornd.protocol.models.base import Result


class DashboardInfo(Result):
    """Where the dashboard is served."""

    url: str
    port: int


class DashboardLink(Result):
    """An address that lets one browser in, once, until ``expires``."""

    url: str
    port: int
    expires: float


class DashboardToken(Result):
    """A token for programs, good until it is revoked. It is told once and kept nowhere."""

    token: str
