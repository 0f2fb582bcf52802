"""After the machine was started anew: mirrored files that a power cut has emptied are fetched again."""

from contextlib import asynccontextmanager

import pytest

from runicornd._lib.boot import boot_id
from runicornd.storage.index import Index
from runicornd.storage.index.results import SyncOutcome
from runicornd.storage.names import parse_ref
from tests.helpers.big_mirror import artifact_files, fill

OUTCOME = SyncOutcome(started=0.0)
LOST = "artifacts/model/a/v1/metadata.json"
GONE = "artifacts/model/a/v1/manifest.json"


@asynccontextmanager
async def opened(folder, boot):
    """The index as a daemon of that start of the machine has it."""
    index = await Index.open(folder, boot=lambda: boot)
    try:
        yield index
    finally:
        await index.close()


@pytest.fixture
async def folder(tmp_path):
    """A mirror of one artifact, made in the first boot; then two of its files are not what they were."""
    folder = tmp_path / "store"
    async with opened(folder, "first") as index:
        await fill(index, artifact_files("model", "a", 1), OUTCOME, token="t1")
    (folder / "metadata" / LOST).write_bytes(b"")
    (folder / "metadata" / GONE).unlink()
    return folder


def asked_again(known):
    return {path for path, (_, mtime_ns) in known.files.items() if mtime_ns == -1}


async def test_what_is_not_whole_is_fetched_again(folder):
    """Also when the source would say that nothing has changed; until then all of it is shown as it was."""
    async with opened(folder, "second") as index:
        known = await index.known()
        assert (asked_again(known), known.token) == ({LOST, GONE}, None)
        assert (await index.version(parse_ref("a"))).files_total == 3
        await fill(
            index, [file for file in artifact_files("model", "a", 1) if file.path in (LOST, GONE)], OUTCOME
        )
        assert asked_again(await index.known()) == set()
    assert (folder / "metadata" / LOST).stat().st_size > 0
    assert (folder / "metadata" / GONE).exists()


async def test_it_is_looked_at_once_in_each_boot(folder):
    """The same start of the machine needs no second look; one without a name is looked at each time."""
    async with opened(folder, "first") as index:
        known = await index.known()
        assert (asked_again(known), known.token) == (set(), "t1")
    for boot in ("", ""):
        async with opened(folder, boot) as index:
            assert asked_again(await index.known()) == {LOST, GONE}


async def test_a_whole_mirror_stays_as_it_is(tmp_path):
    """The token too, so that the next sync costs one question; a link in place of a file is not whole."""
    folder = tmp_path / "store"
    async with opened(folder, "first") as index:
        await fill(index, artifact_files("model", "a", 1), OUTCOME, token="t1")
    async with opened(folder, "second") as index:
        known = await index.known()
        assert (asked_again(known), known.token) == (set(), "t1")
    place = folder / "metadata" / LOST
    place.rename(folder / "aside")
    place.symlink_to(folder / "aside")
    async with opened(folder, "third") as index:
        assert asked_again(await index.known()) == {LOST}


def test_boots_have_names():
    """The same one for the whole life of a boot."""
    assert boot_id() == boot_id() != ""
