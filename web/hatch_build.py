"""Builds the dashboard into the wheel. An editable install does without: ``make web`` builds it in place."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILD_S = 600


class DashboardHook(BuildHookInterface[Any]):
    """Runs ``npm ci`` and ``npm run build`` before the wheel's files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's names
        """Build what ``runicornd/gateway/static`` has.

        Raises:
            RuntimeError: Node.js is not there, or the build fails.
        """
        if version == "editable":
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "cannot build the dashboard: npm is not installed; install Node.js 20.19 or later"
            )
        web = Path(self.root) / "web"
        for words in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            done = subprocess.run(
                [npm, *words], cwd=web, capture_output=True, text=True, timeout=BUILD_S, check=False
            )
            if done.returncode != 0:
                said = (done.stdout + done.stderr)[-4000:]
                raise RuntimeError(f"cannot build the dashboard: npm {' '.join(words)} failed:\n{said}")
