"""The demo's SSH server, visited by a real SSH client."""

import asyncio
import os
import shutil
import time
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import pytest

from runicornd.demo.failure import DemoFailed
from runicornd.demo.home import DemoHome
from runicornd.demo.server import serving


@pytest.fixture
def home(tmp_path):
    home = DemoHome(tmp_path / "demo", lambda _line: None)
    with home.held():
        yield home


@asynccontextmanager
async def visiting(home, server, key=None):
    """A connection that checks the host key and shows the demo's client key."""
    known = asyncssh.import_known_hosts(
        f"[127.0.0.1]:{server.port} {home.key('host_key').export_public_key().decode()}"
    )
    async with asyncio.timeout(20):
        async with asyncssh.connect(
            "127.0.0.1",
            server.port,
            username="demo",
            client_keys=[key or home.client_key],
            known_hosts=known,
            config=None,
            agent_path=None,
        ) as connection:
            yield connection


async def test_a_command_runs_in_the_demos_home(home):
    """Home, working directory and exit status are those of an account of its own."""
    async with serving(home) as server, visiting(home, server) as connection:
        done = await connection.run('echo "$HOME"; pwd; echo oops >&2; exit 7')
    assert done.stdout.splitlines() == [str(home.home), str(home.home)]
    assert done.stderr == "oops\n"
    assert done.exit_status == 7


async def test_the_users_own_settings_are_not_seen(home, monkeypatch):
    """Variables of the user's shell would show the user's runs instead of the demo's."""
    monkeypatch.setenv("RUNICORN_DIR", "/the/users/own")
    async with serving(home) as server, visiting(home, server) as connection:
        done = await connection.run("env")
    assert "RUNICORN_DIR" not in done.stdout


async def test_a_long_conversation_gets_through_complete(home):
    """Standard input and output pass whole, and the end of input ends the command."""
    text = "".join(f"line {number}\n" for number in range(50_000))
    async with serving(home) as server, visiting(home, server) as connection:
        done = await connection.run("cat", input=text)
    assert done.stdout == text


async def test_a_command_ends_with_its_connection(home, tmp_path):
    """What runs in a channel does not outlive it."""
    pid_file = tmp_path / "pid"
    async with serving(home) as server:
        async with visiting(home, server) as connection:
            process = await connection.create_process(f"echo $$ > {pid_file}; echo started; exec sleep 600")
            await process.stdout.readline()
            connection.abort()
        pid = int(pid_file.read_text())
        assert await asyncio.to_thread(gone, pid)


async def test_another_key_is_refused(home):
    """Only the demo's own key gets in."""
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    async with serving(home) as server:
        with pytest.raises(asyncssh.PermissionDenied):
            async with visiting(home, server, key=stranger):
                pass


async def test_sockets_of_its_viewers_are_forwarded(home):
    """A Unix socket in the folder that viewers use is reached."""

    async def greet(reader, writer):
        writer.write(b"hello")
        writer.close()

    async with serving(home) as server, visiting(home, server) as connection:
        run_dir = await made_run_dir(connection)
        path = run_dir / "s"
        async with await asyncio.start_unix_server(greet, path):
            reader, writer = await connection.open_unix_connection(str(path))
            assert await reader.read() == b"hello"
            writer.close()
    assert not os.access(run_dir, os.F_OK)


@pytest.mark.parametrize("trick", ["{outside}/s", "{run}/../../..{outside}/s", "{run}/link"])
async def test_other_sockets_of_this_machine_are_not(home, tmp_path, trick):
    """Neither by its name, nor by way of dots or a link."""
    outside = Path("/tmp") / f"demo-test-{os.getpid()}-{tmp_path.name}"[-60:]
    outside.mkdir(mode=0o700)
    try:
        async with (
            await asyncio.start_unix_server(lambda _r, w: w.close(), outside / "s"),
            serving(home) as server,
            visiting(home, server) as connection,
        ):
            run_dir = await made_run_dir(connection)
            (run_dir / "link").symlink_to(outside / "s")
            path = trick.format(outside=outside, run=run_dir)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_unix_connection(path)
    finally:
        shutil.rmtree(outside)


async def test_only_loopback_is_forwarded(home):
    """The demo is no way into the network."""

    async def greet(reader, writer):
        writer.write(b"hello")
        writer.close()

    async with (
        await asyncio.start_server(greet, "127.0.0.1", 0) as listener,
        serving(home) as server,
        visiting(home, server) as connection,
    ):
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await connection.open_connection("127.0.0.1", port)
        assert await reader.read() == b"hello"
        writer.close()
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("192.0.2.1", port)


async def test_the_port_stays_the_same(home):
    """The host keeps its address from one demo to the next, while nobody else takes it."""
    async with serving(home) as server:
        first = server.port
    async with serving(home) as server:
        assert server.port == first


async def test_a_taken_port_is_moved_on_from(home):
    """Another program on the old port is no reason to fail."""
    async with await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0) as other:
        taken = other.sockets[0].getsockname()[1]
        home.remember_port(taken)
        async with serving(home) as server:
            assert server.port != taken


async def test_its_private_keys_are_private(home):
    """Nobody else may read them, and they stay the same."""
    async with serving(home) as server:
        first = server.fingerprint
    assert home.client_key.stat().st_mode & 0o777 == 0o600
    async with serving(home) as server:
        assert server.fingerprint == first


def test_one_demo_at_a_time(home):
    """The second one in the same folder is told so."""
    with pytest.raises(DemoFailed, match="another demo"), DemoHome(home.path, print).held():
        pass


def test_a_folder_that_cannot_be_made_is_reported(tmp_path):
    """The reason and the way out are in the error."""
    (tmp_path / "file").write_text("")
    home = DemoHome(tmp_path / "file" / "demo", print)
    with pytest.raises(DemoFailed, match="cannot use") as caught, home.held():
        pass
    assert "--dir" in caught.value.hint


async def test_an_environment_that_cannot_be_made_is_reported(home, monkeypatch):
    """Without a package index the demo says what is missing, and starts afresh next time."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(DemoFailed, match="cannot make the demo environment") as caught:
        await home.prepare()
    assert "network" in caught.value.hint
    assert not (home.environment / "complete").exists()


def gone(pid):
    """Whether the process ends within a few seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


async def made_run_dir(connection):
    """The folder of viewers' sockets, made as the agent makes it."""
    done = await connection.run('mkdir -m 700 "$RUNICORND_RUN_DIR" && printf %s "$RUNICORND_RUN_DIR"')
    return Path(done.stdout)
