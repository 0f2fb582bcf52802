"""A real Runicorn reads back every change that we make, and we work on with every change that it makes."""

import itertools
import subprocess

import pytest

from runicornd.errors import UnknownArtifact
from runicornd.remote.models import StoreChange
from runicornd.storage.layouts.artifacts import read_artifact
from tests.helpers.far_end import FarEnd
from tests.helpers.real_roots import ARTIFACT_VERSIONS, ask_real, real_root
from tests.helpers.real_words import DELETE, LOOK, SAVE


@pytest.fixture(params=ARTIFACT_VERSIONS)
def release(request):
    return request.param


@pytest.fixture
def root(release, tmp_path):
    return real_root(release, tmp_path / "data").path


@pytest.fixture
def real(release, root):
    """Ask the real Runicorn that wrote the root."""

    def real(script, *arguments):
        return ask_real(release, script, root, "resnet50", "model", *arguments)

    return real


@pytest.fixture
def mirrored(root):
    """Read the artifact as its mirror does: versions by number, none of them with a problem."""
    folder = root / "artifacts" / "model" / "resnet50"

    def mirrored():
        names = ("versions.json", "*/metadata.json", "*/manifest.json", "*/.deleted")
        files = {
            str(path.relative_to(folder)): path.read_bytes() for name in names for path in folder.glob(name)
        }
        versions = read_artifact("artifacts/model/resnet50", files)
        assert [version.problem for version in versions] == [None] * len(versions)
        return {version.key.version: version for version in versions}

    return mirrored


@pytest.fixture
async def change(tmp_path, root):
    """Change a version of ``resnet50`` through a real agent."""
    (tmp_path / "home").mkdir()
    far = FarEnd(tmp_path / "home")
    host = far.host()
    keys = itertools.count()

    async def change(version, do, **params):
        wanted = StoreChange(
            str(root), "artifacts", "model", "resnet50", version, {"do": do, **params}, str(next(keys))
        )
        return await host.change_store(wanted)

    yield change
    await host.close()
    await far.dispose()


async def test_runicorn_sees_a_soft_delete_and_a_restore(real, change, mirrored):
    """Its marker is ours, and ours is its."""
    before = real(LOOK)
    await change(1, "delete")
    said = real(LOOK)["versions"]["1"]["deleted"]
    assert (said["version"], said["artifact_name"], said["deleted_by"]) == (1, "resnet50", "user")
    assert real(DELETE, 1, "soft") is True  # already deleted, it finds
    await change(1, "restore")
    assert real(LOOK) == before
    real(DELETE, 1, "soft")
    assert mirrored()[1].deleted is not None
    assert not (await change(1, "delete")).changed
    assert (await change(1, "restore")).changed
    assert mirrored()[1].deleted is None
    assert real(LOOK) == before


async def test_runicorn_sees_aliases_and_tags(real, change, mirrored):
    """Where it looks for them: in its index, its entries and its metadata."""
    await change(1, "alias", alias="champion")
    await change(2, "alias", alias="champion")
    await change(2, "tag", add=["图像", "best"])
    seen = real(LOOK)
    assert seen["aliases"]["champion"] == 2
    assert "champion" not in seen["versions"]["1"]["own"]
    assert "champion" in seen["versions"]["2"]["own"]
    assert "champion" in seen["versions"]["2"]["aliases"]
    assert seen["versions"]["2"]["tags"][-2:] == ["图像", "best"]
    assert mirrored()[2].tags[-2:] == ("图像", "best")
    assert "champion" in mirrored()[2].aliases
    assert "champion" not in mirrored()[1].aliases
    await change(2, "unalias", alias="champion")
    assert "champion" not in real(LOOK)["aliases"]


async def test_runicorn_saves_on_after_we_deleted_the_last_version(real, change):
    """It gives the number again, as after a deletion of its own."""
    before = real(LOOK)
    last = before["aliases"]["latest"]
    await change(last, "delete", permanently=True)
    seen = real(LOOK)
    assert str(last) not in seen["versions"]
    assert seen["latest"] == seen["aliases"]["latest"] == last - 1
    assert real(SAVE, "again") == last
    assert real(LOOK)["latest"] == last


async def test_runicorn_saves_on_after_we_deleted_one_from_the_middle(real, change, mirrored):
    """After a deletion of its own it cannot: it counts, and meets a folder that exists."""
    last = real(LOOK)["aliases"]["latest"]
    assert last > 2
    await change(2, "delete", permanently=True)
    seen = real(LOOK)
    assert seen["versions"]["2"] == {"status": "deleted", "aliases": [], "gone": True}
    assert seen["latest"] == last
    assert "resnet50" in seen["listed"]
    assert sorted(mirrored()) == [number for number in range(1, last + 1) if number != 2]
    assert real(SAVE, "next") == last + 1
    assert "latest" in mirrored()[last + 1].aliases
    assert real(LOOK)["latest"] == last + 1
    assert not (await change(2, "delete", permanently=True)).changed


async def test_runicorn_takes_up_an_artifact_that_we_emptied(real, change):
    """All versions are gone; the next one is the first."""
    for number in map(int, real(LOOK)["versions"]):
        await change(number, "delete", permanently=True)
    assert real(LOOK)["versions"] == {}
    assert real(SAVE, "fresh") == 1


async def test_we_go_on_after_a_deletion_by_runicorn(real, change, mirrored):
    """What it removed is unknown to us; what it left can be changed."""
    real(DELETE, 2, "permanently")
    assert 2 not in mirrored()
    with pytest.raises(UnknownArtifact):
        await change(2, "tag", add=["x"])
    assert not (await change(2, "delete", permanently=True)).changed
    assert (await change(1, "alias", alias="champion")).changed
    assert real(LOOK)["aliases"]["champion"] == 1
    with pytest.raises(subprocess.CalledProcessError) as caught:  # why we do not delete as it does
        real(SAVE, "never")
    assert "already exists" in caught.value.stderr


async def test_a_file_that_only_the_pool_has_left_is_removed(root, real, change):
    """Its space is what a permanent deletion is for; the same content can be saved again."""
    number = real(SAVE, "unique content " * 1000)
    pooled = sum(1 for path in (root / "artifacts" / ".dedup").rglob("*") if path.is_file())
    made = await change(number, "delete", permanently=True)
    assert made.freed_bytes > 15_000
    assert sum(1 for path in (root / "artifacts" / ".dedup").rglob("*") if path.is_file()) == pooled - 1
    assert real(SAVE, "unique content " * 1000) == number
