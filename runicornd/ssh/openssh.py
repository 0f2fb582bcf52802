"""OpenSSH's own answer to "what does my configuration say about this host": ``ssh -G``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd.errors import InvalidTarget, SshMissing
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

QUERY_TIMEOUT_S = 10.0
OUTPUT_LIMIT_BYTES = 256 * 1024
COMPLAINT_LIMIT_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``ssh -G`` printed: the values of each keyword (in lower case), in order."""

    values: Mapping[str, tuple[str, ...]]

    def all(self, keyword: str) -> tuple[str, ...]:
        """Every value of a keyword."""
        return self.values.get(keyword, ())

    def first(self, keyword: str, default: str = "") -> str:
        """The first value of a keyword."""
        return next(iter(self.all(keyword)), default)


class OpenSsh:
    """The ``ssh`` program as a reader of configurations. It connects to nothing.

    Args:
        config_file: Read this file instead of the user's and the system's.
        program: The name or path of ``ssh``.
        environ: The environment that it runs in; None inherits ours.
        timeout_s: How long one answer may take.
    """

    def __init__(
        self,
        *,
        config_file: Path | None = None,
        program: str = "ssh",
        environ: Mapping[str, str] | None = None,
        timeout_s: float = QUERY_TIMEOUT_S,
    ) -> None:
        self._config_file = config_file
        self._program = program
        self._environ = environ
        self._timeout_s = timeout_s
        self._default_identities: tuple[str, ...] | None = None

    async def settings(self, hostname: str, *, user: str | None = None, port: int | None = None) -> Settings:
        """Resolve a host name or alias.

        Raises:
            SshMissing: There is no ``ssh`` program.
            InvalidTarget: ``ssh`` refuses the host or its configuration; the message quotes it.
        """
        arguments = ["-F", str(self._config_file)] if self._config_file else []
        if user is not None:
            arguments += ["-l", user]
        if port is not None:
            arguments += ["-p", str(port)]
        return await self._query(hostname, arguments)

    async def default_identities(self) -> tuple[str, ...]:
        """The key files that ``ssh`` tries when no configuration names any, as it prints them."""
        if self._default_identities is None:
            settings = await self._query("localhost", ["-F", "none"])
            self._default_identities = settings.all("identityfile")
        return self._default_identities

    async def _query(self, hostname: str, arguments: list[str]) -> Settings:
        command = [self._program, "-G", *arguments, "--", hostname]
        try:
            status, output, complaint = await _run(command, self._environ, self._timeout_s)
        except (FileNotFoundError, PermissionError) as error:
            raise SshMissing(
                f"cannot read the SSH configuration: there is no program {self._program!r}",
                hint="install the OpenSSH client (Debian: apt install openssh-client)",
            ) from error
        except TimeoutError as error:
            raise InvalidTarget(
                f"cannot resolve {hostname!r}: 'ssh -G' gave no answer within {self._timeout_s:g} s",
                hint="look for a slow 'Match exec' or CanonicalizeHostname in the SSH configuration",
            ) from error
        if status != 0:
            raise InvalidTarget(
                f"cannot resolve {hostname!r}: ssh says: {_shorten(complaint) or f'exit status {status}'}",
                hint="mend the SSH configuration; 'ssh -G HOST' shows the same message",
            )
        return _parse(output)


async def _run(
    command: list[str], environ: Mapping[str, str] | None, timeout_s: float
) -> tuple[int, bytes, bytes]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(environ) if environ is not None else None,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(timeout_s):
            output, complaint = await asyncio.gather(
                _read_bounded(process.stdout), _read_bounded(process.stderr)
            )
            return await process.wait(), output, complaint
    finally:
        # 'Match exec' may have left children behind that keep the pipes open.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _read_bounded(stream: asyncio.StreamReader) -> bytes:
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: OUTPUT_LIMIT_BYTES - len(kept)]
    return bytes(kept)


def _parse(output: bytes) -> Settings:
    values: dict[str, tuple[str, ...]] = {}
    for line in os.fsdecode(output).splitlines():
        keyword, _, value = line.partition(" ")
        keyword = keyword.lower()
        values[keyword] = (*values.get(keyword, ()), value.strip())
    return Settings(values)


def _shorten(complaint: bytes) -> str:
    lines = [printable(line) for line in complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    return "; ".join(line for line in lines if not line.startswith("Pseudo-terminal"))[
        :COMPLAINT_LIMIT_CHARACTERS
    ]
