"""The daemon as the demo uses it: through ``runicornctl``, as anyone would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runicornd.demo.failure import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

CALL_S = 60.0
CONNECT_S = 180.0
NOT_RUNNING = 3
"""``runicornctl``'s exit code when there is no daemon."""


@dataclass(frozen=True, slots=True)
class _Done:
    """How ``runicornctl`` ended: its status (None: not in time), its output, its complaint."""

    status: int | None
    out: str = ""
    err: str = ""


class Daemon:
    """Runs ``runicornctl`` and reads what it prints.

    Args:
        variables: Its environment; None leaves it ours.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = variables

    async def is_running(self) -> bool:
        """Whether there is a daemon of this user."""
        done = await self._run(["status", "--json"])
        return done.status != NOT_RUNNING

    async def start(self) -> None:
        """Start it, if it does not run. Raises DemoFailed."""
        await self._ask("start the daemon", ["daemon", "start"])

    async def stop(self) -> None:
        """End it. Raises DemoFailed."""
        await self._ask("stop the daemon", ["daemon", "stop"])

    async def sessions(self) -> list[dict[str, Any]]:
        """All its sessions. Raises DemoFailed."""
        found = await self.call("sessions.list", {})
        return list(found["sessions"])

    async def call(self, method: str, params: Mapping[str, object]) -> dict[str, Any]:
        """Call one method of the wire contract and return its result. Raises DemoFailed."""
        done = await self._run(["rpc", method, json.dumps(params)])
        if done.status != 0:
            raise _wire_failure(method, done)
        return _object(done.out)

    async def save_host(self, name: str, address: str, key: Path, fingerprint: str) -> None:
        """Save the demo's host under a name that is free or ours, and trust its key.

        Raises:
            DemoFailed: The name belongs to a host of the user.
        """
        known = await self.call("hosts.list", {})
        saved = {host["name"]: host.get("identity_file") for host in known["saved"]}
        if saved.get(name, str(key)) != str(key) or (name in known["aliases"] and name not in saved):
            raise DemoFailed(
                f"cannot call the demo's host {name!r}: you have another host of that name",
                "choose another name with --name",
            )
        await self.call("hosts.save", {"name": name, "address": address, "identity_file": str(key)})
        await self.call("hosts.trust", {"target": name, "fingerprint": fingerprint})

    async def connect(self, name: str, python: Path, *, browser: bool) -> dict[str, Any]:
        """Connect at the user's terminal, which shows the steps; return the session. Raises DemoFailed."""
        words = ["connect", name, "--env", str(python), *([] if browser else ["--no-browser"])]
        await self._ask("connect to the demo's host", words, limit_s=CONNECT_S, show=True)
        return await self.call("sessions.get", {"session": name})

    async def forget(self, name: str) -> list[str]:
        """Remove session, trusted key and host; return what could not be done, in words."""
        steps: tuple[tuple[str, dict[str, object]], ...] = (
            ("sessions.remove", {"session": name}),
            ("hosts.untrust", {"target": name}),
            ("hosts.forget", {"name": name}),
        )
        left = []
        for method, params in steps:
            try:
                await self.call(method, params)
            except DemoFailed as failure:
                if failure.kind not in {"unknown_session", "unknown_host"}:
                    left.append(str(failure))
        return left

    async def _ask(
        self, what: str, words: Sequence[str], *, limit_s: float = CALL_S, show: bool = False
    ) -> str:
        done = await self._run(words, limit_s=limit_s, show=show)
        if done.status is None:
            raise DemoFailed(f"cannot {what}: not done within {limit_s:g} s", "see 'runicornctl daemon logs'")
        if done.status != 0:
            raise DemoFailed(f"cannot {what}: {done.err or f'runicornctl ended with {done.status}'}")
        return done.out

    async def _run(self, words: Sequence[str], *, limit_s: float = CALL_S, show: bool = False) -> _Done:
        """Run ``runicornctl``; with ``show``, at the user's terminal."""
        pipe = None if show else asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "runicornctl",
            *words,
            stdin=None if show else asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            env=self._variables,
            start_new_session=not show,  # a Ctrl-C must not cut short what clears away
        )
        try:
            async with asyncio.timeout(limit_s):
                out, err = await process.communicate()
        except TimeoutError:
            return _Done(None)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return _Done(process.returncode, _text(out), _text(err))


def _text(printed: bytes | None) -> str:
    return (printed or b"").decode(errors="replace").strip()


def _wire_failure(method: str, done: _Done) -> DemoFailed:
    """The daemon's own words, which ``runicornctl rpc`` prints as JSON."""
    try:
        error = json.loads(done.err)["error"]
        return DemoFailed(str(error["message"]), str(error["hint"]), str(error["kind"]))
    except (ValueError, TypeError, KeyError):
        return DemoFailed(f"cannot use the daemon ({method}): {done.err or f'status {done.status}'}")


def _object(printed: str) -> dict[str, Any]:
    try:
        value = json.loads(printed)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise DemoFailed(f"cannot read what runicornctl printed: {printed[:200]!r}")
    return value
