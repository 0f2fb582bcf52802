"""What every viewer kind can say of itself."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.errors import RunicorndError
    from runicornd.remote.models import Environment


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a viewer kind can run in an environment.

    Args:
        version: The version of the kind's package, None when it is not installed.
        reason: Why it cannot, in words for a table; empty when it can.
        fix: A shell line that mends it, to be run on the host; empty when there is none.
        error: What to raise when the user insists on this environment.
    """

    usable: bool
    version: str | None
    reason: str = ""
    fix: str = ""
    error: RunicorndError | None = None


class ViewerKind(Protocol):
    """One sort of web viewer. Pure: nothing here touches a host."""

    @property
    def name(self) -> str:
        """What the user types after ``--viewer``."""
        ...

    @property
    def package(self) -> str:
        """The distribution that has the viewer."""
        ...

    @property
    def minimum_version(self) -> str:
        """The oldest release that is started."""
        ...

    @property
    def packages(self) -> Sequence[str]:
        """The distributions whose versions the agent has to look up."""
        ...

    @property
    def health_path(self) -> str:
        """The path that answers 200 with a JSON object when the viewer works."""
        ...

    def judge(self, environment: Environment) -> Judgement:
        """Say whether this kind can run in the environment."""
        ...

    def argv(self, python: str) -> list[str]:
        """The command; the word ``{fd}`` stands for the number of the listening socket that it inherits."""
        ...

    def environment(self, root: str) -> dict[str, str]:
        """The variables to add for the storage root ``root`` (an absolute path on the host)."""
        ...


def install_line(environment: Environment, package: str) -> str:
    """The shell line that installs or updates ``package`` in the environment.

    uv makes environments without pip, so uv itself has to do it there.
    """
    if environment.kind == "uv":
        words = ["uv", "pip", "install", "--python", environment.python, "-U", package]
    else:
        words = [environment.python, "-m", "pip", "install", "-U", package]
    return shlex.join(words)
