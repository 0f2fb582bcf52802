"""The demo's folder: keys, a home with an environment and runs. Made once, used again next time.

what                              is
lock                              held while a demo runs
host_key, client_key              Ed25519, OpenSSH format
port                              the port of last time, so that the host's address stays the same
home/.virtualenvs/runicorn/       the environment, with the Runicorn of the package index
home/RunicornData/                the runs
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from runicornd.demo.failure import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ENVIRONMENT_S = 900
RUNS_S = 120
SHOWN_LINES = 8
SAMPLE_RUNS = Path(__file__).with_name("sample_runs.py")


class DemoHome:
    """The folder and what is in it.

    Args:
        path: The folder; it is made when it is missing.
        say: Takes a line that tells the user what happens.
    """

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path = path
        self.home = path / "home"
        self.environment = self.home / ".virtualenvs" / "runicorn"
        self.root = self.home / "RunicornData"
        self.client_key = path / "client_key"
        self._say = say

    @property
    def python(self) -> Path:
        """The Python of the demo's environment."""
        return self.environment / "bin" / "python"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process.

        Raises:
            DemoFailed: Another demo uses it, or it cannot be written.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (self.path / "lock").open("w")
        except OSError as error:
            raise DemoFailed(
                f"cannot use {self.path}: {error.strerror or error}", "choose another folder with --dir"
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise DemoFailed(
                    f"cannot use {self.path}: another demo is running in it",
                    "end that one, or choose another folder with --dir",
                ) from error
            yield

    async def prepare(self) -> None:
        """Make the environment and the runs, unless they are there. Takes a minute the first time.

        Raises:
            DemoFailed: One of them cannot be made. What was begun is made afresh next time.
        """
        if not (self.environment / "complete").exists():
            self._say(f"making the demo environment in {self.environment} (about a minute, only this time)")
            shutil.rmtree(self.environment, ignore_errors=True)
            await self._make_environment()
            (self.environment / "complete").touch()
        if not (self.root / "complete").exists():
            self._say("logging a few sample runs")
            shutil.rmtree(self.root, ignore_errors=True)
            await self._make_runs()
            (self.root / "complete").touch()

    def key(self, name: str) -> asyncssh.SSHKey:
        """Return the private key of that name; make it at first use.

        Raises:
            DemoFailed: It cannot be read or written.
        """
        path = self.path / name
        try:
            if not path.exists():
                _write_key(path)
            return asyncssh.read_private_key(path)
        except (OSError, asyncssh.KeyImportError) as error:
            raise DemoFailed(
                f"cannot use the key {path}: {error}", "remove that file; the next start makes another one"
            ) from error

    def last_port(self) -> int:
        """The port of last time, or 0."""
        try:
            port = int((self.path / "port").read_text())
        except (OSError, ValueError):
            return 0
        return port if 1024 <= port <= 65535 else 0

    def remember_port(self, port: int) -> None:
        """Keep the port for next time."""
        (self.path / "port").write_text(f"{port}\n")

    def variables(self) -> dict[str, str]:
        """The environment variables of whoever logs in: nothing of the user's own settings."""
        path = [str(self.python.parent), "/usr/local/bin", "/usr/bin", "/bin"]
        user = os.environ.get("USER") or os.environ.get("LOGNAME") or "demo"
        return {
            "HOME": str(self.home),
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            "LOGNAME": user,
            "PATH": os.pathsep.join(path),
            "SHELL": "/bin/sh",
            "USER": user,
        }

    async def _make_environment(self) -> None:
        await _run(
            "make the demo environment",
            [_base_python(), "-I", "-m", "venv", str(self.environment)],
            hint="on Debian and Ubuntu it needs 'sudo apt install python3-venv'",
        )
        await _run(
            "make the demo environment",
            [str(self.python), "-I", "-m", "pip", "--disable-pip-version-check", "install", "-q", "runicorn"],
            hint="it comes from the package index: check the network and pip's settings, then try again",
        )

    async def _make_runs(self) -> None:
        await _run(
            "log the sample runs",
            [str(self.python), str(SAMPLE_RUNS)],
            env={**self.variables(), "RUNICORN_DIR": str(self.root)},
            limit_s=RUNS_S,
            hint=f"remove {self.path} and try again, so that the environment is made afresh",
        )


def _write_key(path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519", comment="runicornd demo")
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_bytes(key.export_private_key())
    part.rename(path)


def _base_python() -> str:
    """The interpreter below any virtual environment that we run in, so that the demo outlives it."""
    name = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base = Path(sys.base_prefix) / "bin" / name
    return str(base) if base.exists() else sys.executable


async def _run(
    what: str,
    command: Sequence[str],
    *,
    hint: str,
    env: Mapping[str, str] | None = None,
    limit_s: float = ENVIRONMENT_S,
) -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
        )
    except OSError as error:
        raise DemoFailed(f"cannot {what}: {command[0]} does not run: {error}", hint) from error
    try:
        async with asyncio.timeout(limit_s):
            printed, _ = await process.communicate()
    except TimeoutError as error:
        raise DemoFailed(f"cannot {what}: not done within {limit_s:g} s", hint) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        said = printed.decode(errors="replace").strip().splitlines()[-SHOWN_LINES:]
        raise DemoFailed(f"cannot {what}: " + ("\n  ".join(said) or f"status {process.returncode}"), hint)
