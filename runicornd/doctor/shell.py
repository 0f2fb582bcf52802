"""Whether the login shell runs a command, how fast, and what it prints before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from runicornd.doctor.amounts import seconds
from runicornd.doctor.model import Finding, failure, ok, warning
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from runicornd.ssh.transport import Connection, Process

MARK = b"runicornd-says:shell\n"
# One pair of single quotes, and in it nothing that any shell would touch.
COMMAND = 'exec /bin/sh -c \'echo runicornd"-"says:shell; echo "$SHELL"\''
HEARD_LIMIT = 1024 * 1024
SLOW_S = 3.0


async def look_at_shell(connection: Connection) -> Finding:
    """Run a command, and judge what comes back.

    Raises:
        NotConnected: The connection is gone, or the server refuses another channel.
    """
    began = time.monotonic()
    process = await connection.execute(COMMAND)
    try:
        heard = await _heard(process)
        await process.stream.close()  # the next look may need the only channel that the server allows
    finally:
        process.stream.abort()
    return judge(heard, process.complaint(), time.monotonic() - began)


async def _heard(process: Process) -> bytes:
    heard = b""
    while len(heard) < HEARD_LIMIT and (data := await process.stream.read(65536)):
        heard += data
    return heard


def judge(heard: bytes, complaint: str, took_s: float) -> Finding:
    """Judge all that the command has printed, its complaint, and the seconds that it took."""
    noise, mark, rest = heard.partition(MARK)
    said = _quote(noise) or _quote(complaint.encode())
    if not mark:
        return failure(
            "shell_mute",
            "the login shell does not run commands" + (f"; it says {said!r}" if said else ""),
            "see what 'ssh HOST /bin/sh -c true' prints; the account may have no shell, or a menu instead",
            said=said,
        )
    shell = _quote(rest) or "an unknown shell"
    context = {"shell": shell, "noise": len(noise), "said": said, "seconds": took_s}
    if noise:
        return warning(
            "shell_noisy",
            f"{shell} prints {len(noise)} bytes before commands: {said!r}",
            "print only where a person looks on: put 'case $- in *i*) … esac' around it in the start-up file",
            **context,
        )
    if took_s > SLOW_S:
        return warning(
            "shell_slow",
            f"{shell} takes {seconds(took_s)} to start",
            "look for slow lines in its start-up files",
            **context,
        )
    return ok("shell_fine", f"{shell}, starts in {seconds(took_s)} and prints nothing", **context)


def _quote(data: bytes) -> str:
    return printable(" ".join(data[:400].decode(errors="replace").split()), 120)
