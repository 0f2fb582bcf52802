import asyncio
from dataclasses import replace

import pytest

from runicornd.errors import ForwardingForbidden, NotConnected, ViewerCrashed, WrongState
from runicornd.viewers.kinds.runicorn import Runicorn
from runicornd.viewers.launcher import TransportMemory
from runicornd.viewers.viewer import Viewer
from tests.fakes.viewer_host import FakeViewerHost

PYTHON = "/opt/ml/bin/python"
ROOT = "/data/runs"


@pytest.fixture
def host():
    return FakeViewerHost()


@pytest.fixture
def memory():
    return TransportMemory()


def make_viewer(host, memory, session="gpu-1"):
    return Viewer(host, Runicorn(), session=session, target="gpu", memory=memory)


@pytest.fixture
def viewer(host, memory):
    return make_viewer(host, memory)


async def test_a_viewer_is_started_on_a_unix_socket(host, viewer):
    """The private transport is the default, with the kind's command and variables."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    (start,) = host.started
    assert start["transport"] == "unix"
    assert start["argv"][0] == PYTHON
    assert start["env"]["RUNICORN_DIR"] == ROOT
    assert viewer.record == record
    assert not viewer.exposed


async def test_the_stream_that_proves_the_way_is_the_first_one_used(host, viewer):
    """It costs no second round trip; later ones are opened as they are asked for."""
    await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert [await viewer.dial(), await viewer.dial()] == host.streams
    assert [stream.aborted for stream in host.streams] == [False, False]


async def test_a_stream_that_nobody_used_is_dropped_with_the_viewer(host, viewer):
    """Nothing stays open at the server."""
    await viewer.ensure(None, python=PYTHON, root=ROOT)
    await viewer.stop()
    assert [stream.aborted for stream in host.streams] == [True]


async def test_a_stream_that_was_opened_too_early_is_dropped(host, viewer):
    """A viewer that turns out to be gone has no stream; the new one has its own."""
    first = await viewer.ensure(None, python=PYTHON, root=ROOT)
    other = replace(first, identity=replace(first.identity, start_time="0"))
    await viewer.ensure(other, python=PYTHON, root=ROOT)
    *early, used = host.streams
    assert all(stream.aborted for stream in early)
    assert not used.aborted


async def test_every_start_is_an_instance_of_its_own(host, memory):
    """Two viewers are never mistaken for one another."""
    records = [await make_viewer(host, memory).ensure(None, python=PYTHON, root=ROOT) for _ in range(2)]
    assert records[0].identity.instance != records[1].identity.instance
    assert all(len(record.identity.instance) == 32 for record in records)


async def test_a_running_viewer_is_adopted(host, memory, viewer):
    """A new daemon goes on with the process of the old one."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    again = await make_viewer(host, memory).ensure(record, python=PYTHON, root=ROOT)
    assert again == record
    assert len(host.started) == 1


async def test_a_viewer_that_ended_is_replaced(host, viewer):
    """A record of the past leads to a fresh start."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    await host.end(record, code=0)
    fresh = await viewer.ensure(record, python=PYTHON, root=ROOT)
    assert fresh.identity.instance != record.identity.instance
    assert list(host.running.values()) == [fresh]


async def test_a_record_that_does_not_match_in_full_is_not_adopted(host, viewer):
    """The same process number after a reboot is a stranger: it is left alone."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    stale = replace(record, identity=replace(record.identity, boot_id="an earlier boot"))
    fresh = await viewer.ensure(stale, python=PYTHON, root=ROOT)
    assert fresh.identity.instance != record.identity.instance
    assert record.identity.instance in host.running


async def test_tcp_is_the_way_out_where_unix_sockets_are_forbidden(host, viewer):
    """The viewer is moved to TCP, said to be exposed, and the first one is stopped."""
    host.forbidden = {"unix"}
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert record.transport == "tcp"
    assert viewer.exposed
    assert list(host.running.values()) == [record]


async def test_the_forbidden_transport_is_not_tried_again(host, memory, viewer):
    """The next viewer on that host starts on TCP at once."""
    host.forbidden = {"unix"}
    await viewer.ensure(None, python=PYTHON, root=ROOT)
    await make_viewer(host, memory, "gpu-2").ensure(None, python=PYTHON, root=ROOT)
    assert [start["transport"] for start in host.started] == ["unix", "tcp", "tcp"]


async def test_nothing_is_left_where_all_forwarding_is_forbidden(host, viewer):
    """Both attempts are cleared away, and the hint names the lines of sshd_config."""
    host.forbidden = {"unix", "tcp"}
    with pytest.raises(ForwardingForbidden, match="gpu") as caught:
        await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert "AllowStreamLocalForwarding" in caught.value.hint
    assert "AllowTcpForwarding" in caught.value.hint
    assert host.running == {}
    assert viewer.record is None


async def test_a_viewer_that_exits_at_once_has_crashed(host, memory, viewer):
    """A closed socket is not taken for forbidden forwarding: the log says what happened."""
    host.crash_at_start = ["SyntaxError: invalid syntax"]
    with pytest.raises(ViewerCrashed, match="SyntaxError: invalid syntax"):
        await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert [start["transport"] for start in host.started] == ["unix"]
    assert memory.preferred("gpu") == "unix"


async def test_an_adopted_viewer_that_cannot_be_reached_is_replaced(host, viewer):
    """When the server's configuration changed meanwhile, the old viewer does not linger."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    host.forbidden = {"unix"}
    fresh = await viewer.ensure(record, python=PYTHON, root=ROOT)
    assert fresh.transport == "tcp"
    assert list(host.running.values()) == [fresh]


async def test_a_start_that_is_cancelled_leaves_no_viewer(host, viewer):
    """The order was already given, so the answer is awaited and the viewer is ended."""
    host.start_gate = asyncio.Event()
    task = asyncio.ensure_future(viewer.ensure(None, python=PYTHON, root=ROOT))
    async with asyncio.timeout(5):
        await host.start_asked.wait()
        task.cancel()
        host.start_gate.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert host.running == {}


async def test_its_exit_is_told(host, viewer):
    """Whoever waits for the end hears how it came."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    waiting = asyncio.ensure_future(viewer.exited())
    await host.end(record, signal=9)
    async with asyncio.timeout(5):
        assert (await waiting).signal == 9


async def test_its_exit_is_told_across_the_death_of_an_agent(host, viewer):
    """A new agent is asked about the same viewer."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    waiting = asyncio.ensure_future(viewer.exited())
    await host.kill_agent()
    await host.end(record, code=4)
    async with asyncio.timeout(5):
        assert (await waiting).code == 4


async def test_a_viewer_that_exits_before_its_answer_has_crashed(host, viewer, unused_tcp_port):
    """Nobody waits for the whole time-out when the process is gone."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    waiting = asyncio.ensure_future(viewer.answering(f"http://127.0.0.1:{unused_tcp_port}", timeout_s=60))
    await host.end(record, code=1, log_tail=["ImportError: no fastapi"])
    async with asyncio.timeout(5):
        with pytest.raises(ViewerCrashed, match="ImportError: no fastapi"):
            await waiting


async def test_stop_ends_it_and_may_be_repeated(host, viewer):
    """The second stop finds nothing and says so."""
    await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert await viewer.stop()
    assert not await viewer.stop()
    assert host.running == {}


async def test_stop_ends_an_earlier_viewer_that_was_not_looked_for_yet(host, memory, viewer):
    """A session that is stopped before it was ready again still clears away what its record names."""
    record = await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert await make_viewer(host, memory).stop(record)
    assert host.running == {}


async def test_nothing_is_dialled_before_it_runs(viewer):
    """A tunnel that is too early gets an error with a kind."""
    with pytest.raises(WrongState):
        await viewer.dial()


async def test_a_start_whose_answer_was_lost_is_cleared_away(host, memory):
    """The next daemon ends the viewer that it has no record of, and none of another session."""
    lost = await make_viewer(host, memory, "gpu@1.5").ensure(None, python=PYTHON, root=ROOT)
    other = await make_viewer(host, memory, "gpu@2.5").ensure(None, python=PYTHON, root=ROOT)
    restored = Viewer(host, Runicorn(), session="gpu@1.5", target="gpu", memory=memory, has_past=True)
    fresh = await restored.ensure(None, python=PYTHON, root=ROOT)
    assert lost.identity.instance in host.ended
    assert set(host.running) == {other.identity.instance, fresh.identity.instance}


async def test_a_start_that_was_cut_off_is_cleared_away(host, viewer):
    """The link broke before the answer came: the viewer that runs all the same is ended by the next start."""
    host.start_failure = NotConnected("cannot ask the agent: the connection was lost")
    with pytest.raises(NotConnected):
        await viewer.ensure(None, python=PYTHON, root=ROOT)
    (lost,) = host.running
    fresh = await viewer.ensure(None, python=PYTHON, root=ROOT)
    assert list(host.running) == [fresh.identity.instance]
    assert lost in host.ended


async def test_a_viewer_of_another_session_is_not_adopted(host, memory):
    """Its record is right in every way, and it is left alone."""
    theirs = await make_viewer(host, memory, "eve@1.5").ensure(None, python=PYTHON, root=ROOT)
    ours = await make_viewer(host, memory, "gpu@1.5").ensure(theirs, python=PYTHON, root=ROOT)
    assert set(host.running) == {theirs.identity.instance, ours.identity.instance}


async def test_a_viewer_that_an_earlier_release_started_is_adopted(host, memory):
    """It is marked with the session's id alone."""
    theirs = await make_viewer(host, memory, "gpu").ensure(None, python=PYTHON, root=ROOT)
    assert await make_viewer(host, memory, "gpu@1.5").ensure(theirs, python=PYTHON, root=ROOT) == theirs
