"""An account on an embedded SSH server that runs beside the test: a home, an environment, a light viewer."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

from bench.standin import stand_in
from tests.helpers.embedded import USER, EmbeddedServer
from tests.helpers.far_end import pids_with
from tests.helpers.runicorn_env import MadeUpHome
from tests.helpers.waiting import until

PATIENCE_S = 10.0
TURNS = 5
"""Of an event loop: so many are more than enough for a connection that was told to close."""


class Account:
    """``with Account(folder, password="…") as gpu:`` runs its server; leaving ends all that logins started.

    Args:
        folder: An empty folder of its own.
        environments: Names of environments in which a viewer can run.
        agent: The client may use its agent.
        options: As ``EmbeddedServer`` takes them.
    """

    def __init__(self, folder, *, environments=("train",), agent=False, **options):
        folder.mkdir(parents=True)
        home = MadeUpHome(folder / "home")
        home.root()
        for name in environments:
            stand_in(home, f"envs/{name}")
        self.home = home.path
        self._agent = "SSH_AUTH_SOCK" if agent else "none"
        self.known_hosts = folder / "known_hosts"
        self.server = EmbeddedServer(home=self.home, **options)
        self._loop = None
        self._end = None
        self._serves = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._serves.wait(PATIENCE_S), "the server does not start"
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(PATIENCE_S)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @property
    def address(self):
        """``user@host:port``."""
        return f"{USER}@{self.server.address}:{self.server.port}"

    @property
    def fingerprint(self):
        """The host key's fingerprint, as OpenSSH's own tool prints it."""
        public = self.known_hosts.with_name("host_key.pub")
        public.write_bytes(self.server.key.export_public_key())
        return subprocess.check_output(["ssh-keygen", "-lf", str(public)], text=True).split()[1]

    def trust(self):
        """Enter the present host key, and no other, into the user's known_hosts."""
        self.known_hosts.write_text(self.server.known_hosts_line + "\n")

    def ssh_config(self, alias, *, extra=()):
        """A ``Host`` block for the client that needs nothing of this machine's own configuration."""
        lines = [
            *extra,
            f"HostName {self.server.address}",
            f"Port {self.server.port}",
            f"User {USER}",
            f"IdentityAgent {self._agent}",
            "IdentityFile none",
            f'UserKnownHostsFile "{self.known_hosts}"',
            "GlobalKnownHostsFile none",
        ]
        return f"Host {alias}\n" + "".join(f"  {line}\n" for line in lines)

    def drop(self):
        """Cut every connection, as a network does; return how many there were."""

        async def cut():
            return self.server.drop()

        return self._do(cut())

    def change_key(self):
        """Be set up anew with another host key, on the same port."""
        self.server.renew_key()
        self.reconfigure()

    def reconfigure(self, **settings):
        """Start again on the same port, with other settings."""

        async def change():
            await self.server.stop()
            for name, value in settings.items():
                setattr(self.server, name, value)
            await self.server.start()

        self._do(change())

    def processes(self):
        """What logins have started and still runs."""
        return pids_with(f"HOME={self.home}")

    def empties(self):
        """Wait until nothing runs there."""
        until(lambda: not self.processes(), "the end of what logins started")

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    async def _serve(self):
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with self.server:
            self._serves.set()
            await self._end.wait()
        # What was forwarded ends a moment after the connections that it came over.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=PATIENCE_S)
        for _ in range(TURNS):
            await asyncio.sleep(0)


def key_pair(path: Path, passphrase="", algorithm="ed25519"):
    """Make a key with OpenSSH's own tool; return its path."""
    command = ["ssh-keygen", "-q", "-t", algorithm, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


@contextlib.contextmanager
def an_agent(folder, key=None, passphrase=""):
    """Run OpenSSH's agent, with the key in it; yield its socket, which is gone after the block."""
    folder.mkdir()
    short = Path(tempfile.mkdtemp(prefix="ag-"))  # sockets need short paths
    path = short / "agent.sock"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        until(path.exists, "the agent")
        if key is not None:
            asking = folder / "askpass"
            asking.write_text(f"#!/bin/sh\necho '{passphrase}'\n")
            asking.chmod(0o700)
            env = {**os.environ, "SSH_AUTH_SOCK": str(path), "SSH_ASKPASS": str(asking), "DISPLAY": ":0"}
            subprocess.run(
                ["ssh-add", "-q", str(key)],
                check=True,
                env={**env, "SSH_ASKPASS_REQUIRE": "force"},
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        yield path
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(short)
