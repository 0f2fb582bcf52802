"""Stores with real indexes, real far ends and real connections: this machine, and an SSH server."""

import asyncio
import json
import os
import random
import shutil
import time

import pytest

from runicornd._lib.backoff import delays
from runicornd._lib.clock import SystemClock
from runicornd.errors import ConnectError, RootNotFound, WrongState
from runicornd.events import EventHub
from runicornd.prompts import Prompts
from runicornd.remote.registry import RemoteHosts
from runicornd.ssh.asyncssh_adapter import AsyncsshConnector
from runicornd.ssh.auth import Interview, Login, Secrets
from runicornd.ssh.hostkeys import HostKeys
from runicornd.ssh.link import Link
from runicornd.ssh.local import LocalConnector
from runicornd.ssh.pool import Pool
from runicornd.ssh.targets import Host
from runicornd.storage.factory import StoreFactory
from runicornd.storage.index.results import ArtifactQuery
from runicornd.storage.intents import Intents
from runicornd.storage.model import StoreChanged, StorePhase
from runicornd.storage.operations import Operations
from runicornd.storage.requests import StoreOptions, StoreRequest
from runicornd.storage.stores import Stores
from tests.helpers.artifact_root import ArtifactRoot
from tests.helpers.embedded import EmbeddedServer
from tests.helpers.proxy import Proxy
from tests.helpers.waiting import eventually, within


class World:
    """Stores as the daemon has them; ``hosts`` has what a target resolves to."""

    def __init__(self, folder):
        self.folder = folder
        self.events = EventHub()
        self.prompts = Prompts(self.events)
        self.hosts = {"local": Host("local", "localhost", is_local=True)}
        self.secrets = Secrets()
        self.host_keys = HostKeys(folder / "known_hosts")
        self.pool = Pool(self._link)
        self.remotes = RemoteHosts()
        self.stores = self.fresh()

    def fresh(self):
        """What the next daemon has."""
        factory = StoreFactory(
            targets=self,
            pool=self.pool,
            events=self.events,
            clock=SystemClock(),
            cache_folder=self.folder / "cache",
            options=StoreOptions(metadata_max_bytes=20_000),
            own_link=lambda host, _hub: self._link(host),
        )
        self.stores = Stores(factory, Intents(self.folder / "state"), self.remotes, Operations())
        return self.stores

    async def resolve(self, target):
        return self.hosts[target]

    async def close(self):
        await self.stores.close()
        await self.remotes.close()
        await self.pool.close()

    async def names(self, store):
        """The artifacts of a store, with how many versions each has."""
        page = await self.stores.artifacts(store, ArtifactQuery())
        return {artifact.name: artifact.versions for artifact in page.artifacts}

    def _link(self, host):
        return Link(
            host,
            connector=LocalConnector() if host.is_local else AsyncsshConnector(),
            interviews=self._interview,
            prompts=self.prompts,
            events=self.events,
            clock=SystemClock(),
            backoff=lambda: delays(random.Random(1), first_s=0.01, cap_s=0.05),
            linger_s=0.2,
        )

    def _interview(self, host, login, on_waiting):
        return Interview(
            host,
            prompts=self.prompts,
            secrets=self.secrets,
            host_keys=self.host_keys,
            login=login,
            on_waiting=on_waiting,
        )


@pytest.fixture
async def world(tmp_path):
    one = World(tmp_path)
    await one.stores.restore()
    yield one
    await one.close()


@pytest.fixture
def root(tmp_path):
    return ArtifactRoot(tmp_path / "root", versions=3)


@pytest.fixture
async def gpu(world, tmp_path):
    """An SSH server with a password, behind a network that can be cut; the target ``gpu``."""
    home = tmp_path / "home"
    home.mkdir()
    async with EmbeddedServer(password="right", home=home) as server, Proxy(server.port) as proxy:
        known = tmp_path / "known"
        known.write_text(server.known_hosts_line.replace(f":{server.port}", f":{proxy.port}") + "\n")
        world.hosts["gpu"] = Host(
            "gpu",
            server.address,
            port=proxy.port,
            user="ada",
            known_hosts_files=(known,),
            connect_timeout_s=5.0,
        )
        server.network = proxy
        yield server
        await world.close()


async def add(world, target, root, **wishes):
    """Add a store and wait for its first sync."""
    request = StoreRequest(target=target, root=str(root.path), is_automatic=False, **wishes)
    name = (await world.stores.add(request)).intent.name
    return await within(world.stores.sync(name), 30)


async def first(changes, phase):
    """Wait for a sync to come to a phase."""
    async for _, change in changes:
        progress = change.view.progress if isinstance(change, StoreChanged) else None
        if progress is not None and progress.phase == phase:
            return


async def test_this_machine(world, root):
    """Its root is mirrored and browsed without SSH; what changes is followed."""
    view = await add(world, "local", root)
    assert (view.is_local, view.root) == (True, str(root.path.resolve()))
    assert (view.counts.artifacts, view.counts.versions) == (1, 3)
    assert await world.names("local") == {"resnet50": 3}
    mirrored = world.folder / "cache" / "local" / "metadata" / "artifacts/model/resnet50/v2/metadata.json"
    assert mirrored.read_bytes() == (root.version(2) / "metadata.json").read_bytes()

    shutil.rmtree(root.version(3))
    index = root.index()
    index["versions"].pop()
    index["aliases"] = {"latest": 2}
    root.write_index(index)
    view = await within(world.stores.sync("local"), 30)
    assert await world.names("local") == {"resnet50": 2}
    assert view.last_sync.changed >= 1
    assert view.last_sync.removed >= 1


async def test_over_ssh(world, root, gpu):
    """With a password that came with the request; the connection goes when there is no work."""
    view = await add(world, "gpu", root, login=Login(password="right"))
    assert view.phase is StorePhase.IDLE
    assert await world.names(None) == {"resnet50": 3}
    assert gpu.connections == 1
    [link] = world.pool.links()
    await eventually(lambda: link.connection is None)


async def test_the_next_daemon_browses_before_it_connects(world, root):
    """The mirror, the counts and the last sync are there at once, also when the root is gone."""
    before = await add(world, "local", root)
    await world.stores.close()
    shutil.rmtree(root.path)
    stores = world.fresh()
    await stores.restore()
    await eventually(lambda: stores.get("local").root)
    view = stores.get(None)
    assert (view.counts, view.last_sync) == (before.counts, before.last_sync)
    assert (await stores.version(None, "resnet50:v2")).version.key.version == 2
    with pytest.raises(RootNotFound):
        await within(stores.sync(None), 30)
    assert stores.get(None).phase is StorePhase.FAILED
    assert await world.names(None) == {"resnet50": 3}


@pytest.mark.parametrize("phase", ["connecting", "scanning", "receiving"])
async def test_cut_in_any_phase_the_old_state_stays(world, tmp_path, gpu, phase):
    """A sync that is cut commits nothing and says why; the next one makes it good."""
    root = ArtifactRoot(tmp_path / "root", versions=2)
    await add(world, "gpu", root, login=Login(password="right"))
    for number in range(3, 60):
        root.version(number).mkdir(parents=True)
        metadata = {"version": number, "name": "resnet50", "metadata": {"x": os.urandom(7000).hex()}}
        (root.version(number) / "metadata.json").write_text(json.dumps(metadata))
    gpu.network.pause()
    syncing = asyncio.create_task(world.stores.sync("gpu"))
    with world.events.subscribe() as changes:
        gpu.network.resume()
        await within(first(changes, phase))
    gpu.network.reset()
    outcome = await within(asyncio.gather(syncing, return_exceptions=True), 30)
    has_new = (await world.names("gpu"))["resnet50"] > 2
    assert has_new == (not isinstance(outcome[0], Exception))
    if not has_new:
        assert isinstance(outcome[0], ConnectError)
        assert world.stores.get("gpu").phase is StorePhase.WAITING
    await within(world.stores.sync("gpu"), 30)
    assert (await world.names("gpu"))["resnet50"] == 59


async def test_cancel_leaves_nothing_running(world, root, gpu):
    """Neither here nor at the far end; the sync after it works."""
    await add(world, "gpu", root, login=Login(password="right"))
    gpu.network.pause()
    syncing = asyncio.create_task(world.stores.sync("gpu"))
    await eventually(lambda: world.stores.get("gpu").phase is StorePhase.SYNCING)
    began = time.monotonic()
    await world.stores.cancel("gpu")
    assert time.monotonic() - began < 5
    with pytest.raises(WrongState):
        await within(syncing)
    gpu.network.resume()
    await within(world.stores.sync("gpu"), 30)


async def test_a_change_at_the_source_is_seen_at_once(world, root):
    """A soft delete, an alias, a tag: made in the root's files, and in the mirror when it returns."""
    await add(world, "local", root)
    await within(world.stores.delete("local", "resnet50:v1"), 30)
    assert (root.version(1) / ".deleted").exists()
    assert (await world.stores.version("local", "resnet50:v1")).version.deleted is not None
    await within(world.stores.restore_version("local", "resnet50:v1"), 30)
    assert (await world.stores.version("local", "resnet50:v1")).version.deleted is None
    await within(world.stores.set_alias("local", "resnet50:v1", "production"), 30)
    found = await world.stores.version("local", "model/resnet50:production")
    assert found.version.key.version == 1


async def test_clear_and_sync_again(world, root):
    """The mirror goes from the disk, and comes back from the source."""
    before = await add(world, "local", root)
    freed = await within(world.stores.cache_clear("local"), 30)
    assert freed.freed_bytes > 0
    view = await within(world.stores.sync("local"), 30)
    assert view.counts == before.counts


async def test_large_metadata_is_skipped_with_a_note(world, root):
    """One entry is marked, the rest is there."""
    (root.version(2) / "metadata.json").write_text('{"name": "resnet50", "x": "' + "y" * 30_000 + '"}')
    view = await add(world, "local", root)
    assert view.counts.versions == 3
    problem = (await world.stores.version("local", "resnet50:v2")).version.problem
    assert "larger than 20000 bytes" in problem
