"""The registry of sessions, on scripted sessions."""

import asyncio
from dataclasses import replace

import pytest

from runicornd._lib.clock import SystemClock
from runicornd.errors import (
    InvalidParams,
    InvalidTarget,
    NeedsInput,
    NoEnvironment,
    UnknownSession,
    UnknownViewer,
)
from runicornd.events import EventHub, Resync
from runicornd.remote.models import Environment, StorageRoot
from runicornd.sessions.manager import SessionManager
from runicornd.sessions.model import Phase, SessionChanged, SessionRemoved, StartRequest
from runicornd.sessions.store import SessionStore
from runicornd.viewers.kinds.registry import standard_kinds
from tests.fakes.session_parts import INTENT, RECORD, FakeFactory, FakeHosts


class Daemon:
    """A manager on fakes."""

    def __init__(self, folder):
        self.events = EventHub()
        self.hosts = FakeHosts()
        self.store = SessionStore(folder)
        self.factory = FakeFactory(folder, self.events)
        self.manager = SessionManager(
            targets=self.hosts,
            pool=self.hosts,
            remotes=self.hosts,
            kinds=standard_kinds(),
            factory=self.factory,
            store=self.store,
            events=self.events,
            clock=SystemClock(),
        )

    async def ready(self, target="gpu", **asked):
        view = await self.manager.start(StartRequest(target, **asked))
        return await self.factory.benches[view.intent.id].until(Phase.READY)


@pytest.fixture
async def daemon(tmp_path):
    made = Daemon(tmp_path)
    await made.manager.restore()
    yield made
    await made.manager.close()


async def test_asking_twice_gives_the_same_session(daemon):
    """A second connect of the same target starts nothing."""
    first = await daemon.ready()
    assert (await daemon.manager.start(StartRequest("gpu"))).intent.id == first.intent.id
    assert len(daemon.manager.list()) == 1


@pytest.mark.parametrize("other", [{"env": "other"}, {"root": "/other"}, {"local_port": 9000}])
async def test_another_wish_is_another_session_beside_it(daemon, other):
    """Several sessions of one host have numbered ids."""
    await daemon.ready()
    assert (await daemon.ready(**other)).intent.id == "gpu-2"


@pytest.mark.parametrize("same", [{"env": "base"}, {"env": "/bin/python"}, {"root": "/data"}])
async def test_naming_what_it_already_has_is_the_same_wish(daemon, same):
    """The environment that runs may be named by name or by path, and so may the root."""
    await daemon.ready()
    assert (await daemon.ready(**same)).intent.id == "gpu"


async def test_two_targets_run_side_by_side(daemon):
    """Each gets its own session on its own link."""
    await daemon.ready("gpu")
    await daemon.ready("cpu")
    assert [view.intent.id for view in daemon.manager.list()] == ["cpu", "gpu"]


async def test_many_connects_at_once_make_one_session(daemon):
    """There is no race between looking and making."""
    views = await asyncio.gather(*(daemon.manager.start(StartRequest("gpu")) for _ in range(10)))
    assert {view.intent.id for view in views} == {"gpu"}


async def test_a_stopped_session_starts_again_with_its_id_and_port(daemon):
    """The port is remembered for the next time."""
    before = await daemon.ready()
    assert (await daemon.manager.stop("gpu")).state.phase is Phase.STOPPED
    again = await daemon.ready()
    assert (again.intent.id, again.url) == ("gpu", before.url)


@pytest.mark.parametrize(
    ("request_", "error"),
    [(StartRequest("-oProxyCommand=x"), InvalidTarget), (StartRequest("gpu", viewer="no"), UnknownViewer)],
)
async def test_a_bad_request_leaves_nothing(daemon, tmp_path, request_, error):
    """No session and no file."""
    with pytest.raises(error):
        await daemon.manager.start(request_)
    assert list(daemon.manager.list()) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_session_is_found_by_id_and_by_target(daemon):
    """A target that has one session names it."""
    await daemon.ready("gpu a")
    assert daemon.manager.get("gpu a").intent.id == daemon.manager.get("gpu-a").intent.id


async def test_a_target_with_two_sessions_is_ambiguous(daemon):
    """The error lists the ids."""
    await daemon.ready("gpu x")
    await daemon.ready("gpu x", env="other")
    with pytest.raises(InvalidParams, match="gpu-x, gpu-x-2"):
        daemon.manager.get("gpu x")


async def test_an_unknown_session_is_guessed(daemon):
    """A near miss gets a suggestion."""
    await daemon.ready()
    with pytest.raises(UnknownSession) as caught:
        daemon.manager.get("gpuu")
    assert "'gpu'" in caught.value.hint


async def test_a_failed_wish_does_not_stick(daemon):
    """After a first start with a wrong environment, a plain connect chooses afresh."""
    view = await daemon.manager.start(StartRequest("gpu", env="typo", local_port=9000))
    bench = daemon.factory.benches["gpu"]
    bench.steps.outcomes["choose"] = [NoEnvironment("cannot use environment 'typo'")]
    await bench.until(Phase.FAILED)
    view = await daemon.ready()
    assert (view.intent.id, view.intent.requested_env, view.intent.port_is_explicit) == ("gpu", None, False)


async def test_stopping_what_never_worked_forgets_it(daemon, tmp_path):
    """A first start that is cancelled leaves no trace."""
    await daemon.manager.start(StartRequest("gpu"))
    bench = daemon.factory.benches["gpu"]
    bench.steps.outcomes["connect"] = [NeedsInput("cannot log in: a password is needed")]
    await bench.until(Phase.BLOCKED)
    await daemon.manager.stop("gpu")
    assert list(daemon.manager.list()) == []
    assert list(tmp_path.iterdir()) == []


async def test_a_working_wish_is_remembered(daemon):
    """The root of a session that worked is taken again."""
    await daemon.ready(root="/big/data")
    await daemon.manager.stop("gpu")
    assert (await daemon.ready()).intent.requested_root == "/big/data"


async def test_removing_forgets_everything(daemon, tmp_path):
    """The viewer is ended, the file is gone, and everyone is told."""
    await daemon.ready()
    with daemon.events.subscribe() as changes:
        await daemon.manager.remove("gpu")
        async with asyncio.timeout(5):
            async for _, change in changes:
                if isinstance(change, SessionRemoved):
                    break
    assert daemon.factory.benches["gpu"].viewer.stopped == [RECORD]
    assert list(daemon.manager.list()) == []
    assert list(tmp_path.iterdir()) == []


async def test_the_next_daemon_brings_wanted_sessions_back(tmp_path):
    """A wanted one runs again on its port; a stopped one is there and rests."""
    store = SessionStore(tmp_path)
    store.save(replace(INTENT, record=RECORD, root="/data", local_port=8090))
    store.save(replace(INTENT, id="old", wanted=False, local_port=8091))
    daemon = Daemon(tmp_path)
    await daemon.manager.restore()
    view = await daemon.factory.benches["gpu"].until(Phase.READY)
    assert view.url == "http://localhost:8090"
    assert daemon.manager.get("old").state.phase is Phase.STOPPED
    await daemon.manager.close()


async def test_one_session_that_cannot_be_restored_costs_only_itself(tmp_path):
    """A target that no longer resolves does not keep the others down."""
    store = SessionStore(tmp_path)
    store.save(replace(INTENT, id="bad", target="-bad"))
    store.save(INTENT)
    daemon = Daemon(tmp_path)
    await daemon.manager.restore()
    await daemon.factory.benches["gpu"].until(Phase.READY)
    assert (tmp_path / "bad.json").exists()
    await daemon.manager.close()


async def test_sessions_of_one_target_are_brought_back_by_one_look_at_it(tmp_path):
    """However many sessions a host has, OpenSSH is asked once where it is."""
    store = SessionStore(tmp_path)
    for number in range(5):
        store.save(replace(INTENT, id=f"gpu-{number}", wanted=False))
    daemon = Daemon(tmp_path)
    asked, resolve = [], daemon.hosts.resolve

    async def counted(target):
        asked.append(target)
        return await resolve(target)

    daemon.hosts.resolve = counted
    await daemon.manager.restore()
    assert len(daemon.manager.list()) == 5
    assert asked == [INTENT.target]
    await daemon.manager.close()


async def test_news_of_links_that_were_too_many_reach_every_session(daemon):
    """When two hundred links change at once and the queue overflows, no session shows old news."""
    await daemon.ready("one")
    await daemon.ready("two")
    with daemon.events.subscribe() as changes:
        daemon.events.publish(Resync())
        told = set()
        async with asyncio.timeout(5):
            while told != {"one", "two"}:
                _, change = await anext(changes)
                if isinstance(change, SessionChanged):
                    told.add(change.view.intent.id)


async def test_environments_say_which_one_would_be_taken(daemon):
    """The one used last on that host is the choice."""
    await daemon.ready()
    pythons = ["/bin/python", "/other/bin/python"]
    daemon.hosts.listed = (
        tuple(
            Environment(p, "venv", p, p, "3.11.4", {"runicorn": "0.7.2", "uvicorn": "0.30"}) for p in pythons
        ),
        StorageRoot("/data", "default", True, True),
    )
    report = await daemon.manager.environments("gpu", "runicorn", None)
    assert [judged.usable for judged in report.environments] == [True, True]
    assert report.chosen == "/bin/python"


async def test_stop_all_ends_every_viewer(daemon):
    """What 'daemon stop' does."""
    await daemon.ready("gpu")
    await daemon.ready("cpu")
    await daemon.manager.stop_all()
    assert {view.state.phase for view in daemon.manager.list()} == {Phase.STOPPED}
