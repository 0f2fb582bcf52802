"""One session's coroutine, on scripted parts."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest

from runicornd.errors import (
    AgentFailed,
    AuthFailed,
    HostKeyChanged,
    HostUnreachable,
    NeedsInput,
    NotConnected,
    RootNotFound,
    StateUnwritable,
    ViewerCrashed,
)
from runicornd.sessions.model import ChosenEnvironment, Phase
from runicornd.ssh.lifecycle import LinkPhase
from tests.fakes.session_parts import INTENT, RECORD, Bench

LOST = NotConnected("cannot reach gpu: the connection was lost")
CRASHED = ViewerCrashed("cannot run the viewer: it died")
ENVIRONMENT = ChosenEnvironment("base", "/bin/python", "0.7.2")
RAN_BEFORE = replace(INTENT, environment=ENVIRONMENT, record=RECORD, root="/data", local_port=8090)


@pytest.fixture
async def bench(tmp_path):
    made = []

    def make(intent=INTENT, **options):
        made.append(Bench(tmp_path, intent, **options))
        return made[-1]

    yield make
    for each in made:
        await each.session.close()


async def test_it_becomes_ready_and_is_saved(bench):
    """All steps are walked, the tunnel is attached, and the file has the record and the port."""
    b = bench()
    await b.session.start()
    view = await b.until(Phase.READY)
    assert b.steps.calls == ["connect", "choose", "launch", "answer", "watch"]
    assert (view.url, b.tunnel.attached) == ("http://localhost:8081", True)
    [saved] = b.store.load()
    assert (saved.record, saved.local_port, saved.wanted) == (RECORD, 8081, True)


async def test_only_a_new_session_expects_visitors(bench):
    """Who asked for it will look at it; nobody may look at those that the last daemon has left."""
    fresh, old = bench(), bench(RAN_BEFORE)
    for each in (fresh, old):
        await each.session.start()
        await each.until(Phase.READY)
    assert (fresh.tunnel.expects_visitors, old.tunnel.expects_visitors) == (True, False)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("connect", HostUnreachable("cannot reach gpu: no such name")),
        ("connect", AuthFailed("cannot log in")),
        ("choose", RootNotFound("cannot show runs")),
        ("launch", CRASHED),
        ("answer", CRASHED),
    ],
)
async def test_a_first_failure_leaves_nothing(bench, step, error):
    """The session says why; no file, no listener, no viewer, no hold on the link is left."""
    b = bench()
    b.steps.outcomes[step] = [error]
    await b.session.start()
    view = await b.until(Phase.FAILED)
    await b.session.close()
    assert view.state.error is error
    assert b.store.load() == []
    assert b.tunnel.closed
    assert b.link.holds == 0
    assert b.viewer.stopped == ([RECORD] if step == "answer" else [])


async def test_a_mistake_of_ours_fails_the_session_and_says_so(bench):
    """Nothing hangs in 'starting' because of a bug."""
    b = bench()
    b.steps.outcomes["choose"] = [ZeroDivisionError("oops")]
    await b.session.start()
    view = await b.until(Phase.FAILED)
    assert (view.state.error.kind, b.tunnel.closed) == ("internal", True)
    assert "ZeroDivisionError" in view.state.error.message


async def test_an_unanswered_question_blocks_and_goes_on_when_answered(bench):
    """A first start that needs a person waits for that person instead of failing."""
    b = bench()
    b.steps.outcomes["connect"] = [NeedsInput("cannot log in: a passphrase is needed")]
    await b.session.start()
    view = await b.until(Phase.BLOCKED)
    assert view.state.error.kind == "needs_input"
    b.link.helped.set()
    await b.until(Phase.READY)


async def test_a_lost_link_is_waited_for_and_the_url_stays(bench):
    """The tunnel is detached meanwhile and never closed, and the viewer is not ended."""
    b = bench()
    b.steps.outcomes["watch"] = [LOST]
    await b.session.start()
    assert (await b.until(Phase.RECONNECTING)).state.error is LOST
    await b.until(Phase.READY)
    assert b.steps.patient == [False, True]
    assert (b.tunnel.opened, b.tunnel.closed, b.tunnel.attached) == (1, False, True)
    assert b.viewer.stopped == []


async def test_a_changed_host_key_blocks_a_running_session(bench):
    """It is not retried, and not given up: a person decides."""
    b = bench()
    b.steps.outcomes["connect"] = [None, HostKeyChanged("cannot trust gpu: its key has changed")]
    b.steps.outcomes["watch"] = [LOST]
    await b.session.start()
    view = await b.until(Phase.BLOCKED)
    assert view.state.error.kind == "host_key_changed"
    assert not b.tunnel.closed


async def test_a_crashed_viewer_is_started_again(bench):
    """The rest of the old one is cleared away, and a new one is chosen for and launched."""
    b = bench()
    b.steps.outcomes["watch"] = [CRASHED]
    await b.session.start()
    assert (await b.until(Phase.RESTARTING)).state.error is CRASHED
    await b.until(Phase.READY)
    assert b.viewer.stopped == [RECORD]


async def test_a_crash_loop_fails_and_keeps_the_url(bench):
    """After the budget is used up the error is shown, and the port stays ours."""
    b = bench(delays_s=(0.0, 0.0))
    b.steps.outcomes["watch"] = [CRASHED] * 3
    await b.session.start()
    view = await b.until(Phase.FAILED)
    assert (view.state.error, view.url) == (CRASHED, "http://localhost:8081")
    assert "it died" in b.tunnel.verdict
    assert "runicornctl restart gpu" in b.tunnel.verdict
    assert len(b.store.load()) == 1


async def test_a_failed_session_can_be_restarted(bench):
    """The way out of a crash loop is to start again, on the same port."""
    b = bench(delays_s=())
    b.steps.outcomes["watch"] = [CRASHED]
    await b.session.start()
    await b.until(Phase.FAILED)
    await b.session.restart()
    await b.until(Phase.READY)
    assert b.tunnel.opened == 1


async def test_a_dead_agent_does_not_cost_the_viewer(bench):
    """A new agent finds the viewer again."""
    b = bench()
    b.steps.outcomes["watch"] = [AgentFailed("cannot ask gpu: the agent died")]
    await b.session.start()
    await b.until(Phase.RECONNECTING)
    await b.until(Phase.READY)
    assert b.viewer.stopped == []


async def test_a_session_of_the_last_daemon_is_patient_and_keeps_its_port(bench):
    """It adopts without choosing, and an unreachable host does not fail it."""
    b = bench(RAN_BEFORE)
    b.steps.outcomes["connect"] = [HostUnreachable("cannot reach gpu: no route")]
    await b.session.start()
    view = await b.until(Phase.READY)
    assert "choose" not in b.steps.calls
    assert b.steps.patient == [True, True]
    assert view.url == "http://localhost:8090"


async def test_stop_ends_the_viewer_and_closes_the_url(bench):
    """It is remembered as stopped, without a record."""
    b = bench()
    await b.session.start()
    await b.until(Phase.READY)
    await b.session.stop()
    assert (b.session.phase, b.viewer.stopped, b.tunnel.closed) == (Phase.STOPPED, [RECORD], True)
    [saved] = b.store.load()
    assert (saved.wanted, saved.record, saved.local_port) == (False, None, 8081)


async def test_stop_without_a_link_says_what_is_left(bench):
    """The record is kept, so that the viewer is found if the session starts again in time."""
    b = bench()
    await b.session.start()
    await b.until(Phase.READY)
    b.viewer.stop_error = LOST
    await b.session.stop()
    assert "lease" in b.session.view().state.detail
    assert b.store.load()[0].record == RECORD


async def test_restart_replaces_the_viewer_on_the_same_url(bench):
    """The tunnel is not opened again."""
    b = bench()
    await b.session.start()
    await b.until(Phase.READY)
    await b.session.restart()
    await b.until(Phase.READY)
    assert (b.viewer.stopped, b.tunnel.opened) == ([RECORD], 1)


async def test_a_viewer_that_could_not_be_told_to_end_is_ended_first_of_all(bench):
    """A restart while the link is away replaces the viewer all the same, once the link is back."""
    b = bench()
    await b.session.start()
    await b.until(Phase.READY)
    b.viewer.stop_error = NotConnected("cannot reach gpu: the link is down")
    await b.session.restart()
    assert b.viewer.stopped == []
    b.viewer.stop_error = None
    await b.until(Phase.READY)
    assert b.viewer.stopped == [RECORD]


async def test_closing_leaves_the_viewer_for_the_next_daemon(bench):
    """Nothing is stopped and the file still wants it."""
    b = bench()
    await b.session.start()
    await b.until(Phase.READY)
    await b.session.close()
    assert (b.viewer.stopped, b.tunnel.closed, b.link.holds) == ([], True, 0)
    [saved] = b.store.load()
    assert (saved.wanted, saved.record) == (True, RECORD)


async def test_a_session_that_cannot_be_saved_does_not_start(bench, tmp_path):
    """The port is given back and the error is raised."""
    b = bench()
    (tmp_path / "gpu.json").mkdir()
    with pytest.raises(StateUnwritable):
        await b.session.start()
    assert (b.session.phase, b.tunnel.closed) == (Phase.STOPPED, True)


async def test_a_session_that_cannot_be_saved_stops_all_the_same(bench, tmp_path):
    """Its viewer is ended and its address closed; that the next daemon will not know is told."""
    b = bench()
    await b.session.start()
    await b.until(Phase.READY)
    path = tmp_path / "gpu.json"
    path.unlink()
    path.mkdir()
    with pytest.raises(StateUnwritable):
        await b.session.stop()
    assert b.session.phase is Phase.STOPPED
    assert (b.viewer.stopped, b.tunnel.closed) == ([RECORD], True)
    path.rmdir()


async def test_a_file_that_cannot_be_removed_does_not_hide_the_failure(bench, tmp_path):
    """What was wrong is what is told, and the address is closed."""
    b = bench()
    b.steps.outcomes["connect"] = [HostUnreachable("cannot reach gpu")]
    await b.session.start()
    path = tmp_path / "gpu.json"
    path.unlink()
    path.mkdir()
    view = await b.until(Phase.FAILED)
    assert isinstance(view.state.error, HostUnreachable)
    assert b.tunnel.closed
    path.rmdir()


async def test_a_session_of_the_last_daemon_says_why_it_waits(bench):
    """It is not 'starting' for hours: the link's reason is shown, each time that it changes."""
    b = bench(RAN_BEFORE)
    came_up = asyncio.Event()

    async def connect(*, patient):
        await came_up.wait()

    b.steps.connect = connect
    await b.session.start()
    for text in ("cannot reach gpu: no such name", "cannot reach gpu: no route"):
        b.link.state = SimpleNamespace(prompt_id=None, phase=LinkPhase.BACKOFF, error=HostUnreachable(text))
        b.session.link_changed()
        state = b.session.view().state
        assert (state.phase, state.error.message) == (Phase.RECONNECTING, text)
    came_up.set()
    assert (await b.until(Phase.READY)).state.error is None


async def test_a_server_that_goes_down_takes_the_viewer_first(bench):
    """The viewer's end is heard, then the link is lost: what is waited for is the server."""
    b = bench(delays_s=(0.0,))
    b.steps.outcomes["watch"] = [CRASHED]
    came_up = asyncio.Event()

    async def connect(*, patient):
        if patient:
            await came_up.wait()

    b.steps.connect = connect
    await b.session.start()
    await b.until(Phase.RESTARTING)
    b.link.state = SimpleNamespace(prompt_id=None, phase=LinkPhase.BACKOFF, error=LOST)
    b.session.link_changed()
    state = b.session.view().state
    assert (state.phase, state.error) == (Phase.RECONNECTING, LOST)
    came_up.set()
    assert (await b.until(Phase.READY)).state.error is None


async def test_a_session_that_worked_goes_on_when_it_cannot_be_saved(bench, tmp_path):
    """Its viewer crashed and the disk is full: a new one runs, and what is wrong is told."""
    b = bench(delays_s=(0.0,))
    await b.session.start()
    await b.until(Phase.READY)
    path = tmp_path / "gpu.json"
    path.unlink()
    path.mkdir()
    b.steps.break_watch(CRASHED)
    await b.until(Phase.RESTARTING)
    view = await b.until(Phase.READY)
    assert view.state.detail.startswith("cannot save session gpu: ")
    path.rmdir()
