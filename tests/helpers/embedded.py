"""SSH servers inside the test process: passwords, one-time codes, old algorithms, bad manners."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import asyncssh

from runicornd._lib.race import first_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

USER = "ada"


@dataclass(frozen=True)
class Round:
    """One round of keyboard-interactive: what is asked (label, echo), and the right answers."""

    fields: Sequence[tuple[str, bool]]
    answers: Sequence[str]
    instructions: str = ""


@dataclass
class EmbeddedServer:
    """``async with EmbeddedServer(password="…") as server:`` listens on ``server.port``.

    Args:
        password: Accepted by the method ``password``; None turns it off.
        rounds: All of them must be answered right; none turns keyboard-interactive off.
        keys: Public keys that may log in.
        keys_and_rounds: A key is not enough, the rounds follow.
        home: Where commands run, and their HOME; None refuses commands.
        expired: The right password must be changed first.
        anyone: No login is needed.
        banner: What it says before the login.
        options: More options of ``asyncssh.listen``, such as ``kex_algs``.
        key_algorithm: The type of its host key.
        answer: Answers a command instead of a shell: output, complaint and exit status.
    """

    password: str | None = None
    rounds: Sequence[Round] = ()
    keys: Sequence[asyncssh.SSHKey] = ()
    home: Path | None = None
    expired: bool = False
    anyone: bool = False
    banner: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    key_algorithm: str = "ssh-ed25519"
    answer: Callable[[str], tuple[bytes, bytes, int]] | None = None
    address: str = "127.0.0.1"
    port: int = 0
    logins: list[str] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    responses: list[tuple[str, ...]] = field(default_factory=list)
    connections: int = 0

    async def __aenter__(self) -> Self:
        self.renew_key()
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def known_hosts_line(self) -> str:
        """The line of a known_hosts file that trusts this server."""
        public = " ".join(self.key.export_public_key().decode().split()[:2])
        return f"[{self.address}]:{self.port} {public}"

    def renew_key(self) -> None:
        """Take another host key, for the next start."""
        self.key = asyncssh.generate_private_key(self.key_algorithm)

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        self._open: set[asyncssh.SSHServerConnection] = set()
        self._acceptor = await asyncssh.listen(
            self.address,
            self.port,
            server_host_keys=[self.key],
            server_factory=lambda: _Server(self),
            process_factory=self._run,
            encoding=None,
            **self.options,
        )
        self.port = self._acceptor.get_port()

    async def stop(self) -> None:
        """Close the port and cut every connection."""
        self._acceptor.close()
        self.drop()
        await self._acceptor.wait_closed()

    def drop(self) -> int:
        """Cut every connection; return how many there were."""
        cut = list(self._open)
        for connection in cut:
            connection.abort()
        return len(cut)

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        if self.answer is not None and process.command is not None:
            output, complaint, status = self.answer(process.command)
            process.stdout.write(output)
            process.stderr.write(complaint)
            process.exit(status)
            return
        if self.home is None or process.command is None:
            process.stderr.write(b"this server runs nothing\n")
            process.exit(1)
            return
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            process.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin"},
            start_new_session=True,
        )
        listening = asyncio.create_task(_listen(process, child))
        try:
            await first_of(_talk(process, child), process.channel.wait_closed())
            if not process.channel.is_closing():
                process.exit(await child.wait())
        finally:
            listening.cancel()
            # What a connection has started ends with it; keepers have a process group of their own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            # First, for nobody reads its pipes to their ends any more.
            child._transport.close()  # type: ignore[attr-defined]  # the only way to close them
            await child.wait()


async def _talk(process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process) -> None:
    await asyncio.gather(_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
    with contextlib.suppress(OSError, asyncssh.Error):
        process.stdout.write_eof()  # it is the end of both, which share a channel


async def _listen(process: asyncssh.SSHServerProcess[bytes], child: asyncio.subprocess.Process) -> None:
    await _pump(process.stdin, child.stdin)
    with contextlib.suppress(OSError):
        child.stdin.write_eof()  # type: ignore[union-attr]  # it is a pipe


async def _pump(source: Any, sink: Any) -> None:
    with contextlib.suppress(OSError, asyncssh.Error):  # one side is gone
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()


class _Server(asyncssh.SSHServer):
    def __init__(self, settings: EmbeddedServer) -> None:
        self._settings = settings
        self._round = 0
        self._connection: Any = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._settings.connections += 1
        self._settings._open.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._settings._open.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        self._settings.logins.append(username)
        if self._settings.banner:
            self._connection.send_auth_banner(self._settings.banner)
        return not self._settings.anyone

    def public_key_auth_supported(self) -> bool:
        return bool(self._settings.keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._settings.attempts.append("publickey")
        return any(key.public_data == known.public_data for known in self._settings.keys)

    def password_auth_supported(self) -> bool:
        return self._settings.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        self._settings.attempts.append("password")
        is_right = password == self._settings.password
        if is_right and self._settings.expired:
            raise asyncssh.PasswordChangeRequired("Your password has expired.")
        return is_right

    def kbdint_auth_supported(self) -> bool:
        return bool(self._settings.rounds)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        self._settings.attempts.append("keyboard-interactive")
        self._round = 0
        return self._challenge()

    def validate_kbdint_response(self, username: str, responses: Any) -> Any:
        self._settings.responses.append(tuple(responses))
        if list(responses) != list(self._settings.rounds[self._round].answers):
            return False
        self._round += 1
        return True if self._round == len(self._settings.rounds) else self._challenge()

    def _challenge(self) -> Any:
        current = self._settings.rounds[self._round]
        return "", current.instructions, "", list(current.fields)

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return True

    def unix_connection_requested(self, dest_path: str) -> bool:
        return True


@contextlib.asynccontextmanager
async def raw_server(
    behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Listen on a port where ``behave`` serves each connection; yield the port."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await behave(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def says(data: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A server that says something, whatever it hears, and hangs up when the client does."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await reader.read()

    return behave


def says_and_closes(data: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A server that says something and hangs up at once."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.write_eof()

    return behave
