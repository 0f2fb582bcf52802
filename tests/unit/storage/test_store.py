"""One store: when it syncs, with whom, and what it shows."""

import asyncio

import pytest

from runicornd.errors import (
    AgentFailed,
    AuthFailed,
    HostUnreachable,
    NeedsInput,
    NotConnected,
    RootNotFound,
    WrongState,
)
from runicornd.prompts import Question, QuestionKind
from runicornd.ssh.auth import Login
from runicornd.ssh.lifecycle import LinkPhase
from runicornd.storage.model import StoreChanged, StorePhase
from runicornd.storage.requests import StoreRequest
from tests.fakes.clock import settle
from tests.fakes.storage_parts import ROOT, StoreBench, file_frame, good_sync
from tests.helpers.waiting import eventually, within

IDLE, SYNCING, WAITING, FAILED = (
    StorePhase.IDLE,
    StorePhase.SYNCING,
    StorePhase.WAITING,
    StorePhase.FAILED,
)


@pytest.fixture
async def bench(tmp_path):
    one = StoreBench(tmp_path)
    await one.registry.restore()
    yield one
    await one.close()


async def added(bench, **wishes):
    """Add the store ``gpu`` and see its first sync through."""
    await bench.registry.add(StoreRequest(target="gpu", **wishes))
    return await bench.until(lambda view: view.last_sync and view.phase is IDLE, "gpu")


async def test_the_first_sync_begins_at_once(bench):
    """It brings the files, the resolved root, the counts and the time of the next one."""
    view = await added(bench)
    assert bench.index("gpu").files == {"artifacts/model/a/versions.json": (2, 1)}
    assert (view.root, view.counts.versions) == (ROOT, 1)
    assert view.last_sync.received_bytes == 2
    assert view.next_sync == pytest.approx(bench.clock.wall() + 600, abs=31)


async def test_the_link_is_held_only_while_it_works(bench):
    """After the sync the connection goes, when nobody else wants it."""
    await added(bench)
    [link] = bench.pool.links()
    await bench.clock.advance(2)
    assert link.state.phase is LinkPhase.IDLE
    assert bench.connector.connections[0].closed


async def test_it_syncs_at_its_interval(bench):
    """Again and again, with what the mirror knows and the token of the sync before."""
    await added(bench, interval_s=100.0)
    for count in (2, 3):
        await bench.clock.advance(106)
        await eventually(lambda count=count: len(bench.stream.requests) == count)
        await bench.until(lambda view: view.phase is IDLE, "gpu")
    assert bench.stream.requests[-1].known == {"artifacts/model/a/versions.json": (2, 1)}
    assert bench.stream.requests[-1].token == "t1"


async def test_without_an_interval_it_syncs_only_when_asked(bench):
    """Time alone brings no sync."""
    view = await added(bench, is_automatic=False)
    assert view.next_sync is None
    await bench.clock.advance(7 * 86400)
    assert len(bench.stream.requests) == 1
    await within(bench.registry.sync("gpu"))
    assert len(bench.stream.requests) == 2


async def test_a_second_request_joins_the_sync_that_runs(bench):
    """Two who ask at the same time are served by one stream."""
    await added(bench)
    go = asyncio.Event()
    bench.stream.outcomes = [go]
    both = [asyncio.create_task(bench.registry.sync("gpu")) for _ in range(2)]
    await eventually(lambda: bench.stream.running)
    assert bench.stream.running == 1
    go.set()
    await within(asyncio.gather(*both))
    assert len(bench.stream.requests) == 2


async def test_a_sync_after_a_change_is_one_that_began_after_it(bench):
    """What runs already may have looked before the change: another one follows."""
    await added(bench)
    go = asyncio.Event()
    bench.stream.outcomes = [go]
    bench.registry.find("gpu").ask()
    await eventually(lambda: bench.stream.running)
    afresh = asyncio.create_task(bench.registry.find("gpu").synced_afresh())
    await settle()
    go.set()
    await within(afresh)
    assert len(bench.stream.requests) == 3


async def test_cancel_keeps_the_old_state(bench):
    """The stream is closed, nothing is committed, and whoever waited is told."""
    await added(bench)
    bench.stream.outcomes = [asyncio.Event()]
    waiting = asyncio.create_task(bench.registry.sync("gpu"))
    await eventually(lambda: bench.stream.running)
    view = await within(bench.registry.cancel("gpu"))
    assert view.phase is IDLE
    assert bench.stream.running == 0
    assert bench.index("gpu").token == "t1"
    with pytest.raises(WrongState, match="cancelled"):
        await within(waiting)
    await within(bench.registry.sync("gpu"))


async def test_a_stream_without_its_end_commits_nothing(bench):
    """Neither one that was cut, nor one that says that it is not complete."""
    await added(bench)
    begun, files, ended = good_sync(file_frame("other"), token="t2")
    incomplete = [type(ended[0])(False, "t2")]
    for groups in ([begun, files], [begun, files, incomplete], [files, ended]):
        bench.stream.outcomes = [groups]
        with pytest.raises(AgentFailed):
            await within(bench.registry.sync("gpu"))
        assert bench.index("gpu").token == "t1"
        assert "other" not in bench.index("gpu").files
    assert bench.registry.get("gpu").phase is FAILED


async def test_a_failure_is_shown_and_tried_again_later(bench):
    """A root that is not there yet is looked for at the interval; the mirror stays."""
    await added(bench, interval_s=100.0)
    bench.stream.outcomes = [RootNotFound("cannot sync: there is no root")]
    with pytest.raises(RootNotFound):
        await within(bench.registry.sync("gpu"))
    view = bench.registry.get("gpu")
    assert (view.phase, view.error.kind) == (FAILED, "root_not_found")
    assert (view.root, view.counts.versions) == (ROOT, 1)
    await bench.clock.advance(106)
    assert (await bench.until(lambda view: view.phase is IDLE, "gpu")).error is None


async def test_failures_that_may_pass_are_tried_again_sooner_and_sooner_not(bench):
    """The pauses grow up to the interval."""
    await added(bench, interval_s=600.0)
    bench.stream.outcomes = [AgentFailed("cannot sync: the agent died") for _ in range(20)]
    bench.registry.find("gpu").ask()
    pauses = []
    for _ in range(9):
        view = await bench.until(lambda view: view.phase is FAILED, "gpu")
        pauses.append(view.next_sync - bench.clock.wall())
        await bench.clock.advance(pauses[-1] + 0.001)
    assert 7 <= pauses[0] <= 15
    assert pauses[0] < pauses[2] < pauses[4]
    assert 290 <= pauses[-1] <= 631


async def test_a_machine_that_is_away(bench):
    """The mirror stays, the store says why it waits, and it tries again by itself."""
    await added(bench, interval_s=100.0)
    await bench.clock.advance(2)
    away = HostUnreachable("cannot connect to gpu: no route")
    bench.connector.outcomes.extend([away])
    with pytest.raises(HostUnreachable):
        await within(bench.registry.sync("gpu"))
    view = bench.registry.get("gpu")
    assert (view.phase, view.detail) == (WAITING, "cannot connect to gpu: no route")
    assert view.next_sync <= bench.clock.wall() + 15
    await bench.clock.advance(16)
    await bench.until(lambda view: view.phase is IDLE, "gpu")


async def test_a_missed_sync_is_made_up_for_when_the_link_is_back(bench):
    """Somebody else's connection to the same machine is enough, whatever the interval."""
    await added(bench, is_automatic=False)
    await bench.clock.advance(2)
    bench.connector.outcomes.append(HostUnreachable("cannot connect to gpu"))
    with pytest.raises(HostUnreachable):
        await within(bench.registry.sync("gpu"))
    assert bench.registry.get("gpu").next_sync is None
    [link] = bench.pool.links()
    async with link.wanted():
        await within(link.up())
        await bench.until(lambda view: view.phase is IDLE, "gpu")
    assert len(bench.stream.requests) == 2


async def test_after_sleep_an_overdue_sync_begins_at_once(bench):
    """The time that the machine slept counts; until somebody looks, nothing has moved."""
    await added(bench, interval_s=100.0)
    bench.clock.suspend(8 * 3600)
    bench.registry.look_again("woke up")
    await eventually(lambda: len(bench.stream.requests) == 2)


async def test_what_needs_a_person_is_no_loop(bench):
    """A wrong password is tried once; the store waits, also past its interval."""
    bench.connector.outcomes.extend([AuthFailed("cannot log in to gpu: refused")] * 50)
    await bench.registry.add(StoreRequest(target="gpu", interval_s=10.0))
    view = await bench.until(lambda view: view.phase is WAITING, "gpu")
    assert view.error.kind == "auth_failed"
    await bench.clock.advance(3600)
    assert bench.connector.tries == 1
    assert bench.registry.get("gpu").phase is WAITING


async def test_asking_again_with_a_login_goes_on(bench):
    """The login that is given now is tried at once, and the sync is seen through."""
    bench.connector.outcomes.append(AuthFailed("cannot log in to gpu: refused"))
    await bench.registry.add(StoreRequest(target="gpu"))
    await bench.until(lambda view: view.phase is WAITING, "gpu")
    view = await within(bench.registry.sync("gpu", login=Login(password="right")))
    assert view.phase is IDLE
    assert view.root == ROOT


async def test_whoever_waits_is_told_that_a_person_is_needed(bench):
    """The error comes at once; the store itself goes on when the question is answered."""
    question = Question(QuestionKind.PASSWORD, "gpu", "password of ada@gpu?")

    def unanswered(interview):
        interview.leftover = question if bench.connector.tries == 0 else None

    bench.interview = unanswered
    bench.connector.outcomes.append(NeedsInput("cannot go on: nobody has answered"))
    await bench.registry.add(StoreRequest(target="gpu"))
    view = await bench.until(lambda view: view.phase is WAITING, "gpu")
    assert view.prompt_id is not None
    for _ in range(2):
        with pytest.raises(NeedsInput) as told:
            await within(bench.registry.sync("gpu"))
        assert told.value.context["prompt"] == view.prompt_id
    bench.prompts.give(view.prompt_id, ())
    await bench.until(lambda view: view.phase is IDLE and view.root, "gpu")


async def test_a_login_that_comes_while_a_question_is_open_is_used(bench):
    """The question is withdrawn, and whoever brought the login sees the sync through."""
    question = Question(QuestionKind.PASSWORD, "gpu", "password of ada@gpu?")

    def unanswered(interview):
        interview.leftover = question if interview.login is None else None

    bench.interview = unanswered
    bench.connector.outcomes.append(NeedsInput("cannot go on: nobody has answered"))
    await bench.registry.add(StoreRequest(target="gpu"))
    await bench.until(lambda view: view.phase is WAITING, "gpu")
    view = await within(bench.registry.sync("gpu", login=Login(password="right")))
    assert (view.phase, view.root) == (IDLE, ROOT)
    assert bench.prompts.pending() == ()


async def test_an_open_question_is_shared(bench):
    """A second store of the same machine waits for the same answer, and asks nothing of its own."""
    question = Question(QuestionKind.PASSWORD, "gpu", "password of ada@gpu?")

    def unanswered(interview):
        interview.leftover = question if bench.connector.tries == 0 else None

    bench.interview = unanswered
    bench.connector.outcomes.append(NeedsInput("cannot go on: nobody has answered"))
    await bench.registry.add(StoreRequest(target="gpu", name="one"))
    prompt = (await bench.until(lambda view: view.phase is WAITING, "one")).prompt_id
    await bench.registry.add(StoreRequest(target="gpu", name="two", root="/two"))
    assert (await bench.until(lambda view: view.phase is WAITING, "two")).prompt_id == prompt
    bench.prompts.give(prompt, ())
    for name in ("one", "two"):
        await bench.synced(name)


async def test_a_question_during_the_login_is_shown(bench):
    """The store names the prompt while it is open, and goes on after it."""
    answered = asyncio.Event()

    async def ask(interview):
        with bench.prompts.asking(Question(QuestionKind.PASSWORD, "gpu", "?")) as prompt:
            interview.on_waiting(prompt.id)
            await answered.wait()
            interview.on_waiting(None)

    bench.connector.outcomes.append(ask)
    await bench.registry.add(StoreRequest(target="gpu"))
    view = await bench.until(lambda view: view.phase is WAITING, "gpu")
    assert view.prompt_id == bench.prompts.pending()[0].id
    await bench.clock.advance(300)
    answered.set()
    await bench.until(lambda view: view.phase is IDLE and view.root, "gpu")
    assert bench.connector.tries == 1


async def test_disconnected(bench):
    """No sync, no connection; the mirror is there; connecting syncs again."""
    await added(bench, interval_s=100.0)
    bench.stream.outcomes = [asyncio.Event()]
    bench.registry.find("gpu").ask()
    await eventually(lambda: bench.stream.running)
    view = await within(bench.registry.disconnect("gpu"))
    assert (view.phase, view.root, view.next_sync) == (StorePhase.DISCONNECTED, ROOT, None)
    assert bench.stream.running == 0
    with pytest.raises(NotConnected) as told:
        await bench.registry.sync("gpu")
    assert "runicornctl store connect gpu" in told.value.hint
    await bench.clock.advance(3600)
    assert len(bench.stream.requests) == 2
    assert bench.registry.get("gpu").phase is StorePhase.DISCONNECTED
    await bench.registry.connect("gpu")
    await bench.until(lambda view: view.phase is IDLE and view.next_sync, "gpu")
    assert len(bench.stream.requests) == 3


async def test_progress_comes_at_most_ten_times_a_second(bench):
    """Thousands of batches make a handful of events, with the totals and the current file."""
    files = [file_frame(f"f{number}") for number in range(2000)]
    begun, _, ended = good_sync(*files)
    bench.stream.outcomes = [[begun, *([file] for file in files), ended]]
    with bench.events.subscribe(100_000) as changes:
        await added(bench)
        seen = []
        while not seen or seen[-1].phase is not IDLE or seen[-1].last_sync is None:
            _, change = await within(anext(changes))
            if isinstance(change, StoreChanged):
                seen.append(change.view)
    receiving = [view.progress for view in seen if view.progress and view.progress.phase == "receiving"]
    assert len(receiving) <= 3  # the clock stands still
    assert receiving[0].files_total == 2000
    phases = list(dict.fromkeys(view.progress.phase for view in seen if view.progress))
    assert phases == ["connecting", "scanning", "receiving", "indexing"]


async def test_another_interval_holds_at_once(bench):
    """The next sync is planned anew, also to none at all."""
    await added(bench)
    view = await bench.registry.change("gpu", 50.0)
    assert view.next_sync == pytest.approx(bench.clock.wall() + 50, abs=3)
    await bench.clock.advance(53)
    await eventually(lambda: len(bench.stream.requests) == 2)
    await bench.until(lambda view: view.phase is IDLE, "gpu")
    assert (await bench.registry.change("gpu", None)).next_sync is None


async def test_a_mistake_of_ours_does_not_end_the_store(bench):
    """It is shown as an internal error, and the next sync works."""
    await added(bench)
    bench.stream.outcomes = [ZeroDivisionError()]
    with pytest.raises(Exception, match="a mistake in runicornd"):
        await within(bench.registry.sync("gpu"))
    assert (await within(bench.registry.sync("gpu"))).phase is IDLE
