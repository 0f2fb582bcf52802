"""What earlier releases left in the cache. The archives were written by them and are never made again."""

import tarfile
from pathlib import Path

import pytest

from runicornd.storage.index import Index
from runicornd.storage.index.results import ArtifactQuery, RunQuery
from runicornd.storage.model import VersionKey
from runicornd.storage.names import parse_ref

FILES = Path(__file__).parents[2] / "unit/storage/files"
RUN = "20260101_000000_000001"


@pytest.fixture
def store(tmp_path):
    with tarfile.open(FILES / "index-1.tar.gz") as archive:
        # Python 3.11.4 and later want a filter, 3.11.2 knows none.
        archive.extractall(tmp_path, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return tmp_path / "store"


async def answers_as_ever(store):
    index = await Index.open(store)
    try:
        page = await index.artifacts(ArtifactQuery(search="trained"))
        assert [(artifact.type, artifact.name, artifact.versions) for artifact in page.artifacts] == [
            ("model", "net", 2)
        ]
        detail = await index.version(parse_ref("net:latest"))
        assert (detail.version.key, detail.files_total) == (VersionKey("model", "net", 2), 3)
        assert (await index.runs(RunQuery())).runs[0].id == RUN
        assert (await index.run(RUN)).made == ("model/net:v1",)
        return await index.known()
    finally:
        await index.close()


async def test_an_index_of_version_1_is_loaded(store):
    """As it is: nothing is set aside, and the next sync goes on from it."""
    known = await answers_as_ever(store)
    assert (known.token, known.root, len(known.files)) == ("token-1", "/data", 8)
    assert not list(store.glob("*.corrupt-*"))


async def test_a_mirror_of_version_1_is_read(store):
    """The files alone are enough."""
    (store / "index.db").unlink()
    known = await answers_as_ever(store)
    assert len(known.files) == 8
