"""The tokens, variables and ``~`` of OpenSSH's settings, as ``ssh_config(5)`` lists them."""

from __future__ import annotations

import hashlib
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.errors import InvalidTarget

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"%(.?)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expansion:
    """What the tokens stand for on one host."""

    tokens: Mapping[str, str]
    environ: Mapping[str, str]
    home: Path

    @classmethod
    def of(
        cls,
        *,
        original: str,
        hostname: str,
        user: str,
        port: int,
        key_alias: str,
        environ: Mapping[str, str],
        home: Path,
    ) -> Expansion:
        """Collect the tokens of a host."""
        local = socket.gethostname()
        uid = os.getuid()
        digest = hashlib.sha1(f"{local}{hostname}{port}{user}".encode(), usedforsecurity=False)
        tokens = {
            "%": "%",
            "C": digest.hexdigest(),
            "d": str(home),
            "h": hostname,
            "i": str(uid),
            "k": key_alias,
            "L": local.partition(".")[0],
            "l": local,
            "n": original,
            "p": str(port),
            "r": user,
            "u": environ.get("USER", str(uid)),
        }
        return cls(tokens=tokens, environ=environ, home=home)

    def text(self, value: str) -> str:
        """Expand tokens and ``${VARIABLE}``.

        Raises:
            InvalidTarget: A token is not known, or a variable is not set.
        """
        return _TOKEN.sub(self._token, _VARIABLE.sub(self._variable, value))

    def path(self, value: str) -> Path:
        """Expand a file's name; a relative one is below the folder that the daemon runs in."""
        value = self.text(value)
        if value == "~" or value.startswith("~/"):
            return Path(f"{self.home}{value[1:]}")
        return Path(os.path.abspath(os.path.expanduser(value)))  # noqa: PTH100, PTH111 - "~user" in text

    def paths(self, values: Iterable[str]) -> tuple[Path, ...]:
        """Expand several names; ``none`` stands for no file."""
        return tuple(self.path(value) for value in values if value.lower() != "none")

    def path_list(self, value: str) -> tuple[Path, ...]:
        """Expand a list of names in one line, as ``ssh -G`` prints it: without quotes around blanks."""
        return self.paths(re.split(r"\s+(?=[/~])", value)) if value else ()

    def agent_socket(self, value: str) -> str | None:
        """The agent's socket from an ``IdentityAgent`` setting; an empty one means the environment's."""
        if value.lower() == "none":
            return None
        if value in {"", "SSH_AUTH_SOCK"}:
            return self.environ.get("SSH_AUTH_SOCK") or None
        if value.startswith("$") and not value.startswith("${"):
            return self.environ.get(value[1:]) or None
        return str(self.path(value))

    def command(self, value: str) -> str:
        """Expand the tokens of a ``ProxyCommand``; its variables are the shell's business."""
        return _TOKEN.sub(self._token, value)

    def _token(self, match: re.Match[str]) -> str:
        token = match[1]
        if token not in self.tokens:
            raise InvalidTarget(
                f"cannot use the SSH configuration: it has the unknown token '%{token}'",
                hint="'man ssh_config' lists the tokens; write '%%' for a percent sign",
            )
        return self.tokens[token]

    def _variable(self, match: re.Match[str]) -> str:
        if match[1] not in self.environ:
            raise InvalidTarget(
                f"cannot use the SSH configuration: the variable {match[1]} is not set for the daemon",
                hint=f"set {match[1]} where the daemon starts, or write the path itself",
            )
        return self.environ[match[1]]
