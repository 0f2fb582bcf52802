"""What the cache takes, what is removed of it, and what never is."""

import os

import pytest

from runicornd.storage.cache import kept_downloads, remove_download, remove_folder, remove_mirror, share_of
from runicornd.storage.downloads.model import (
    DownloadChanged,
    DownloadIntent,
    DownloadPhase,
    DownloadState,
    DownloadView,
    Totals,
)
from runicornd.storage.model import VersionKey
from runicornd.storage.removal import remove_below
from runicornd.storage.requests import StoreRequest
from runicornd.storage.stores import Stores
from tests.fakes.storage_parts import StoreBench
from tests.helpers.waiting import eventually


def download(folder, name, version, size, used):
    """Files of a version, used so many seconds after the epoch."""
    place = folder / "downloads" / name / f"v{version}"
    place.mkdir(parents=True)
    (place / "model.pth").write_bytes(b"x" * size)
    os.utime(place / "model.pth", (used, used))
    return place


@pytest.fixture
async def bench(tmp_path):
    one = StoreBench(tmp_path)
    one.configure(cache_limit_bytes=250)
    one.fresh_registry(Stores, None, None)
    await one.registry.restore()
    for name in ("gpu", "other"):
        await one.registry.add(StoreRequest(target=name, is_automatic=False))
        await one.synced(name)
    yield one
    await one.close()


@pytest.fixture
def places(bench):
    """Four downloads of 100 bytes of two stores, in the order of their last use."""
    gpu, other = bench.cache / "gpu_ada", bench.cache / "other_ada"
    return [
        download(gpu, "a", 1, 100, 1000),
        download(other, "a", 1, 100, 2000),
        download(gpu, "a", 2, 100, 3000),
        download(gpu, "b", 1, 100, 4000),
    ]


def there(places):
    return [place.is_dir() for place in places]


async def test_what_each_store_takes(bench, places):
    """By index, metadata (as the index counts it) and downloads, and all together."""
    gpu = bench.cache / "gpu_ada"
    bench.index("gpu").mirrored_bytes = 30
    (gpu / "index.db").write_bytes(b"z" * 40)
    info = await bench.registry.cache_info()
    assert (info.path, info.limit_bytes, info.total_bytes) == (bench.cache, 250, 470)
    first = info.stores[0]
    assert (first.store, first.path) == ("gpu", gpu)
    assert (first.index_bytes, first.metadata_bytes, first.downloads_bytes, first.downloads) == (
        40,
        30,
        300,
        3,
    )


async def test_the_ones_used_longest_ago_go_first(bench, places):
    """Across all stores, and no more than needed."""
    freed = await bench.registry.cache_cleanup(None)
    assert (freed.freed_bytes, freed.removed, freed.kept) == (200, 2, 0)
    assert there(places) == [False, False, True, True]
    assert not (bench.cache / "other_ada" / "downloads" / "a").exists()
    assert (await bench.registry.cache_cleanup(0)).removed == 2


async def test_what_was_read_lately_stays(bench, places):
    """Reading counts as use, where the file system notes it."""
    os.utime(places[0] / "model.pth", (9000, 1000))
    await bench.registry.cache_cleanup(None)
    assert there(places) == [True, False, False, True]


async def test_what_is_in_use_stays(bench, places):
    """A download that runs into a folder, or below it, keeps it."""
    bench.registry.spare(lambda: [places[0], places[1] / "sub"])
    freed = await bench.registry.cache_cleanup(0)
    assert (freed.removed, freed.kept) == (2, 2)
    assert there(places) == [True, True, False, False]


async def test_the_only_copy_stays(bench, places):
    """What is gone or deleted at the store cannot be fetched again; so it is when all is cleared."""
    bench.index("gpu").gone = {"a:v1"}
    bench.index("gpu").deleted = {"a:v2"}
    freed = await bench.registry.cache_clear(None, downloads=True)
    assert (freed.removed, freed.kept) == (2, 2)
    assert there(places) == [True, False, True, False]


async def test_what_is_removed_is_no_longer_marked(bench, places):
    """The index forgets it with the files."""
    await bench.index("gpu").mark_downloaded(VersionKey("model", "a", 1), places[0])
    await bench.registry.cache_cleanup(300)
    assert await bench.index("gpu").downloads() == ()


async def test_a_finished_download_is_remembered_and_makes_room(bench, places):
    """The clean-up follows by itself."""
    key = VersionKey("model", "b", 1)

    async def find(_ref):
        return key

    bench.index("gpu").find = find
    intent = DownloadIntent(
        id="d1",
        store="gpu",
        target="gpu",
        ref=str(key),
        root="/",
        to=str(places[3]),
        is_kept=True,
        patterns=(),
        files_total=1,
        bytes_total=100,
        references=(),
        created=0.0,
    )
    state = DownloadState(phase=DownloadPhase.DONE, since=0.0, totals=Totals())
    bench.events.publish(DownloadChanged(DownloadView(intent, state)))
    await eventually(lambda: there(places) == [False, False, True, True])
    assert [mark.folder for mark in await bench.index("gpu").downloads()] == [places[3]]


async def test_the_cache_is_cleaned_once_a_day(bench, places):
    """Also when nothing is downloaded."""
    await bench.clock.advance(301)
    await eventually(lambda: there(places) == [False, False, True, True])
    await eventually(lambda: bench.clock.sleepers == 1, "the clean-up's sleep")
    late = download(bench.cache / "gpu_ada", "c", 1, 100, 1)
    await bench.clock.advance(86401)
    await eventually(lambda: not late.exists())


async def test_a_link_in_the_cache_is_not_followed(bench, places, tmp_path):
    """Neither in place of a folder of ours, nor inside of one; what it points to stays."""
    outside = tmp_path / "precious" / "v1"
    outside.mkdir(parents=True)
    (outside / "thesis.tex").write_text("years")
    gpu = bench.cache / "gpu_ada"
    (gpu / "downloads" / "linked").symlink_to(outside.parent)
    (gpu / "downloads" / "b" / "v9").symlink_to(outside)
    (places[0] / "inner").symlink_to(outside)
    (gpu / "metadata").symlink_to(outside)
    await bench.registry.cache_clear(None, downloads=True)
    assert there(places) == [False] * 4
    assert (outside / "thesis.tex").read_text() == "years"
    assert not (gpu / "metadata").is_symlink()


def test_downloads_behind_a_link_are_left_alone(tmp_path):
    """Whoever put them elsewhere looks after them."""
    elsewhere = tmp_path / "big-disk"
    place = download(tmp_path / "x", "a", 1, 10, 1)
    (tmp_path / "x" / "downloads").rename(elsewhere)
    folder = tmp_path / "cache" / "gpu_ada"
    folder.mkdir(parents=True)
    (folder / "downloads").symlink_to(elsewhere)
    assert kept_downloads(folder) == []
    remove_folder(tmp_path / "cache", folder, keep_downloads=False)
    assert (elsewhere / "a" / "v1" / "model.pth").exists()
    assert not place.exists()


def test_a_way_through_a_link_is_refused(tmp_path):
    """The link may have come between the look and the removal."""
    (tmp_path / "outside" / "v1").mkdir(parents=True)
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "way").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match=r"Not a directory|symbolic"):
        remove_below(tmp_path / "root", "way", "v1")
    assert (tmp_path / "outside" / "v1").is_dir()


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "/etc", "a\0"])
def test_names_that_lead_elsewhere(tmp_path, part):
    """Only plain names are removed."""
    with pytest.raises(ValueError, match="plain name"):
        remove_below(tmp_path, part)
    with pytest.raises(ValueError, match="plain name"):
        remove_below(tmp_path, part, "x")


def test_a_very_deep_folder(tmp_path):
    """Neither the stack nor the number of open files is in the way."""
    fd = os.open(tmp_path, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    leaf = os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=fd)
    os.write(leaf, b"12345")
    os.close(leaf)
    os.close(fd)
    assert remove_below(tmp_path, "d") == 5
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_removal_left_is_cleared_away(tmp_path):
    """The next look at the downloads finishes it."""
    place = download(tmp_path, "a", 1, 10, 1)
    place.rename(place.with_name(".removed-0123"))
    download(tmp_path, "a", 2, 10, 1)
    assert [kept.version for kept in kept_downloads(tmp_path)] == [2]
    assert [path.name for path in place.parent.iterdir()] == ["v2"]


def test_what_is_not_there_weighs_nothing(tmp_path):
    """A store that was never synced has no folder."""
    share = share_of("gpu", tmp_path / "none")
    assert (share.index_bytes, share.metadata_bytes, share.downloads_bytes) == (0, 0, 0)
    assert remove_mirror(tmp_path / "none") == 0
    assert remove_folder(tmp_path, tmp_path / "none", keep_downloads=False) == 0


def test_a_download_that_goes_meanwhile(tmp_path):
    """Somebody else's removal is fine."""
    place = download(tmp_path, "a", 1, 10, 1)
    [kept] = kept_downloads(tmp_path)
    (place / "model.pth").unlink()
    place.rmdir()
    assert remove_download(kept) == 0
