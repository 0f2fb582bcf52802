"""The real Runicorn viewer, started as its kind says, on a socket that it inherits."""

import asyncio
import os
import socket
import subprocess
from contextlib import closing, contextmanager

import aiohttp
import pytest

from runicornd.viewers import health
from runicornd.viewers.kinds.runicorn import Runicorn
from tests.helpers.runicorn_env import NEW, OLD, MadeUpHome, log_runs, runicorn_env

START_S = 60


def listening(transport, folder):
    """A bound socket, and how to tell aiohttp to reach it."""
    if transport == "tcp":
        listener = socket.create_server(("127.0.0.1", 0))
        return listener, f"http://localhost:{listener.getsockname()[1]}", None
    path = folder / "s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(128)
    return listener, "http://localhost", str(path)


@contextmanager
def viewer(python, root, home, listener):
    """The viewer's process, ended as the keeper ends it; its log goes to ``viewer.log`` in its home."""
    kind = Runicorn()
    argv = [word.replace("{fd}", str(listener.fileno())) for word in kind.argv(str(python))]
    environment = {**os.environ, "HOME": str(home), **kind.environment(str(root))}
    with (home / "viewer.log").open("wb") as log:
        process = subprocess.Popen(
            argv,
            pass_fds=[listener.fileno()],
            env=environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            finally:
                process.kill()
                process.wait(10)


def client(path):
    connector = aiohttp.UnixConnector(path) if path else aiohttp.TCPConnector()
    return aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=START_S))


def children_of(pid):
    """The command lines of a process's children."""
    listing = subprocess.run(
        ["ps", "--ppid", str(pid), "-o", "args="], capture_output=True, text=True, check=False
    )
    return listing.stdout.strip()


async def read_until(websocket, wanted):
    """The first message that has the wanted text in it."""
    async with asyncio.timeout(10):
        while True:
            message = await websocket.receive_str()
            if wanted in message:
                return message


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("transport", ["unix", "tcp"])
async def test_its_page_api_and_websocket_answer(tmp_path, version, transport):
    """Old and new, on both transports, with the runs of the wanted root."""
    home = MadeUpHome(tmp_path / "home")
    python = home.venv("env", version)
    root = home.root("My Runs")
    (run, *_) = log_runs(runicorn_env(version), root)
    listener, url, path = listening(transport, tmp_path)
    with closing(listener), viewer(python, root, home.path, listener) as process:
        async with client(path) as http:
            async with http.get(f"{url}/api/health") as response:
                assert (await response.json())["storage"] == str(root)
            async with http.get(f"{url}/") as response:
                assert "<html" in await response.text()
            async with http.get(f"{url}/api/runs") as response:
                assert run in await response.text()
            async with http.ws_connect(f"{url}/api/runs/{run}/logs/ws") as websocket:
                assert "the last line of" in await websocket.receive_str(timeout=10)
        process.terminate()
        assert await asyncio.to_thread(process.wait, 10) in {0, -15}


async def test_the_diagnostics_websocket_streams_its_log(tmp_path):
    """The page of 0.7.2 that shows the viewer's own log works, so it was not started in remote mode."""
    home = MadeUpHome(tmp_path / "home")
    python = home.venv("env", NEW)
    listener, url, path = listening("unix", tmp_path)
    with closing(listener), viewer(python, home.root(), home.path, listener):
        async with client(path) as http:
            async with http.get(f"{url}/api/diagnostics/sources") as response:
                assert (await response.json())["remoteMode"] is False
            async with http.ws_connect(f"{url}/api/diagnostics/logs/ws?source=session") as websocket:
                assert "remote_mode=False" in await read_until(websocket, "Diagnostics session started")


async def test_a_conda_environment_runs_it_as_well(tmp_path):
    """The Python of a conda environment is all that is needed; nothing is activated."""
    home = MadeUpHome(tmp_path / "home")
    python = home.conda(environments=[("ml", NEW)])["ml"]
    root = home.root()
    listener, url, _ = listening("tcp", tmp_path)
    with closing(listener), viewer(python, root, home.path, listener):
        answer = await health.answer(f"{url}/api/health", timeout_s=START_S)
    assert answer.version == NEW
    assert answer.storage == str(root)


async def test_a_busy_web_server_setting_does_not_multiply_it(tmp_path):
    """``WEB_CONCURRENCY``, which some servers set for everybody, starts no second process."""
    home = MadeUpHome(tmp_path / "home")
    python = home.venv("env", NEW)
    wrapper = home.path / "python"
    wrapper.write_text(f'#!/bin/sh\nWEB_CONCURRENCY=3 exec "{python}" "$@"\n')
    wrapper.chmod(0o755)
    listener, url, _ = listening("tcp", tmp_path)
    with closing(listener), viewer(wrapper, home.root(), home.path, listener) as process:
        await health.answer(f"{url}/api/health", timeout_s=START_S)
        assert await asyncio.to_thread(children_of, process.pid) == ""


def test_what_it_leaves_in_the_home_is_runicorns_own(tmp_path):
    """Nothing but Runicorn's usual log and settings appears in the home, and nothing in /tmp."""
    home = MadeUpHome(tmp_path / "home")
    python = home.venv("env", NEW)
    listener, url, _ = listening("tcp", tmp_path)
    with closing(listener), viewer(python, home.root(), home.path, listener):
        answer = asyncio.run(health.answer(f"{url}/api/health", timeout_s=START_S))
    assert answer.version == NEW
    assert {entry.name for entry in home.path.iterdir()} <= {
        ".config",
        ".runicorn",
        "RunicornData",
        "env",
        "viewer.log",
    }
