"""The Runicorn viewer: a FastAPI application that uvicorn serves on a socket that it inherits.

Tried with 0.5.3 and 0.7.2. Their own ``runicorn viewer`` can only bind a TCP port by itself, which every
account of a shared server could then reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.errors import NoEnvironment, ViewerIncompatible, ViewerNotInstalled
from runicornd.viewers.kinds.base import Judgement, install_line
from runicornd.viewers.kinds.versions import version_key

if TYPE_CHECKING:
    from runicornd.remote.models import Environment

OLDEST_PYTHON = "3.8"
"""What Runicorn 0.5 asks for in its metadata."""


class Runicorn:
    """The viewer kind ``runicorn``."""

    name = "runicorn"
    package = "runicorn"
    minimum_version = "0.5.0"
    packages = ("runicorn",)
    health_path = "/api/health"

    def judge(self, environment: Environment) -> Judgement:
        """Say whether Runicorn's viewer can run in the environment; see ``ViewerKind``."""
        version = environment.packages.get(self.package)
        if version is None:
            return self._missing(environment)
        key, oldest = version_key(version), version_key(self.minimum_version)
        if key is None or oldest is None or key < oldest:
            return self._too_old(environment, version)
        return Judgement(usable=True, version=version)

    def argv(self, python: str) -> list[str]:
        """The command; see ``ViewerKind``.

        One worker whatever ``WEB_CONCURRENCY`` says: the keeper watches one process. Idle HTTP
        connections are kept for a minute, because each new one costs a round trip through the link.
        Modules are looked up in ``/`` instead of the working directory, which others may write to.
        """
        return [
            python,
            "-m",
            "uvicorn",
            "--factory",
            "runicorn.viewer:create_app",
            "--app-dir",
            "/",
            "--fd",
            "{fd}",
            "--workers",
            "1",
            "--log-level",
            "info",
            "--no-access-log",
            "--no-use-colors",
            "--timeout-keep-alive",
            "60",
            "--timeout-graceful-shutdown",
            "2",
        ]

    def environment(self, root: str) -> dict[str, str]:
        """The variables to add; see ``ViewerKind``.

        Runicorn's own remote mode stays off: it ends an idle viewer, hides its log from our own, and
        writes to a folder in /tmp that all accounts share.
        """
        return {
            "RUNICORN_DIR": root,
            "RUNICORN_REMOTE_MODE": "0",
            "RUNICORN_IDLE_TIMEOUT": "0",
            "PYTHONUNBUFFERED": "1",
            "PYTHONSAFEPATH": "1",
        }

    def _missing(self, environment: Environment) -> Judgement:
        python = environment.python_version
        if python is not None and _is_older(python, OLDEST_PYTHON):
            return self._python_too_old(python)
        fix = install_line(environment, self.package)
        return Judgement(
            usable=False,
            version=None,
            reason="Runicorn is not installed",
            fix=fix,
            error=ViewerNotInstalled(
                f"cannot start the viewer in {environment.name!r}: Runicorn is not installed there",
                hint=f"install it on the host: {fix}",
                environment=environment.name,
                python=environment.python,
                fix=fix,
            ),
        )

    def _python_too_old(self, python: str) -> Judgement:
        reason = f"Runicorn needs Python {OLDEST_PYTHON} or later, this is {python}"
        return Judgement(
            usable=False,
            version=None,
            reason=reason,
            error=NoEnvironment(
                f"cannot start the viewer: {reason}",
                hint=f"choose or make an environment with Python {OLDEST_PYTHON} or later",
            ),
        )

    def _too_old(self, environment: Environment, version: str) -> Judgement:
        fix = install_line(environment, self.package)
        reason = f"Runicorn {version} is too old, {self.minimum_version} or later is needed"
        if version_key(version) is None:
            reason = f"Runicorn's version {version!r} is not understood"
        return Judgement(
            usable=False,
            version=version,
            reason=reason,
            fix=fix,
            error=ViewerIncompatible(
                f"cannot start the viewer in {environment.name!r}: {reason}",
                hint=f"update it on the host: {fix}",
                environment=environment.name,
                python=environment.python,
                version=version,
                needed=self.minimum_version,
                fix=fix,
            ),
        )


def _is_older(version: str, oldest: str) -> bool:
    key, limit = version_key(version), version_key(oldest)
    return key is not None and limit is not None and key < limit
