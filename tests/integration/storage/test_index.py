"""A store's index over real files and a real SQLite: what syncs bring, and what is asked of it."""

import asyncio

import pytest

from runicornd.errors import AmbiguousName, InvalidParams, UnknownArtifact, UnknownRun
from runicornd.remote.store_frames import MetadataFile
from runicornd.storage.index import Index
from runicornd.storage.index.results import ArtifactQuery, ArtifactSort, RunQuery, SyncOutcome
from runicornd.storage.model import VersionKey
from runicornd.storage.names import parse_ref
from tests.helpers.big_mirror import (
    artifact_files,
    artifact_name,
    big_root,
    fill,
    manifest,
    received,
    version_metadata,
    versions_index,
)

OUTCOME = SyncOutcome(started=0.0, received_bytes=77)


@pytest.fixture
async def index(tmp_path):
    index = await Index.open(tmp_path / "store")
    yield index
    await index.close()


async def shown(index, **query):
    page = await index.artifacts(ArtifactQuery(**query))
    return [artifact.name for artifact in page.artifacts]


def run_files(run, *, made=(), used=(), folder="vision/resnet/runs", created=1_700_000_000.0, **meta):
    base = f"{folder}/{run}"
    yield received(
        f"{base}/meta.json", {"id": run, "project": "vision", "name": "resnet", "created_at": created, **meta}
    )
    yield received(f"{base}/status.json", {"status": "finished", "started_at": created})
    for name, refs in (("created", made), ("used", used)):
        listed = [{"type": kind, "name": ref, "version": number} for kind, ref, number in refs]
        yield received(f"{base}/artifacts_{name}.json", {"artifacts": listed})


async def test_an_empty_index_answers(index):
    """Before the first sync there is nothing, and no error."""
    assert (await index.artifacts(ArtifactQuery())).total == 0
    assert (await index.runs(RunQuery())).total == 0
    assert (await index.known()).files == {}
    assert await index.last_sync() is None
    assert await index.known_root() is None


async def test_a_sync_is_seen_and_known(index, tmp_path):
    """What came is in the index, in the mirror, and in what the next sync starts from."""
    files = list(big_root(4))
    applied = await fill(index, files, OUTCOME, root="/srv/data", token="t1")
    assert (applied.changed, applied.removed, applied.problems) == (28, 0, 0)
    known = await index.known()
    assert (known.root, known.token) == ("/srv/data", "t1")
    assert known.files == {file.path: (file.size, file.mtime_ns) for file in files}
    for file in files:
        assert (tmp_path / "store/metadata" / file.path).read_bytes() == file.data
    counts = await index.counts()
    assert (counts.artifacts, counts.versions, counts.unreadable) == (4, 12, 0)
    assert counts.metadata_bytes == sum(file.size for file in files)
    assert (await index.last_sync()).received_bytes == 77


async def test_a_version_is_shown_in_full(index):
    """As its files say it."""
    await fill(index, artifact_files("model", "net"), OUTCOME)
    detail = await index.version(parse_ref("net"))
    assert detail.version.key == VersionKey("model", "net", 3)
    assert detail.version.metadata["epochs"] == 30
    assert detail.version.tags == ("keep", "v3tag")
    assert detail.version.aliases == ("latest",)
    assert [file.path for file in detail.files] == [f"part-{n:05}.bin" for n in range(3)]
    assert detail.files[1].source == "artifacts/model/net/v3/files/part-00001.bin"
    assert [version.version for version in detail.versions] == [3, 2, 1]
    assert detail.made_by == "20260101_000000_000003"
    assert (await index.version(parse_ref("model/net:v2"))).version.key.version == 2


async def test_a_change_replaces_and_a_removal_removes(index, tmp_path):
    """The mirror and the index follow the source."""
    await fill(index, [*artifact_files("model", "a"), *artifact_files("model", "b")], OUTCOME)
    async with index.sync() as batch:
        path = "artifacts/model/a/v3/metadata.json"
        await batch.put([received(path, version_metadata("model", "a", 3, description="fresh words"), 5)])
        await batch.remove([file.path for file in artifact_files("model", "b")])
        applied = await batch.commit(root="/data", token=None, outcome=OUTCOME)
    assert (applied.changed, applied.removed) == (1, 7)
    assert await shown(index) == ["a"]
    assert await shown(index, search="fresh") == ["a"]
    assert (await index.version(parse_ref("a"))).version.description == "fresh words"
    assert sorted(part.name for part in (tmp_path / "store/metadata/artifacts/model").iterdir()) == ["a"]
    assert (await index.counts()).versions == 3


async def test_a_soft_deleted_version_gives_way_to_the_one_before(index):
    """An artifact is shown by its latest version that is not deleted, and hidden when all are."""
    await fill(index, artifact_files("model", "a", 2), OUTCOME)
    for number, expected in ((2, [1]), (1, [])):
        async with index.sync() as batch:
            await batch.put([received(f"artifacts/model/a/v{number}/.deleted", {"deleted_at": 9.0})])
            await batch.commit(root="/data", token=None, outcome=OUTCOME)
        page = await index.artifacts(ArtifactQuery())
        assert [artifact.version for artifact in page.artifacts] == expected
        assert page.total == len(expected)
    page = await index.artifacts(ArtifactQuery(deleted=True))
    assert [(artifact.version, artifact.is_deleted) for artifact in page.artifacts] == [(2, True)]
    detail = await index.version(parse_ref("a:v2"))
    assert [version.is_deleted for version in detail.versions] == [True, True]


async def test_a_sync_without_its_commit_changes_nothing(index, tmp_path):
    """Cut, cancelled or failed: the state is the one before, on the disk too."""
    await fill(index, artifact_files("model", "a"), OUTCOME, token="old")
    before = await index.known()
    async with index.sync() as batch:
        await batch.put(list(artifact_files("model", "new")))
        await batch.put([received("artifacts/model/a/v1/metadata.json", {"broken": 1}, 9)])
        await batch.remove(["artifacts/model/a/v2/metadata.json"])
    assert await index.known() == before
    assert await shown(index) == ["a"]
    assert not (tmp_path / "store/metadata/artifacts/model/new").exists()
    for file in artifact_files("model", "a"):
        assert (tmp_path / "store/metadata" / file.path).read_bytes() == file.data


async def test_two_syncs_take_turns(index):
    """There is one batch at a time."""
    order = []

    async def sync(name):
        async with index.sync() as batch:
            order.append(name)
            await batch.put(list(artifact_files("model", name)))
            order.append(name)
            await batch.commit(root="/data", token=None, outcome=OUTCOME)

    await asyncio.gather(sync("a"), sync("b"))
    assert order in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
    assert sorted(await shown(index)) == ["a", "b"]


async def test_hostile_paths_cost_one_entry_each(index, tmp_path):
    """Nothing is written outside the mirror, and the rest of the sync counts."""
    bad = [
        "../../evil",
        "/etc/evil",
        "artifacts/../../evil",
        "a\0b",
        "x" * 300,
        "artifacts/model/a/v1/evil.sh",
        "",
    ]
    await fill(index, [*artifact_files("model", "a"), *(received(path, b"{}") for path in bad)], OUTCOME)
    assert await shown(index) == ["a"]
    assert (await index.last_sync()).problems == len(bad)
    names = [part.name for part in tmp_path.rglob("*")]
    assert not any("evil" in name or len(name) > 200 for name in names)


async def test_content_that_was_skipped_is_a_problem_and_known(index):
    """A file that is too large marks its version unreadable; the next sync does not ask for it again."""
    path = "artifacts/model/a/v1/manifest.json"
    files = [file for file in artifact_files("model", "a", 1) if file.path != path]
    skipped = MetadataFile(path, 5_000_000, 3, None, "it is larger than 1 MiB")
    await fill(index, [*files, skipped], OUTCOME)
    assert "larger than 1 MiB" in (await index.version(parse_ref("a"))).version.problem
    assert (await index.known()).files[path] == (5_000_000, 3)
    assert (await index.counts()).unreadable == 1
    async with index.sync() as batch:
        await batch.put([received(path, manifest(), 4)])
        applied = await batch.commit(root="/data", token=None, outcome=OUTCOME)
    assert applied.problems == 0
    assert (await index.version(parse_ref("a"))).files_total == 3


async def test_a_folder_that_cannot_be_read_is_counted(index):
    """A problem may stand for a whole folder."""
    await fill(index, [MetadataFile("artifacts/secret", 0, 0, None, "permission denied")], OUTCOME)
    assert (await index.counts()).unreadable == 1
    assert (await index.known()).files == {"artifacts/secret": (0, 0)}


@pytest.mark.parametrize("sort", list(ArtifactSort))
@pytest.mark.parametrize("order", ["up", "down"])
@pytest.mark.parametrize("search", ["", "trained"])
async def test_pages_hold_everything_once_in_order(index, sort, order, search):
    """Ties and page borders lose nothing."""
    await fill(index, big_root(23, 1), OUTCOME)
    found, cursor = [], None
    while True:
        query = ArtifactQuery(sort=sort, order=order, search=search, limit=4, cursor=cursor)
        page = await index.artifacts(query)
        assert page.total == 23
        found += page.artifacts
        cursor = page.next
        if cursor is None:
            break
    assert sorted(artifact.name for artifact in found) == sorted(map(artifact_name, range(23)))
    field = {"size": "size_bytes"}.get(sort, sort)
    values = [getattr(artifact, field) for artifact in found]
    assert values == sorted(values, reverse=order == "down")


async def test_types_filter_and_are_counted(index):
    """The filter's numbers are those of all there is."""
    await fill(index, big_root(7, 1), OUTCOME)
    page = await index.artifacts(ArtifactQuery(type="model"))
    assert page.total == len(page.artifacts) == 2
    assert {count.type: count.artifacts for count in page.types} == {
        "code": 1, "config": 1, "custom": 1, "dataset": 2, "model": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("net", ["other", "résnet"]), ("resn", ["résnet"]), ("RESNET", ["résnet"]), ("数据", ["other"]),
        ("other prod", ["other"]), ("other nothing", []), ("0.93", ["résnet"]), ("weird-tag", ["other"]),
        ('"', []), ("net AND", []), ("NEAR(net", []), ("*", []), ("nested", ["other"]), ("words:net", []),
    ],
)  # fmt: skip
async def test_search_finds_the_beginnings_of_words(index, search, expected):
    """In names, types, descriptions, tags, aliases and metadata; nothing is syntax."""
    first = version_metadata("model", "résnet", 1, metadata={"accuracy": 0.93}, description="", tags=["net"])
    other = version_metadata(
        "model",
        "other",
        1,
        metadata={"deep": [{"nested": "net"}]},
        description="训练数据",
        tags=["weird-tag"],
    )
    files = []
    for name, meta, aliases in (("résnet", first, {"latest": 1}), ("other", other, {"latest": 1, "prod": 1})):
        folder = f"artifacts/model/{name}"
        files.append(received(f"{folder}/v1/metadata.json", meta))
        files.append(received(f"{folder}/v1/manifest.json", manifest()))
        files.append(received(f"{folder}/versions.json", versions_index(1, aliases)))
    await fill(index, files, OUTCOME)
    assert sorted(await shown(index, search=search)) == expected


async def test_names_that_are_not_there_come_with_near_ones(index):
    """The hint helps."""
    await fill(index, artifact_files("model", "resnet50"), OUTCOME)
    with pytest.raises(UnknownArtifact) as raised:
        await index.version(parse_ref("resnet5"))
    assert "resnet50" in raised.value.hint
    with pytest.raises(UnknownArtifact) as raised:
        await index.version(parse_ref("modl/resnet50"))
    assert raised.value.hint == "did you mean model/resnet50?"
    with pytest.raises(UnknownArtifact) as raised:
        await index.version(parse_ref("resnet50:v9"))
    assert "v3" in raised.value.hint
    with pytest.raises(UnknownArtifact):
        await index.version(parse_ref("resnet50:nothing"))
    with pytest.raises(UnknownArtifact):
        await index.files(VersionKey("model", "resnet50", 9))


async def test_one_name_of_two_types_is_ambiguous(index):
    """Until the type is given."""
    await fill(index, [*artifact_files("model", "a", 1), *artifact_files("dataset", "a", 1)], OUTCOME)
    with pytest.raises(AmbiguousName) as raised:
        await index.version(parse_ref("a"))
    assert raised.value.context["names"] == ["dataset/a", "model/a"]
    assert (await index.version(parse_ref("dataset/a"))).version.key.type == "dataset"


async def test_files_come_in_pages(index):
    """All of a large version, each once, by path."""
    files = [
        received(
            "artifacts/model/a/v1/metadata.json", version_metadata("model", "a", 1, size_bytes=2_500_000)
        ),
        received("artifacts/model/a/v1/manifest.json", manifest(2500)),
        received("artifacts/model/a/versions.json", versions_index(1)),
    ]
    await fill(index, files, OUTCOME)
    key = VersionKey("model", "a", 1)
    assert len((await index.version(parse_ref("a"))).files) == 1000
    found, cursor = [], None
    while True:
        page = await index.files(key, 333, cursor)
        found += [file.path for file in page.files]
        if (cursor := page.next) is None:
            break
    expected = [f"part-{number:05}.bin" for number in range(2500)]
    assert found == expected
    assert [file.path async for group in index.all_files(key) for file in group] == expected
    with pytest.raises(InvalidParams):
        await index.files(key, 10, "broken")


async def test_runs_and_what_they_made_and_used(index):
    """Both ways, from the run and from the version."""
    first = run_files(
        "20260101_000000_000001", made=[("model", "a", 1)], used=[("dataset", "d", 1)], created=5.0
    )
    second = run_files("20260102_000000_000002", used=[("model", "a", 1)], created=6.0)
    await fill(
        index,
        [
            *artifact_files("model", "a", 1),
            *artifact_files("dataset", "d", 1, created_by_run=None),
            *first,
            *second,
        ],
        OUTCOME,
    )
    page = await index.runs(RunQuery(limit=1))
    assert (page.total, page.runs[0].id, page.runs[0].used) == (2, "20260102_000000_000002", 1)
    page = await index.runs(RunQuery(limit=1, cursor=page.next))
    assert (page.runs[0].id, page.next) == ("20260101_000000_000001", None)
    assert (await index.runs(RunQuery(status="running"))).total == 0
    assert (await index.runs(RunQuery(search="visi 20260102"))).total == 1
    run = await index.run("20260101")
    assert (run.made, run.used) == (("model/a:v1",), ("dataset/d:v1",))
    assert (await index.version(parse_ref("a"))).used_by == ("20260102_000000_000002",)
    with pytest.raises(AmbiguousName):
        await index.run("2026")
    with pytest.raises(UnknownRun):
        await index.run("1999")


async def test_lineage_goes_both_ways(index):
    """From the dataset over the run to the model, and back."""
    run = run_files("20260101_000000_000001", made=[("model", "a", 1)], used=[("dataset", "d", 1)])
    await fill(index, [*artifact_files("model", "a", 1), *artifact_files("dataset", "d", 1), *run], OUTCOME)
    graph = await index.lineage(VersionKey("model", "a", 1), "up", 3)
    edges = {(edge.source, edge.target, edge.kind) for edge in graph.edges}
    assert ("dataset/d:v1", "run:20260101_000000_000001", "used") in edges
    assert ("run:20260101_000000_000001", "model/a:v1", "made") in edges
    down = await index.lineage(VersionKey("dataset", "d", 1), "down", 3)
    assert "model/a:v1" in {node.id for node in down.nodes}
    with pytest.raises(UnknownArtifact):
        await index.lineage(VersionKey("model", "a", 9))


async def test_downloads_are_marked(index, tmp_path):
    """Where the files are is shown with the version, until they are gone."""
    await fill(index, artifact_files("model", "a", 1), OUTCOME)
    key, folder = VersionKey("model", "a", 1), tmp_path / "here"
    folder.mkdir()
    await index.mark_downloaded(key, folder, 3000)
    detail = await index.version(parse_ref("a"))
    assert (detail.downloaded_to, detail.versions[0].is_downloaded, detail.files[0].is_local) == (
        folder,
        True,
        True,
    )
    assert [mark.key for mark in await index.downloads()] == [key]
    assert (await index.counts()).downloads_bytes == 3000
    await index.unmark(key)
    assert (await index.version(parse_ref("a"))).downloaded_to is None


async def test_assets_of_runs_are_numbered_again_only_by_name(index):
    """A run that comes later, and was earlier, moves the numbers of what it recorded."""

    def recorded(run, created, digest):
        entry = {
            "name": "corpus",
            "fingerprint": digest,
            "fingerprint_kind": "sha256",
            "saved": False,
            "source_type": "file",
            "source_uri": "/data/corpus",
        }
        yield received(f"runs/p/{run}/meta.json", {"id": run, "path": "p", "created_at": created})
        yield received(f"runs/p/{run}/assets.json", {"datasets": [entry]})

    await fill(index, recorded("20260102_000000_000002", 200.0, "b" * 64), OUTCOME)
    first = await index.version(parse_ref("dataset/corpus"))
    assert (first.version.key.version, first.used_by) == (1, ("20260102_000000_000002",))
    await fill(index, recorded("20260101_000000_000001", 100.0, "a" * 64), OUTCOME)
    latest = await index.version(parse_ref("dataset/corpus"))
    assert (latest.version.key.version, latest.used_by) == (2, ("20260102_000000_000002",))
    assert (await index.run("20260101")).used == ("dataset/corpus:v1",)
    async with index.sync() as batch:
        await batch.remove([file.path for file in recorded("20260101_000000_000001", 100.0, "a" * 64)])
        await batch.commit(root="/data", token=None, outcome=OUTCOME)
    assert [v.version for v in (await index.version(parse_ref("corpus"))).versions] == [1]
    assert (await index.runs(RunQuery())).total == 1
