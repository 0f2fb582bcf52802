"""New artifacts are read while a sync runs: the index is the one that is made of the mirrored files."""

import os
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from runicornd.errors import UnknownArtifact
from runicornd.storage.index import Index
from runicornd.storage.index.results import ArtifactQuery, ArtifactSort, SyncOutcome
from runicornd.storage.names import parse_ref
from tests.helpers.big_mirror import (
    artifact_files,
    artifact_name,
    big_root,
    fill,
    in_batches,
    manifest,
    received,
    version_metadata,
    versions_index,
)
from tests.helpers.waiting import eventually

OUTCOME = SyncOutcome(started=0.0)


@pytest.fixture
async def index(tmp_path):
    index = await Index.open(tmp_path / "store")
    yield index
    await index.close()


async def everything(index):
    """All that can be asked about artifacts."""
    found = []
    page = await index.artifacts(ArtifactQuery(sort=ArtifactSort.NAME, limit=1000, deleted=True))
    artifacts = sorted(page.artifacts, key=lambda artifact: (artifact.name, artifact.type))
    for artifact in artifacts:
        for number in range(1, artifact.versions + 2):
            ref = parse_ref(f"{artifact.type}/{artifact.name}:v{number}")
            try:
                found.append((str(ref), replace(await index.version(ref), synced=None)))
            except UnknownArtifact as error:  # a version that is not there is an answer, too
                found.append((str(ref), error.message))
        for word in ("trained", "keep", artifact.name, "odd"):
            hits = await index.artifacts(ArtifactQuery(search=word, limit=1000, deleted=True))
            found.append((word, [hit.name for hit in hits.artifacts if hit.name == artifact.name]))
    return artifacts, found, page.types, await index.counts()


async def as_read_from_the_mirror(folder):
    """The same, of an index that knows nothing but the mirrored files."""
    for file in folder.glob("index.db*"):
        file.unlink()
    index = await Index.open(folder)
    try:
        return await everything(index)
    finally:
        await index.close()


def odd_root():
    """Artifacts of all sorts: plain, deleted, unreadable, nested, of many files, listed and not there."""
    yield from big_root(12)
    yield from artifact_files("model", "net", 2)
    yield from artifact_files("model", "net-2", 1, metadata={"deep": [{"odd": 1}], "no": None, "yes": True})
    yield from artifact_files("model", "gone", 2)
    for number in (1, 2):
        yield received(f"artifacts/model/gone/v{number}/.deleted", {"deleted_at": 9.0})
    yield received("artifacts/model/broken/v1/metadata.json", b"{")
    yield received("artifacts/model/broken/v1/manifest.json", manifest(2500))
    yield received("artifacts/model/listed/versions.json", versions_index(2))
    yield received(
        "artifacts/model/zahlen/v1/metadata.json", version_metadata("model", "zahlen", 1, tags=["é", 5])
    )
    twice = manifest(3)
    twice["files"] += [{"path": "part-00001.bin", "size": 1, "digest": "x"}, {"path": "../up", "size": 1}]
    yield received("artifacts/model/zahlen/v1/manifest.json", twice)


async def synced(index, files, expected=0):
    async with index.sync() as batch:
        batch.expect(expected)
        for group in in_batches(files, 37):
            await batch.put(group)
        return await batch.commit(root="/data", token=None, outcome=OUTCOME)


async def test_what_was_read_early_is_what_the_files_say(index, tmp_path):
    """With artifacts in which nothing is odd, and in which everything is."""
    await synced(index, odd_root())
    before = await everything(index)
    assert len(before[0]) == 18
    await index.close()
    assert await as_read_from_the_mirror(tmp_path / "store") == before


@pytest.mark.parametrize("seed", range(4))
async def test_the_order_does_not_matter(index, tmp_path, seed):
    """A far end that sends an artifact's files here and there, and some twice, changes nothing."""
    files = list(odd_root())
    dice = random.Random(seed)
    files += [replace(dice.choice(files)) for _ in range(60)]
    dice.shuffle(files)
    await synced(index, files)
    before = await everything(index)
    await index.close()
    assert await as_read_from_the_mirror(tmp_path / "store") == before


async def test_what_vanishes_meanwhile_is_not_there(index):
    """A file that came and was gone before the end counts as gone; its artifact's others stay."""
    async with index.sync() as batch:
        await batch.put(list(artifact_files("model", "a", 2)))
        await batch.put(list(artifact_files("model", "b", 1)))
        await batch.remove([file.path for file in artifact_files("model", "a", 2) if "/v2/" in file.path])
        await batch.commit(root="/data", token=None, outcome=OUTCOME)
    assert (await index.version(parse_ref("a:v1"))).version.problem is None
    assert "missing" in (await index.version(parse_ref("a:v2"))).version.problem
    assert (await index.version(parse_ref("b"))).version.problem is None


async def test_a_second_sync_brings_new_ones_and_changes(index, tmp_path):
    """New artifacts beside known ones, in one go."""
    await synced(index, [*artifact_files("model", "a"), *artifact_files("model", "b")])
    changed = received(
        "artifacts/model/a/v1/metadata.json", version_metadata("model", "a", 1, tags=["new"]), 9
    )
    await synced(index, [changed, *artifact_files("model", "a-1"), *artifact_files("data", "b")])
    before = await everything(index)
    assert [artifact.name for artifact in before[0]] == ["a", "a-1", "b", "b"]
    await index.close()
    assert await as_read_from_the_mirror(tmp_path / "store") == before


@pytest.mark.parametrize("is_committed", [True, False])
async def test_more_than_the_memory_holds(index, tmp_path, is_committed):
    """What was read waits on the disk, beside the mirror; it is gone when the sync has ended."""
    folder = tmp_path / "store"
    many = [
        file
        for number in range(60)
        for file in artifact_files(
            "model",
            artifact_name(number),
            2,
            metadata={"x": os.urandom(90_000).hex()[:9999], "n": [os.urandom(4000).hex() for _ in range(40)]},
        )
    ]
    async with index.sync() as batch:
        for group in in_batches(many, 50):
            await batch.put(group)
        assert (folder / "staging/arrivals.db").exists()
        if is_committed:
            await batch.remove(["artifacts/model/resnet-000000/v1/metadata.json"])
            await batch.commit(root="/data", token=None, outcome=OUTCOME)
    assert not (folder / "staging/arrivals.db").exists()
    assert (await index.artifacts(ArtifactQuery())).total == (60 if is_committed else 0)
    if is_committed:
        assert "missing" in (await index.version(parse_ref("resnet-000000:v1"))).version.problem
        assert (await index.version(parse_ref("fast-000059"))).version.problem is None
    await fill(index, artifact_files("model", "after"), OUTCOME)
    assert (await index.version(parse_ref("after"))).version.problem is None


async def test_an_artifact_of_many_versions(index):
    """One that is too large to be held is read from the mirror."""
    await synced(index, artifact_files("model", "long", 60, metadata={"x": ["y" * 9000] * 10}))
    page = await index.artifacts(ArtifactQuery(search="number 60"))
    assert [(artifact.name, artifact.versions) for artifact in page.artifacts] == [("long", 60)]


async def test_many_files_are_written_by_a_process(index, tmp_path):
    """It is gone when the sync is; the files are what came."""
    files = list(big_root(200))
    async with index.sync() as batch:
        batch.expect(len(files))
        for group in in_batches(files, 100):
            await batch.put(group)
        await batch.commit(root="/data", token=None, outcome=OUTCOME)
    for file in files:
        assert (tmp_path / "store/metadata" / file.path).read_bytes() == file.data
    assert (await index.counts()).artifacts == 200
    await eventually(lambda: not children())


def children():
    """The writing processes that are children of this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if b"runicornd.storage.placing" in words and parent == os.getpid():
                found.append(folder.name)
    return found
