"""From an open connection to an agent that has greeted, or to the reason why there is none."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from runicornd.errors import AgentFailed, NoPython, NotConnected, RemoteUnsupported
from runicornd.remote import bootstrap
from runicornd.remote.lines import LineReader, LineTooLong
from runicornd.remote.messages import read_greeting

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError
    from runicornd.remote.models import Greeting
    from runicornd.ssh.transport import Connection, Process

START_S = 20.0
"""Seconds from the command to the greeting; a login shell on a slow network home takes most of them."""

STATUS_S = 1.0
NOISE_LIMIT = 1024 * 1024
SHOWN = 500
SHOWN_LINES = 5

_WINDOWS_SAYS = (
    "is not recognized as",
    "CommandNotFoundException",
    "The system cannot find the path specified",
    "Microsoft Windows",
)


async def launch(connection: Connection) -> Process:
    """Execute the command that becomes an agent once it is fed.

    Raises:
        NotConnected: The connection is gone, or has no room for it.
    """
    return await connection.execute(bootstrap.command())


async def feed(process: Process, program: bytes = b"") -> None:
    """Write a program to its input, the agent's own if none is given. What goes wrong its output tells."""
    with suppress(NotConnected):
        await process.stream.write(program or bootstrap.program())


async def greeted(connection: Connection, process: Process) -> tuple[LineReader, Greeting]:
    """Read the greeting of an agent that is being fed.

    Raises:
        NoPython, RemoteUnsupported, AgentFailed: There can be no agent, and nothing of it is left.
        NotConnected: The connection is gone.
    """
    reader, line = await first_line(connection, process)
    try:
        return reader, read_greeting(line)
    except BaseException:
        process.stream.abort()
        raise


async def first_line(connection: Connection, process: Process) -> tuple[LineReader, bytes]:
    """Read the first line of a program that is being fed. Raises as ``greeted``."""
    try:
        async with asyncio.timeout(START_S):
            return await _first_line(connection, process)
    except BaseException as error:
        process.stream.abort()
        if isinstance(error, TimeoutError):
            raise _failed(f"it did not greet within {START_S:g} s", process.complaint()) from error
        raise


async def _first_line(connection: Connection, process: Process) -> tuple[LineReader, bytes]:
    reader = LineReader(process.stream)
    noise = b""
    try:
        noise = await reader.skip_past(bootstrap.HERE + b"\n", NOISE_LIMIT)
        if await reader.line() != bootstrap.FOUND:
            raise _no_python()
        line = await reader.line()
    except LineTooLong as error:
        raise _failed("the server sent too much before it", _shown(error.start)) from error
    except EOFError as error:
        raise await _explain(connection, process, noise or reader.heard) from error
    return reader, line


async def _explain(connection: Connection, process: Process, heard: bytes) -> RunicorndError:
    """Say why the command ended without a greeting."""
    status: int | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(STATUS_S):
            status = await process.wait()
    if await is_closed(connection):
        return NotConnected("cannot start the agent: the connection was lost")
    said = "\n".join(part for part in (_shown(heard), process.complaint().strip()) if part)
    if bootstrap.HERE not in heard and await _is_windows(connection, said):
        return RemoteUnsupported(
            "cannot start the agent: the server runs Windows",
            hint="Linux and macOS servers are supported; on Windows, connect to an SSH server inside WSL",
        )
    return _failed(f"the command ended{'' if status is None else f' with status {status}'}", said)


async def _is_windows(connection: Connection, said: str) -> bool:
    """Whether Windows answered. In other languages than English only its ``ver`` tells."""
    if any(word in said for word in _WINDOWS_SAYS):
        return True
    try:
        process = await connection.execute("cmd /c ver")
    except NotConnected:
        return False
    try:
        answer = await process.stream.read(4096)
    except NotConnected:
        return False
    finally:
        process.stream.abort()
    return b"Windows" in answer


async def is_closed(connection: Connection, patience_s: float = 0.25) -> bool:
    """Whether a connection is gone; the news of it may come a little later than a channel's end."""
    try:
        async with asyncio.timeout(patience_s):
            await connection.wait_closed()
    except TimeoutError:
        return False
    return True


def _no_python() -> NoPython:
    return NoPython(
        f"cannot start the agent: no Python {bootstrap.OLDEST_PYTHON} or later was found on the server",
        hint="install python3 there, or put it on the PATH of shells that are not interactive",
    )


def _failed(why: str, said: str) -> AgentFailed:
    answer = f"; the server said: {said}" if said else ""
    return AgentFailed(
        f"cannot start the agent: {why}{answer}",
        hint="check that 'ssh HOST /bin/sh -c true' works and prints nothing",
    )


def _shown(heard: bytes) -> str:
    """The end of what a server said, short enough for a message."""
    lines = heard[-SHOWN:].decode(errors="replace").strip().splitlines()
    return "\n".join(lines[-SHOWN_LINES:])
