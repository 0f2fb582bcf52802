"""The demo's SSH server: one key, a shell in the demo's home, forwarding to what the demo owns."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from runicornd.demo.failure import DemoFailed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runicornd.demo.home import DemoHome

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
LOGIN_S = 20
CLOSE_S = 2.0
END_S = 1.0
PIECE = 65536


@asynccontextmanager
async def serving(home: DemoHome) -> AsyncIterator[DemoServer]:
    """Serve the home on a loopback port for the length of the block.

    Raises:
        DemoFailed: It cannot listen.
    """
    # Not below the home: the path of a Unix socket must be short.
    run_dir = tempfile.mkdtemp(prefix="runicornd-demo-", dir="/tmp")
    server = DemoServer(home, Path(run_dir))
    try:
        await server.listen()
        yield server
    finally:
        await server.close()
        shutil.rmtree(run_dir, ignore_errors=True)


class DemoServer:
    """Listens on 127.0.0.1 and lets in whoever has the demo's client key.

    Args:
        home: What is served.
        run_dir: A private folder; Unix sockets are forwarded in it and nowhere else.
    """

    def __init__(self, home: DemoHome, run_dir: Path) -> None:
        self._home = home
        self._run_dir = run_dir.resolve()
        self._host_key = home.key("host_key")
        self._client_key = home.key("client_key").convert_to_public()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._guests: set[_Guest] = set()
        self.port = 0

    @property
    def fingerprint(self) -> str:
        """The host key's fingerprint as OpenSSH shows it."""
        return self._host_key.get_fingerprint()

    async def listen(self) -> None:
        """Start, on the port of last time if it is free.

        Raises:
            DemoFailed: There is no port to listen on.
        """
        try:
            self._acceptor = await self._listen_on(self._home.last_port())
        except OSError:
            try:
                self._acceptor = await self._listen_on(0)
            except OSError as error:
                raise DemoFailed(f"cannot start the demo's SSH server: {error}") from error
        self.port = self._acceptor.get_port()
        self._home.remember_port(self.port)

    async def close(self) -> None:
        """Stop listening, end the connections and what runs in them. Bounded in time."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        for guest in tuple(self._guests):
            guest.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._acceptor.wait_closed()

    async def _listen_on(self, port: int) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1",
            port,
            server_factory=lambda: _Guest(self._client_key, self._run_dir, self._guests),
            process_factory=self._execute,
            server_host_keys=[self._host_key],
            encoding=None,
            login_timeout=LOGIN_S,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
        )

    async def _execute(self, channel: asyncssh.SSHServerProcess[bytes]) -> None:
        """Run a command, or a shell, as sshd does: under the account's login shell, in its home."""
        command = channel.command
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            *([] if command is None else ["-c", command]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self._home.home,
            env={**self._home.variables(), "RUNICORND_RUN_DIR": str(self._run_dir / "run")},
            start_new_session=True,  # a Ctrl-C at our terminal is not for them
        )
        try:
            if await _conversed(channel, process):
                status = await process.wait()
                channel.exit(status if status >= 0 else 128 - status)
        finally:
            await _end(process)


class _Guest(asyncssh.SSHServer):
    """One connection: who may come in, and what may be reached."""

    def __init__(self, key: asyncssh.SSHKey, run_dir: Path, guests: set[_Guest]) -> None:
        self._key = key
        self._run_dir = run_dir
        self._guests = guests
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._guests.add(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._guests.discard(self)

    def leave(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()

    def begin_auth(self, _username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, _username: str, key: asyncssh.SSHKey) -> bool:
        return key.public_data == self._key.public_data

    def connection_requested(self, dest_host: str, _dest_port: int, _orig_host: str, _orig_port: int) -> bool:
        return dest_host in LOOPBACK

    def unix_connection_requested(self, dest_path: str) -> bool:
        return Path(os.path.realpath(dest_path)).is_relative_to(self._run_dir)


async def _conversed(channel: asyncssh.SSHServerProcess[bytes], process: asyncio.subprocess.Process) -> bool:
    """Pass everything on, both ways.

    Returns true once the command has said all, false when its client is gone.
    """
    hearing = asyncio.ensure_future(_pump(channel.stdin, process.stdin))
    talking = asyncio.ensure_future(_talk(channel, process))
    leaving = asyncio.ensure_future(channel.wait_closed())
    try:
        await asyncio.wait({talking, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return talking.done() and not leaving.done()
    finally:
        for task in (hearing, talking, leaving):
            task.cancel()
        await asyncio.gather(hearing, talking, leaving, return_exceptions=True)


async def _talk(channel: asyncssh.SSHServerProcess[bytes], process: asyncio.subprocess.Process) -> None:
    await asyncio.gather(_pump(process.stdout, channel.stdout), _pump(process.stderr, channel.stderr))


async def _pump(
    source: asyncio.StreamReader | asyncssh.SSHReader[bytes] | None,
    sink: asyncio.StreamWriter | asyncssh.SSHWriter[bytes] | None,
) -> None:
    if source is None or sink is None:
        raise AssertionError("all of a command's streams are pipes")
    with contextlib.suppress(OSError, asyncssh.Error):  # one side is gone: whoever waits for it sees that
        while data := await source.read(PIECE):
            sink.write(data)
            await sink.drain()
        if isinstance(sink, asyncio.StreamWriter):
            sink.close()  # the end of standard input; the command may still talk


async def _end(process: asyncio.subprocess.Process) -> None:
    """End what is left of a command; keepers have left its process group and live on."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await process.wait()
