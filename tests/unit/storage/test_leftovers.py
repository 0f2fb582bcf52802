"""What removed stores leave in the cache: known, found again, cleared when somebody says so."""

import shutil
from pathlib import Path

import pytest

from runicornd.errors import UnknownStore
from runicornd.ssh.targets import Host
from runicornd.storage.leftovers import Leftovers
from runicornd.storage.model import VersionKey
from runicornd.storage.requests import StoreRequest
from runicornd.storage.stores import Stores
from tests.fakes.storage_parts import ROOT, StoreBench
from tests.helpers.waiting import within

SAMPLES = Path(__file__).parent / "files"
KEY = VersionKey("model", "a", 1)


@pytest.fixture
async def bench(tmp_path):
    one = StoreBench(tmp_path)
    one.fresh_registry(Stores, None, None)
    await one.registry.restore()
    yield one
    await one.close()


async def add(bench, target="gpu", **wishes):
    """Add a store and see its first sync through; return its folder."""
    view = await bench.registry.add(StoreRequest(target=target, **wishes))
    await bench.synced(view.intent.name)
    return bench.cache / view.intent.folder


async def with_a_download(bench, name="gpu", **wishes):
    """Add a store of which one version is here; return its folder."""
    folder = await add(bench, name, **wishes)
    place = folder / "downloads" / "a" / "v1"
    place.mkdir(parents=True)
    (place / "model.pth").write_bytes(b"x" * 100)
    store = bench.registry.all()[-1]
    await (await store.index()).mark_downloaded(KEY, place, 100)
    return folder


async def remove(bench, name):
    """Remove a store; its index goes with its mirror."""
    folder = bench.registry.get(name).intent.folder
    left = await within(bench.registry.remove(name))
    del bench.indexes[folder]
    return left


async def test_removal_says_what_stays(bench):
    """How much and where; the cache lists it under the name of the store, and counts it."""
    folder = await with_a_download(bench)
    left = await remove(bench, "gpu")
    assert (left.path, left.downloads, left.downloads_bytes) == (folder / "downloads", 1, 100)
    info = await bench.registry.cache_info()
    assert (info.stores, info.total_bytes) == ((), 100)
    (gone,) = info.removed
    assert (gone.store, gone.path, gone.downloads, gone.downloads_bytes) == ("gpu", folder, 1, 100)
    assert gone.removed == pytest.approx(bench.clock.wall())


async def test_nothing_stays_of_a_store_without_downloads(bench):
    """Then there is nothing to list, and its folder is gone."""
    folder = await add(bench)
    folder.mkdir(parents=True)
    left = await remove(bench, "gpu")
    assert (left.downloads, left.downloads_bytes) == (0, 0)
    assert (await bench.registry.cache_info()).removed == ()
    assert not folder.exists()


@pytest.mark.parametrize("root", [None, ROOT])
async def test_the_same_root_finds_its_downloads_again(bench, root):
    """By the path as it was given and as it was resolved, also by the next daemon and under another name."""
    folder = await with_a_download(bench)
    await remove(bench, "gpu")
    bench.fresh_registry(Stores, None, None)
    await bench.registry.restore()
    assert await add(bench, "gpu", name="again", root=root) == folder
    (mark,) = await bench.index("again").downloads()
    assert (mark.key, mark.folder, mark.size_bytes) == (KEY, folder / "downloads" / "a" / "v1", 100)
    assert (await bench.registry.cache_info()).removed == ()


async def test_another_root_of_the_account_leaves_them_alone(bench):
    """Its folder is a new one, so that files of two stores never mix."""
    folder = await with_a_download(bench, root="/first")
    await remove(bench, "gpu")
    other = await add(bench, root="/second")
    assert other != folder
    assert await bench.index("gpu").downloads() == ()
    assert [gone.path for gone in (await bench.registry.cache_info()).removed] == [folder]


async def test_downloads_that_somebody_removed_are_not_taken_over(bench):
    """What is no longer there is no longer marked."""
    folder = await with_a_download(bench)
    (folder / "downloads" / "b" / "v1").mkdir(parents=True)
    await remove(bench, "gpu")
    (folder / "downloads" / "a" / "v1" / "model.pth").unlink()
    (folder / "downloads" / "a" / "v1").rmdir()
    await add(bench)
    assert await bench.index("gpu").downloads() == ()


async def test_a_folder_whose_store_nobody_knows(bench):
    """It is listed by its own name; what is no folder of ours is not, and a link is not followed."""
    await add(bench)
    for name in ("old_ada/downloads/a/v1", "lost_ada/metadata", "strange", "UPPER/downloads"):
        (bench.cache / name).mkdir(parents=True)
    (bench.cache / "old_ada/downloads/a/v1/x").write_bytes(b"12")
    (bench.cache / "linked").symlink_to(bench.cache / "old_ada")
    info = await bench.registry.cache_info()
    assert [(gone.store, gone.downloads_bytes, gone.removed) for gone in info.removed] == [
        ("lost_ada", 0, None), ("old_ada", 2, None),
    ]  # fmt: skip
    assert (await bench.registry.cache_clear_removed("old_ada")).freed_bytes == 2
    assert not (bench.cache / "old_ada").exists()
    assert (bench.cache / "lost_ada").exists()


async def test_a_cleanup_takes_them_only_when_it_is_told_to(bench):
    """They may be the only copy: by itself nothing of them goes, and they do not push others out."""
    folder = await with_a_download(bench)
    await remove(bench, "gpu")
    assert (await bench.registry.cache_cleanup(0)).removed == 0
    assert (await bench.registry.cache_clear(None, downloads=True)).removed == 0
    assert folder.exists()
    freed = await bench.registry.cache_cleanup(0, removed=True)
    assert (freed.freed_bytes, freed.removed, freed.kept) == (100, 1, 0)
    assert (await bench.registry.cache_info()).removed[0].downloads == 0


async def test_clearing_what_is_left(bench):
    """By the removed store's name, or all; a name that means nothing is refused."""
    folders = [await with_a_download(bench, name) for name in ("a", "b", "c")]
    kept = await with_a_download(bench, "here")
    for name in ("a", "b", "c"):
        await remove(bench, name)
    with pytest.raises(UnknownStore, match="no removed store of that name"):
        await bench.registry.cache_clear_removed("here")
    with pytest.raises(UnknownStore, match="it was removed") as told:
        await bench.registry.cache_clear("a")
    assert told.value.hint == "remove them, too: runicornctl cache clear --removed --store a"
    assert (await bench.registry.cache_clear_removed("a")).freed_bytes == 100
    assert [folder.exists() for folder in folders] == [False, True, True]
    freed = await bench.registry.cache_clear_removed()
    assert (freed.freed_bytes, freed.removed) == (200, 2)
    assert not any(folder.exists() for folder in folders)
    assert (kept / "downloads" / "a" / "v1" / "model.pth").exists()


async def test_a_record_that_cannot_be_written_costs_only_the_name(bench):
    """The store goes, its downloads stay and are still listed."""
    folder = await with_a_download(bench)
    (bench.folder / "state" / "removed-stores").write_text("in the way")
    left = await remove(bench, "gpu")
    assert left.downloads == 1
    assert [gone.store for gone in (await bench.registry.cache_info()).removed] == [folder.name]


async def test_a_record_of_no_use_is_dropped(bench):
    """Of a folder that is gone, or of a name that leads elsewhere."""
    state = bench.folder / "state" / "removed-stores"
    folder = await with_a_download(bench)
    await remove(bench, "gpu")
    (state / "..x.json").write_text((state / "gpu_ada.json").read_text().replace("gpu_ada", "..x"))
    await bench.registry.cache_clear_removed()
    assert not folder.exists()
    assert await bench.registry.leftovers() == []
    assert list(state.iterdir()) == []


def test_records_of_every_release_are_understood(tmp_path):
    """A sample of each format, kept as it was written."""
    for sample in sorted(SAMPLES.glob("v*/removed-stores")):
        state, cache = tmp_path / sample.parent.name, tmp_path / "cache"
        shutil.copytree(sample, state / "removed-stores")
        (cache / "gpu-server_ada" / "downloads").mkdir(parents=True, exist_ok=True)
        leftovers = Leftovers(cache, state)
        (found,) = leftovers.find(())
        assert (found.name, found.removed) == ("gpu", 1_700_000_000.0)
        assert list(found.sizes.values()) == [72_000]
        host = Host("gpu-server", "gpu-server", user="ada")
        assert leftovers.place_for(host, "gpu-server", "/data/runs", ())[0] == "gpu-server_ada"
        assert leftovers.place_for(host, "gpu-server", "/other", ())[0] == "gpu-server_ada-2"
