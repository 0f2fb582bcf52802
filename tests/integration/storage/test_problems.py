"""What of a store cannot be read, as pages of an index over real files."""

import pytest

from runicornd.errors import InvalidParams
from runicornd.remote.store_frames import MetadataFile
from runicornd.storage.index import Index
from runicornd.storage.index.problems import ProblemPage
from runicornd.storage.index.results import SyncOutcome
from tests.helpers.big_mirror import artifact_files, fill, received

OUTCOME = SyncOutcome(started=0.0, received_bytes=0)


@pytest.fixture
async def index(tmp_path):
    index = await Index.open(tmp_path / "store")
    yield index
    await index.close()


def broken_root():
    """Two versions, a run, a folder and a manifest that cannot be read, beside a version that can."""
    files = []
    for name, data in (("good", None), ("bad", b'{"files": ['), ("worse", b"[]")):
        path = f"artifacts/model/{name}/v1/manifest.json"
        files += [file for file in artifact_files("model", name, 1) if data is None or file.path != path]
        files += [] if data is None else [received(path, data)]
    return [
        *files,
        received("vision/net/runs/r1/meta.json", b"{"),
        MetadataFile("artifacts/secret", 0, 0, None, "permission denied"),
        MetadataFile("archive/manifests/x.json", 9, 0, None, "larger than 1 MiB"),
    ]


async def test_all_of_it_in_pages(index):
    """Each entry once, with its place and the reason; as many as the store counts."""
    await fill(index, broken_root(), OUTCOME)
    found, cursor = [], None
    while True:
        page = await index.problems(2, cursor)
        assert page.total == (await index.counts()).unreadable == 5
        assert 0 < len(page.problems) <= 2
        found += page.problems
        if (cursor := page.next) is None:
            break
    assert {(each.kind, each.label, each.path) for each in found} == {
        ("version", "model/bad:v1", "artifacts/model/bad/v1"),
        ("version", "model/worse:v1", "artifacts/model/worse/v1"),
        ("run", "r1", "vision/net/runs/r1"),
        ("file", "artifacts/secret", "artifacts/secret"),
        ("file", "archive/manifests/x.json", "archive/manifests/x.json"),
    }
    assert len(found) == 5
    reasons = {each.label: each.reason for each in found}
    assert reasons["artifacts/secret"] == "permission denied"
    assert "manifest.json" in reasons["model/bad:v1"]


async def test_a_page_that_ends_with_a_part(index):
    """The next one begins with the next part, and the last one says that it is the last."""
    await fill(index, broken_root(), OUTCOME)
    first = await index.problems(3)
    assert [each.kind for each in first.problems] == ["version", "version", "run"]
    second = await index.problems(2, first.next)
    assert ([each.kind for each in second.problems], second.next) == (["file", "file"], None)


async def test_nothing_is_wrong(index):
    """An empty page; a cursor of another list is refused."""
    await fill(index, artifact_files("model", "a", 2), OUTCOME)
    assert await index.problems() == ProblemPage((), 0)
    for cursor in ("x", "é", "W10", "WzEsMiwzXQ"):
        with pytest.raises(InvalidParams):
            await index.problems(10, cursor)
