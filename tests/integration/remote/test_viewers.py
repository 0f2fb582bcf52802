"""Viewers under their keepers: started, found again, ended, and nothing left."""

import asyncio
import os
import signal
import stat
from contextlib import aclosing
from pathlib import Path

import pytest

from runicornd.errors import (
    AgentFailed,
    DiskFull,
    ForwardingForbidden,
    InvalidParams,
    NotConnected,
    PermissionDenied,
    RootNotFound,
    ViewerCrashed,
)
from runicornd.remote.models import ViewerExit, ViewerRecord
from tests.helpers.far_end import get, identity, is_alive, pids_with, processes
from tests.helpers.waiting import eventually, within


async def gone(far, record):
    await eventually(lambda: not is_alive(record.identity.pid), "the viewer's end")
    await eventually(lambda: not is_alive(record.keeper_pid), "the keeper's end")
    await eventually(lambda: not list(far.run.glob("*")), "the removal of its folder")


async def ready(host, record):
    """Wait until the viewer has said that it is."""
    async with asyncio.timeout(30), aclosing(host.follow_log(record.identity.instance, 1000)) as log:
        async for lines in log:
            if "ready" in lines:
                return


@pytest.mark.parametrize("transport", ["unix", "tcp"])
async def test_a_viewer_answers_over_its_endpoint_and_is_stopped(
    make_far_end, python, start, root, transport
):
    """On every Python and both transports, start, ask, stop; nothing is left."""
    far = make_far_end(python=python)
    host = far.host()
    record = await start(host, transport=transport)
    assert (await get(host, record)).endswith(str(root).encode())
    assert (record.transport, record.session) == (transport, "gpu-1")
    assert await host.viewers() == (record,)
    assert await host.stop_viewer(record.identity) is True
    await gone(far, record)
    assert await host.stop_viewer(record.identity) is False
    assert await host.viewers() == ()
    await host.close()


async def test_everything_of_a_viewer_is_private(far, host, start):
    """Folders are 0700, sockets and files 0600, and the keeper says in its arguments whose it is."""
    record = await start(host)
    folder = Path(record.endpoint).parent
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}
    assert {stat.S_IMODE(path.lstat().st_mode) for path in folder.iterdir()} == {0o600}
    assert any(line.endswith(" runicornd-keeper gpu-1 ") for line in processes())


async def test_the_keeper_is_detached_and_needs_no_agent(far, host, start):
    """The viewer lives on when the connection drops, and is found again over the next one."""
    record = await start(host)
    await far.drop()
    with pytest.raises(NotConnected):
        await host.viewers()
    assert is_alive(record.identity.pid)
    far.reconnect()
    assert await host.attach_viewer(record.identity) == record
    assert (await get(host, record)).startswith(b"HTTP/1.0 200")


async def test_finding_it_many_times_at_once_does_it_no_harm(far, host, start):
    """Of several conversations with one keeper all but one are left, which is not the viewer's end."""
    record = await start(host)
    for _ in range(5):
        await far.drop()
        far.reconnect()
        found = await asyncio.gather(*(host.attach_viewer(record.identity) for _ in range(12)))
        assert found == [record] * 12
        assert (await get(host, record)).startswith(b"HTTP/1.0 200")
    assert is_alive(record.identity.pid)


async def test_an_exit_is_pushed_with_the_end_of_the_log(far, host, start):
    """A viewer that ends by itself is told at once, to whoever waits and to whoever asks later."""
    record = await start(host)
    await ready(host, record)
    waiting = asyncio.create_task(host.exits(record.identity.instance))
    os.kill(record.identity.pid, signal.SIGKILL)
    ended = await within(waiting)
    assert ended == ViewerExit(record.identity.instance, None, signal.SIGKILL, ended.log_tail)
    assert "here I am" in ended.log_tail
    assert await host.exits(record.identity.instance) == ended
    assert await host.attach_viewer(record.identity) == ended
    await gone(far, record)


async def test_a_viewer_that_exits_at_once_says_why(far, host, start):
    """The status and the last lines of a viewer that never lived come with its exit."""
    record = await start(host, "crash")
    ended = await within(host.exits(record.identity.instance))
    assert (ended.code, ended.signal) == (3, None)
    assert ended.log_tail == ("here I am", "no reason to live")
    with pytest.raises(ForwardingForbidden):
        await host.open_stream(record)
    await gone(far, record)


async def test_an_exit_while_nobody_was_there_is_told_to_the_next(far, host, start):
    """The keeper keeps the exit for the lease's remainder, tells it once, and is gone."""
    record = await start(host)
    await far.drop()
    os.kill(record.identity.pid, signal.SIGTERM)
    await eventually(lambda: not is_alive(record.identity.pid))
    assert is_alive(record.keeper_pid)
    far.reconnect()
    ended = await host.attach_viewer(record.identity)
    assert ended == ViewerExit(record.identity.instance, None, signal.SIGTERM, ended.log_tail)
    await gone(far, record)


async def test_an_exit_that_nobody_asks_for_leaves_nothing_after_the_lease(far, host, start):
    """The keeper of an ended viewer goes when the lease lapses."""
    record = await start(host, "crash", lease_s=1)
    await far.drop()
    await gone(far, record)


async def test_a_lapsed_lease_ends_the_viewer(far, host, start):
    """Nobody renews: the viewer is ended, a stubborn one too, and its folder removed."""
    record = await start(host, lease_s=1)
    await far.drop()
    await gone(far, record)


async def test_pings_renew_the_lease(far, start):
    """A viewer whose agent is pinged outlives its lease."""
    host = far.host(ping_interval_s=0.2)
    record = await start(host, lease_s=1)
    with pytest.raises(TimeoutError):
        await within(host.exits(record.identity.instance), 2.5)
    assert await host.attach_viewer(record.identity) == record
    await host.close()


async def test_a_viewer_that_ignores_sigterm_is_killed(far, host, start):
    """After the grace comes SIGKILL."""
    record = await start(host, "stubborn")
    await ready(host, record)
    assert await host.stop_viewer(record.identity, grace_s=0.2) is True
    assert (await host.exits(record.identity.instance)).signal == signal.SIGKILL
    await gone(far, record)


async def test_a_stopped_viewer_can_be_ended(far, host, start):
    """SIGSTOP does not save a viewer from a polite end."""
    record = await start(host)
    os.kill(record.identity.pid, signal.SIGSTOP)
    assert await host.stop_viewer(record.identity) is True
    assert (await host.exits(record.identity.instance)).signal == signal.SIGTERM
    await gone(far, record)


async def test_what_the_viewer_started_ends_with_it(far, host, start):
    """A child in the viewer's process group does not outlive it."""
    record = await start(host, "parent")
    await ready(host, record)
    assert await host.stop_viewer(record.identity)
    await gone(far, record)
    agent = (await host.greeting()).pid
    await eventually(lambda: set(pids_with(f"HOME={far.home}")) <= {agent}, "only the agent is left")


async def test_no_viewer_survives_its_keeper(far, host, start):
    """kill -9 of the keeper ends the viewer, is told at once, and leaves nothing."""
    record = await start(host)
    await ready(host, record)
    os.kill(record.keeper_pid, signal.SIGKILL)
    ended = await within(host.exits(record.identity.instance))
    assert (ended.code, ended.signal) == (None, None)
    assert "here I am" in ended.log_tail
    await gone(far, record)


async def test_the_next_agent_clears_up_after_a_killed_keeper(far, host, start):
    """What a keeper left that was killed while nobody was there goes when an agent starts."""
    record = await start(host)
    await far.drop()
    os.kill(record.keeper_pid, signal.SIGKILL)
    await eventually(lambda: not is_alive(record.identity.pid))
    assert list(far.run.glob("*"))
    far.reconnect()
    await host.greeting()
    await gone(far, record)


async def test_a_wedged_keeper_is_ended_by_force(far, host, start):
    """A keeper that does not react does not keep the viewer from being stopped."""
    record = await start(host)
    os.kill(record.keeper_pid, signal.SIGSTOP)
    assert await host.stop_viewer(record.identity, grace_s=0.1) is True
    await gone(far, record)


@pytest.mark.parametrize(
    "changes", [{"pid": 1}, {"start_time": "1"}, {"boot_id": "another"}, {"instance": "other"}]
)
async def test_only_the_whole_identity_counts(far, host, start, changes):
    """Whatever does not match, nothing is adopted and nothing is signalled."""
    record = await start(host)
    stranger = identity(record, **changes)
    assert await host.attach_viewer(stranger) is None
    assert await host.stop_viewer(stranger) is False
    assert await host.attach_viewer(record.identity) == record


async def test_a_name_cannot_leave_its_folder(far, host, start):
    """Instances are one component of a path."""
    for name in ("../x", "a/b", "", ".", "x\n", "a" * 200):
        with pytest.raises(InvalidParams):
            await start(host, instance=name)
    assert not list(far.run.glob("*"))


async def test_the_same_instance_twice_is_refused(host, start):
    """The one that runs stays."""
    record = await start(host)
    with pytest.raises(InvalidParams):
        await start(host, instance=record.identity.instance)
    assert await host.viewers() == (record,)


async def test_roots_that_cannot_be_used_are_named(far, host, start, tmp_path):
    """Missing, not a folder: said before anything is started."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "none", tmp_path / "file"):
        with pytest.raises(RootNotFound, match=str(path)) as caught:
            await start(host, root=str(path))
        assert caught.value.hint
    assert not list(far.run.glob("*"))


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o500])
async def test_a_root_without_permission_is_refused(far, host, start, tmp_path, mode):
    """A root that cannot be read, or not be written, is a matter of permissions."""
    if os.geteuid() == 0:
        without = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
        far.shell = (*without, *far.shell)
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(mode)
    with pytest.raises(PermissionDenied, match=str(locked)) as caught:
        await start(host, root=str(locked))
    assert caught.value.hint
    assert not list(far.run.glob("*"))


async def test_a_root_starts_at_home_and_may_have_any_name(far, host, start):
    """``~``, relative paths, spaces, quotes, line breaks, and bytes that are not UTF-8.

    The viewer does not run in it, for Python would look for modules there.
    """
    (far.home / "data").mkdir()
    for path in ("~/data", "data"):
        record = await start(host, root=path)
        assert record.root == str(far.home / "data")
        await host.stop_viewer(record.identity)
    for name in (b'it\'s $(x) "y"\n-z', b"\xff\xfe", "\uf7ff".encode(), "ümlaut".encode()):
        folder = far.home / os.fsdecode(name)
        folder.mkdir()
        root = wire(os.fsencode(folder))
        record = await start(host, root=root, env={"RUNICORN_DIR": root})
        assert os.fsencode(folder) in environment(record)
        assert working_folder(record) == Path("/")
        assert await host.stop_viewer(record.identity)


def environment(record):
    variables = Path(f"/proc/{record.identity.pid}/environ").read_bytes().split(b"\0")
    return [each.partition(b"=")[2] for each in variables if each.startswith(b"RUNICORN_DIR=")]


def working_folder(record):
    return Path(f"/proc/{record.identity.pid}/cwd").resolve()


def wire(path):
    """A path as the protocol writes it, said in other words than the product says it."""
    text = path.decode("utf-8", "surrogateescape")
    pieces = []
    for character in text:
        if "\uf780" <= character <= "\uf7ff" or "\udc80" <= character <= "\udcff":
            raw = character.encode("utf-8", "surrogateescape")
            pieces += [chr(0xF700 + byte) for byte in raw]
        else:
            pieces.append(character)
    return "".join(pieces)


async def test_a_program_that_cannot_run_is_a_crash(far, host, start):
    """No such file: the start fails, and nothing is left."""
    with pytest.raises(ViewerCrashed, match="/no/such/python"):
        await start(host, argv=["/no/such/python", "{fd}"])
    assert not list(far.run.glob("*"))


async def test_a_foreign_run_folder_is_not_used(far, host, start):
    """A folder that others may enter, or a link, is not trusted with sockets."""
    far.run.mkdir(mode=0o755)
    with pytest.raises(PermissionDenied):
        await start(host)
    far.run.rmdir()
    far.run.symlink_to(far.home)
    with pytest.raises(PermissionDenied):
        await start(host)


async def test_a_path_too_long_for_a_socket_is_said(far, start):
    """The system's limit gives a clear answer and leaves nothing."""
    far.run = far.run.parent / ("long" * 25)
    far.env["RUNICORND_RUN_DIR"] = str(far.run)
    host = far.host()
    with pytest.raises(Exception, match="too long"):
        await start(host)
    assert not list(far.run.glob("*"))
    await host.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
async def test_a_full_disk_is_told(far, host, start):
    """No space for the viewer's folder: the kind says so, nothing runs, nothing is left."""
    far.run.mkdir(mode=0o700)
    await host.greeting()
    mounted = await tiny_mount(far.run)
    if not mounted:
        pytest.skip("this account may not mount a small file system")
    try:
        fill(far.run)
        with pytest.raises(DiskFull) as caught:
            await start(host)
        assert caught.value.hint
        assert [path.name for path in far.run.iterdir()] == ["filler"]
    finally:
        await unmount(far.run)


async def tiny_mount(path):
    process = await asyncio.create_subprocess_exec(
        "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=64k,mode=700",
        "none",
        str(path),
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait() == 0


async def unmount(path):
    process = await asyncio.create_subprocess_exec("umount", "-l", str(path))
    await process.wait()


def fill(folder):
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


async def test_a_log_is_read_and_followed(host, start):
    """The last lines first, then what comes; it ends when the viewer does."""
    record = await start(host, "tick")
    await ready(host, record)
    assert await host.viewer_log(record.identity.instance, 1) == ("ready",)
    heard = []

    async def listen():
        async for lines in host.follow_log(record.identity.instance, 2):
            heard.extend(lines)

    listening = asyncio.create_task(listen())
    await eventually(lambda: heard == ["here I am", "ready"])
    await get(host, record, "/one")
    await eventually(lambda: heard[2:] == ["asked for /one"])
    await host.stop_viewer(record.identity)
    await within(listening)


async def test_a_reader_that_leaves_stops_the_flow(host, start):
    """After the last reader nothing flows, and the next one starts afresh."""
    record = await start(host, "tick")
    for _ in range(2):
        lines = host.follow_log(record.identity.instance, 0)
        assert await within(anext(lines)) == ()
        await get(host, record, "/x")
        assert await within(anext(lines)) != ()
        await lines.aclose()
    assert (await host.viewer_log(record.identity.instance, 1)) == ("asked for /x",)


async def test_a_flood_of_output_cannot_fill_the_disk(far, host, start):
    """40 MiB printed: the log keeps about 10, and the viewer is well."""
    record = await start(host, "flood", "40")
    async with asyncio.timeout(60):
        while await host.viewer_log(record.identity.instance, 1) != ("ready",):  # noqa: ASYNC110 - followed lines may be left out
            await asyncio.sleep(0.05)
    size = sum(path.stat().st_size for path in Path(record.log).parent.glob("viewer.log*"))
    assert size < 11 * 1024 * 1024
    assert (await get(host, record)).startswith(b"HTTP/1.0 200")


async def test_the_log_of_a_viewer_that_does_not_run_is_refused(host):
    """There is nobody to ask."""
    with pytest.raises(AgentFailed):
        await host.viewer_log("nobody", 10)


async def test_two_viewers_live_side_by_side(far, host, start):
    """Ending one leaves the other."""
    first, second = await asyncio.gather(start(host), start(host))
    assert await host.stop_viewer(first.identity)
    assert await host.viewers() == (second,)
    assert isinstance(await host.attach_viewer(second.identity), ViewerRecord)


async def test_an_agent_that_dies_alone_is_replaced(far, host, start):
    """Who waits for an exit is told; the viewer lives and is found again by a new agent."""
    record = await start(host)
    waiting = asyncio.create_task(host.exits(record.identity.instance))
    await eventually(lambda: far.processes)
    far.kill_agent()
    with pytest.raises((AgentFailed, NotConnected)):
        await within(waiting)
    with pytest.raises(AgentFailed):
        await host.exits(record.identity.instance)
    assert await host.attach_viewer(record.identity) == record
    assert len(far.commands) == 2
    os.kill(record.identity.pid, signal.SIGTERM)
    assert (await within(host.exits(record.identity.instance))).signal == signal.SIGTERM
