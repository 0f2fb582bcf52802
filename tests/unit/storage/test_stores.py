"""The stores that there are: added, used, found again by the next daemon, forgotten."""

import asyncio

import pytest

from runicornd.errors import (
    ChannelRefused,
    HostUnreachable,
    InvalidParams,
    InvalidTarget,
    NotConnected,
    StateUnwritable,
    UnknownStore,
    WrongState,
)
from runicornd.storage.model import StoreChanged, StorePhase, StoreRemoved, VersionKey
from runicornd.storage.requests import StoreRequest
from runicornd.storage.stores import Stores
from tests.fakes.clock import settle
from tests.fakes.storage_parts import ROOT, StoreBench
from tests.helpers.waiting import eventually, within


class FakeOperations:
    """Remembers what it was asked to change, and where."""

    def __init__(self):
        self.done = []
        self.refusals = []

    async def delete(self, machine, version, *, permanently, confirm):
        if self.refusals:
            raise self.refusals.pop()
        self.done.append((machine.where, machine.root, str(version.key), permanently, confirm))
        return "deleted"


class FakeRemotes:
    """Agents that nobody talks to."""

    def of(self, key, link):
        assert link.connection is not None
        return key


@pytest.fixture
async def bench(tmp_path):
    one = StoreBench(tmp_path)
    one.operations = FakeOperations()
    one.fresh_registry(Stores, FakeRemotes(), one.operations)
    await one.registry.restore()
    yield one
    await one.close()


async def add(bench, target="gpu", **wishes):
    """Add a store and see its first sync through."""
    name = (await bench.registry.add(StoreRequest(target=target, **wishes))).intent.name
    return await bench.synced(name)


async def test_names_and_folders(bench):
    """Names come from targets and are told apart; so are the folders of two roots of one account."""
    names = [
        (await bench.registry.add(StoreRequest(target=target, root=root))).intent
        for target, root in [("ada@gpu-1.lab.edu", None), ("ada@gpu-1.lab.edu", "/b"), ("local", None)]
    ]
    assert [intent.name for intent in names] == ["gpu-1", "gpu-1-2", "local"]
    assert len({intent.folder for intent in names}) == 3
    assert names[2].folder == "local"


async def test_the_same_root_is_the_same_store(bench):
    """By any name of the machine, and by the path that the first one was resolved to."""
    first = await add(bench)
    bench.targets.aliases["also-gpu"] = "gpu"
    for target, root in [("gpu", None), ("also-gpu", None), ("gpu", ROOT), ("gpu", ROOT + "/")]:
        view = await within(bench.registry.add(StoreRequest(target=target, root=root)))
        assert view.intent.name == first.intent.name
    assert (await bench.registry.add(StoreRequest(target="gpu", root="/other"))).intent.name == "gpu-2"


async def test_adding_again_connects_again(bench):
    """Who adds it wants it to be there."""
    await add(bench)
    await bench.registry.disconnect("gpu")
    view = await bench.registry.add(StoreRequest(target="gpu"))
    assert view.intent.is_connected


async def test_the_interval(bench):
    """The configured one, one's own, or none."""
    bench.configure(interval_s=77.0)
    await bench.registry.close()
    bench.fresh_registry()
    await bench.registry.restore()
    requests = [
        StoreRequest(target="a"),
        StoreRequest(target="b", interval_s=20.0),
        StoreRequest(target="c", is_automatic=False),
    ]
    views = [await bench.registry.add(request) for request in requests]
    assert [view.intent.interval_s for view in views] == [77.0, 20.0, None]


@pytest.mark.parametrize(
    ("wishes", "error"),
    [
        ({"target": "-oProxyCommand=x"}, InvalidTarget),
        ({"target": "gpu", "name": "../x"}, InvalidParams),
        ({"target": "gpu", "root": ""}, InvalidParams),
        ({"target": "gpu", "root": "a\0b"}, InvalidParams),
        ({"target": "gpu", "root": "/" * 5000}, InvalidParams),
    ],
)
async def test_requests_that_cannot_be(bench, wishes, error):
    """Nothing is begun and nothing is saved."""
    with pytest.raises(error):
        await bench.registry.add(StoreRequest(**wishes))
    assert bench.registry.list() == []
    assert not (bench.folder / "state" / "stores").exists()


async def test_a_name_is_given_once(bench):
    """Also in another case, for file systems that do not tell them apart."""
    await add(bench, name="Mine")
    with pytest.raises(InvalidParams, match="another one is called that"):
        await bench.registry.add(StoreRequest(target="other", name="mine"))


async def test_a_store_that_cannot_be_saved_is_not_there(bench):
    """The next daemon would not know it."""
    (bench.folder / "state").write_text("")
    with pytest.raises(StateUnwritable):
        await bench.registry.add(StoreRequest(target="gpu"))
    assert bench.registry.list() == []


async def test_the_store_in_use(bench):
    """The first one, until another is chosen; it is what None means."""
    with pytest.raises(UnknownStore, match="there is none") as told:
        bench.registry.get(None)
    assert told.value.hint == "add one: runicornctl store add TARGET"
    await add(bench, "gpu-1")
    await add(bench, "gpu-2")
    assert bench.registry.get(None).intent.name == "gpu-1"
    with bench.events.subscribe() as changes:
        assert (await bench.registry.use("gpu-2")).in_use
        told = {}
        while len(told) < 2:
            _, change = await within(anext(changes))
            if isinstance(change, StoreChanged):
                told[change.view.intent.name] = change.view.in_use
    assert told == {"gpu-1": False, "gpu-2": True}
    assert bench.registry.in_use == "gpu-2"


async def test_a_store_that_never_worked_is_not_the_one_in_use_for_long(bench):
    """A mistyped target gives way to the next store; one that has been synced once does not."""
    bench.connector.outcomes.append(HostUnreachable("cannot reach gup: there is no such host"))
    await bench.registry.add(StoreRequest(target="gup"))
    await bench.until(lambda view: view.error, "gup")
    assert bench.registry.in_use == "gup"
    await add(bench, "gpu")
    assert bench.registry.in_use == "gpu"
    bench.stream.outcomes = [HostUnreachable("cannot reach gpu")]
    with pytest.raises(HostUnreachable):
        await within(bench.registry.sync("gpu"))
    await add(bench, "other")
    assert bench.registry.in_use == "gpu"


async def test_local_is_made_when_it_is_wanted(bench):
    """``use local`` needs no ``add``, and a second time finds the same one."""
    await add(bench)
    for _ in range(2):
        view = await bench.registry.use("local")
        assert (view.is_local, view.in_use) == (True, True)
    assert [view.intent.name for view in bench.registry.list()] == ["gpu", "local"]


async def test_local_by_another_name(bench):
    """A store of this machine is what ``local`` means, whatever it is called."""
    await add(bench, "local", name="mine")
    assert (await bench.registry.use("local")).intent.name == "mine"


async def test_unknown_stores(bench):
    """The hint has a name that is near."""
    await add(bench)
    for ask in (bench.registry.sync, bench.registry.cancel, bench.registry.disconnect, bench.registry.use):
        with pytest.raises(UnknownStore) as told:
            await ask("gpuu")
        assert told.value.hint == "did you mean 'gpu'?"


async def test_the_next_daemon(bench):
    """It has the same stores, what they mirrored, what was in use and what was disconnected."""
    await add(bench, "gpu-1")
    await add(bench, "gpu-2", interval_s=100.0)
    await bench.registry.disconnect("gpu-1")
    await bench.registry.use("gpu-2")
    await bench.registry.close()
    requests = len(bench.stream.requests)
    registry = bench.fresh_registry()
    await registry.restore()
    view = await bench.until(lambda view: view.intent.name == "gpu-2" and view.next_sync, "gpu-2")
    assert (view.root, view.in_use, view.phase) == (ROOT, True, StorePhase.IDLE)
    assert registry.get("gpu-1").phase is StorePhase.DISCONNECTED
    await bench.clock.advance(90)
    assert len(bench.stream.requests) == requests  # the last sync was not so long ago
    await bench.clock.advance(20)
    await eventually(lambda: len(bench.stream.requests) == requests + 1)


async def test_a_target_that_means_nothing_any_more(bench):
    """The store is there and browsed all the same; its sync says what is wrong, until it is mended."""
    await add(bench)
    await bench.registry.close()
    bench.targets.unknown = {"gpu"}
    registry = bench.fresh_registry()
    await registry.restore()
    view = await bench.until(lambda view: view.root, "gpu")
    assert view.counts.versions == 1
    with pytest.raises(InvalidTarget):
        await within(registry.sync("gpu"))
    assert registry.get("gpu").phase is StorePhase.FAILED
    bench.targets.unknown = set()
    assert (await within(registry.sync("gpu"))).phase is StorePhase.IDLE


async def test_work_for_a_store_ends_when_it_is_disconnected(bench):
    """Downloads are told why, and how to go on."""
    await add(bench)
    told = []

    async def end_downloads(name, error):
        told.append((name, error.kind, error.hint))

    bench.registry.before_leaving(end_downloads)
    await within(bench.registry.disconnect("gpu"))
    assert told == [("gpu", "not_connected", "connect it again: runicornctl store connect gpu")]


async def test_forgotten(bench):
    """Its work ends first, its mirror goes, its downloads stay; the name is free again."""
    await add(bench)
    folder = bench.cache / "gpu_ada"
    (folder / "metadata" / "artifacts").mkdir(parents=True)
    (folder / "index.db").write_text("x")
    (folder / "downloads" / "a" / "v1").mkdir(parents=True)
    (folder / "downloads" / "a" / "v1" / "model.pth").write_text("weights")
    asked = []

    async def end_downloads(name, error):
        asked.append((name, error.kind))

    bench.registry.before_leaving(end_downloads)
    bench.stream.outcomes = [asyncio.Event()]
    bench.registry.find("gpu").ask()
    await eventually(lambda: bench.stream.running)
    with bench.events.subscribe() as changes:
        await within(bench.registry.remove("gpu", keep_files=True))
        removed = []
        while not removed:
            _, change = await within(anext(changes))
            removed += [change.name] if isinstance(change, StoreRemoved) else []
    assert (asked, removed, bench.stream.running) == ([("gpu", "not_connected")], ["gpu"], 0)
    assert [path.name for path in folder.iterdir()] == ["downloads"]
    assert (folder / "downloads" / "a" / "v1" / "model.pth").read_text() == "weights"
    assert bench.registry.in_use is None
    with pytest.raises(UnknownStore):
        bench.registry.get("gpu")
    assert not bench.indexes["gpu_ada"].is_open
    again = bench.fresh_registry()
    await again.restore()
    assert again.list() == []


async def test_forgotten_with_its_files(bench):
    """Then nothing is left of its folder, and another store's is as it was."""
    await add(bench)
    other = bench.cache / "other_ada" / "downloads"
    other.mkdir(parents=True)
    (bench.cache / "gpu_ada" / "downloads" / "a" / "v1").mkdir(parents=True)
    await within(bench.registry.remove("gpu", keep_files=False))
    assert not (bench.cache / "gpu_ada").exists()
    assert other.is_dir()


async def test_removal_waits_for_a_change_that_runs(bench):
    """A change at the source is not cut short."""
    await add(bench)
    store = bench.registry.find("gpu")
    async with store.changing:
        removing = asyncio.create_task(bench.registry.remove("gpu", keep_files=True))
        await settle()
        assert bench.registry.get("gpu")
    await within(removing)


async def test_downloads_need_a_connection_and_a_root(bench):
    """Where files come from is told only when something can come from there."""
    bench.stream.outcomes = [asyncio.Event()]
    await bench.registry.add(StoreRequest(target="gpu"))
    with pytest.raises(WrongState, match="never been synced"):
        await bench.registry.source("gpu")
    await eventually(lambda: bench.stream.running)
    await within(bench.registry.cancel("gpu"))
    await within(bench.registry.sync("gpu"))
    source = await bench.registry.source(None)
    assert (source.name, source.target, source.root) == ("gpu", "gpu", ROOT)
    assert source.downloads == bench.cache / "gpu_ada" / "downloads"
    await bench.registry.disconnect("gpu")
    with pytest.raises(NotConnected) as told:
        await bench.registry.source("gpu")
    assert told.value.hint == "connect it again: runicornctl store connect gpu"


async def test_a_change_is_made_at_the_store_and_then_mirrored(bench):
    """It knows where, and what; the sync that follows shows it."""
    await add(bench)
    requests = len(bench.stream.requests)
    report = await within(bench.registry.delete("gpu", "model/a:v3", permanently=True, confirm="a"))
    assert report == "deleted"
    assert bench.operations.done == [("gpu", ROOT, "model/a:v3", True, "a")]
    assert len(bench.stream.requests) == requests + 1


async def test_a_change_waits_for_the_only_channel(bench):
    """Where a server allows one, a sync that runs may have it; a refusal that has another reason is told."""
    await add(bench)
    go = asyncio.Event()
    bench.stream.outcomes = [go]
    bench.registry.find("gpu").ask()
    await eventually(lambda: bench.stream.running)
    bench.operations.refusals = [ChannelRefused("cannot start the agent")]
    deleting = asyncio.create_task(bench.registry.delete("gpu", "model/a:v3"))
    await eventually(lambda: not bench.operations.refusals)
    assert bench.operations.done == []
    go.set()
    assert await within(deleting) == "deleted"
    bench.operations.refusals = [ChannelRefused("cannot start the agent")] * 2
    with pytest.raises(ChannelRefused):
        await within(bench.registry.delete("gpu", "model/a:v3"))


async def test_a_change_stays_made_when_its_sync_fails(bench):
    """The report comes, and the mirror follows later."""
    await add(bench)
    bench.stream.outcomes = [OSError("no")]
    assert await within(bench.registry.delete("gpu", "model/a:v3")) == "deleted"


async def test_a_change_needs_a_connection(bench):
    """After ``disconnect`` nothing is sent."""
    await add(bench)
    await bench.registry.disconnect("gpu")
    with pytest.raises(NotConnected):
        await bench.registry.delete("gpu", "model/a:v3")
    assert bench.operations.done == []


async def test_clearing_makes_the_mirror_afresh(bench):
    """Index and metadata go, downloads stay known, and a full sync follows."""
    await add(bench)
    folder = bench.cache / "gpu_ada"
    (folder / "metadata").mkdir(parents=True)
    (folder / "metadata" / "x.json").write_text("12345")
    key = VersionKey("model", "a", 1)
    bench.index("gpu").marks = []
    await bench.index("gpu").mark_downloaded(key, folder / "downloads" / "a" / "v1")
    requests = len(bench.stream.requests)
    freed = await within(bench.registry.cache_clear("gpu"))
    assert (freed.freed_bytes, freed.removed) == (5, 0)
    assert not (folder / "metadata").exists()
    assert [mark.key for mark in await bench.index("gpu").downloads()][-1] == key
    await eventually(lambda: len(bench.stream.requests) == requests + 1)
