"""An index after a crash, a full disk, and damage: the old state or the new one, and one that works."""

import asyncio
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runicornd.errors import LocalDiskFull
from runicornd.storage.index import Index
from runicornd.storage.index.results import ArtifactQuery, SyncOutcome
from runicornd.storage.model import VersionKey
from runicornd.storage.names import parse_ref
from tests.helpers.big_mirror import artifact_files, big_root, fill, received, version_metadata
from tests.helpers.disks import SmallDisk

OUTCOME = SyncOutcome(started=0.0)
REPOSITORY = Path(__file__).parents[3]
KILLS = 6
STOP_S = 30

# Syncs the same forty artifacts again and again, each time with another word in all their descriptions.
SYNC_FOREVER = """
import asyncio, sys
from pathlib import Path
from runicornd.storage.index import Index
from runicornd.storage.index.results import SyncOutcome
from tests.helpers.big_mirror import artifact_files, artifact_name, fill

async def main():
    index = await Index.open(Path(sys.argv[1]))
    turn = int(sys.argv[2])
    names = [artifact_name(number) for number in range(40)]
    print("begun", flush=True)
    while True:
        turn += 1
        words = f"turn{turn}x"
        files = (file for name in names for file in artifact_files("model", name, 1, description=words))
        stamped = [type(f)(f.path, f.size, turn, f.data) for f in files]
        await fill(index, stamped, SyncOutcome(started=0.0), token=str(turn))
        print(turn, flush=True)

asyncio.run(main())
"""

FOREIGN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript("CREATE TABLE facts (a); PRAGMA user_version = 1;")
"""

FILL_DISK = """
import asyncio, sys
from pathlib import Path
from runicornd.errors import RunicorndError
from runicornd.storage.index import Index
from runicornd.storage.index.results import ArtifactQuery, SyncOutcome
from tests.helpers.big_mirror import artifact_files, big_root, fill

async def main():
    index = await Index.open(Path(sys.argv[1]))
    await fill(index, artifact_files("model", "old", 1), SyncOutcome(started=0.0))
    try:
        await fill(index, big_root(200), SyncOutcome(started=0.0))
        print("no error")
    except RunicorndError as error:
        print(error.kind)
    page = await index.artifacts(ArtifactQuery())
    print([artifact.name for artifact in page.artifacts], len((await index.known()).files))
    await fill(index, artifact_files("model", "small", 1), SyncOutcome(started=0.0))
    print((await index.artifacts(ArtifactQuery())).total)
    await index.close()

asyncio.run(main())
"""


async def test_a_kill_at_any_moment_leaves_one_state(tmp_path):
    """What a killed sync leaves is one sync's outcome in full, in the index and in the files."""
    folder, dice, turn = tmp_path / "store", random.Random(4), 0
    for _ in range(KILLS):
        await asyncio.to_thread(sync_and_kill, folder, turn, dice.uniform(0.0, 0.1))
        turn = await one_state(folder)


def sync_and_kill(folder, turn, after_s):
    command = [sys.executable, "-c", SYNC_FOREVER, str(folder), str(turn)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        assert process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(after_s)
        process.kill()


async def one_state(folder):
    index = await Index.open(folder)
    try:
        known = await index.known()
        turn = int(known.token)
        assert {mtime_ns for _, mtime_ns in known.files.values()} == {turn}
        page = await index.artifacts(ArtifactQuery(search=f"turn{turn}x", limit=100))
        assert page.total == (await index.counts()).artifacts == 40
        assert {artifact.description for artifact in page.artifacts} == {f"turn{turn}x"}
        for path in known.files:
            if path.endswith("metadata.json"):
                told = json.loads((folder / "metadata" / path).read_bytes())
                assert told["description"] == f"turn{turn}x"
        return turn
    finally:
        await index.close()


def test_a_full_disk_leaves_the_old_state(tmp_path):
    """The error says so, the state is the one before, and once there is room it goes on."""
    with SmallDisk(tmp_path / "disk") as disk:
        done = subprocess.run(
            [*disk.wrapper, sys.executable, "-c", FILL_DISK, str(tmp_path / "disk/store")],
            cwd=REPOSITORY, capture_output=True, text=True, timeout=STOP_S, check=False,
        )  # fmt: skip
    assert done.stdout.splitlines() == [LocalDiskFull.kind, "['old'] 3", "2"], done.stderr


async def made(folder, files, **more):
    index = await Index.open(folder)
    await fill(index, files, OUTCOME, **more)
    return index


def everything(page):
    return [(found.name, found.description, found.tags, found.size_bytes) for found in page.artifacts]


async def test_a_missing_index_is_made_from_the_mirror(tmp_path):
    """With the same content, and with what the next sync needs to bring nothing again."""
    index = await made(tmp_path / "store", big_root(6))
    before, known = await index.artifacts(ArtifactQuery(sort="name")), await index.known()
    await index.close()
    for file in (tmp_path / "store").glob("index.db*"):
        file.unlink()
    index = await Index.open(tmp_path / "store")
    assert everything(await index.artifacts(ArtifactQuery(sort="name"))) == everything(before)
    assert (await index.known()).files == known.files
    assert (await index.known()).token is None
    await index.close()


@pytest.mark.parametrize("damage", ["no database", "newer", "foreign", "cut"])
async def test_an_index_of_no_use_is_set_aside_and_made_again(tmp_path, damage):
    """What was there is kept under another name."""
    folder = tmp_path / "store"
    index = await made(folder, big_root(6))
    here = tmp_path / "here"
    here.mkdir()
    await index.mark_downloaded(VersionKey("model", "resnet-000000", 1), here, 5)
    await index.close()
    spoil(folder / "index.db", damage)
    index = await Index.open(folder)
    assert (await index.artifacts(ArtifactQuery())).total == 6
    assert (await index.version(parse_ref("resnet-000000"))).version.key.version == 3
    assert len(list(folder.glob("index.db.corrupt-*"))) >= 1
    if damage == "newer":
        assert (await index.downloads())[0].folder == here
    await index.close()


def spoil(path, damage):
    data = bytearray(path.read_bytes())
    if damage == "no database":
        data[:] = b"\0garbage" * 1000
    elif damage == "newer":
        data[60:64] = (99).to_bytes(4, "big")  # user_version, https://www.sqlite.org/fileformat.html
    elif damage == "foreign":
        path.unlink()
        subprocess.run([sys.executable, "-c", FOREIGN, str(path)], check=True, timeout=STOP_S)
        return
    else:
        del data[8192:]
    path.write_bytes(data)


async def test_damage_that_shows_later_is_repaired_too(tmp_path):
    """A page that is broken is met by a question, and the question is answered all the same."""
    folder = tmp_path / "store"
    index = await made(folder, big_root(40))
    await index.close()
    data = bytearray((folder / "index.db").read_bytes())
    # All but the schema's pages and the ones that an open looks at first.
    data[len(data) // 4 :] = b"\xa5" * (len(data) - len(data) // 4)
    (folder / "index.db").write_bytes(data)
    index = await Index.open(folder)
    for name in ("resnet-000000", "fast-000039"):
        assert (await index.version(parse_ref(name))).files_total == 3
    assert (await index.artifacts(ArtifactQuery(search="trained"))).total == 40
    assert list(folder.glob("index.db.corrupt-*"))
    await index.close()


async def test_what_a_crash_left_in_the_mirror_is_swept(tmp_path):
    """Files of a sync that never ended do not stay for ever."""
    folder = tmp_path / "store"
    index = await made(folder, artifact_files("model", "a"))
    async with index.sync() as batch:
        await batch.put(list(artifact_files("model", "new")))
        await batch.put(
            [received("artifacts/model/a/v1/metadata.json", version_metadata("model", "a", 1), 8)]
        )
        shutil.copytree(folder, tmp_path / "crashed")
    await index.close()
    assert (tmp_path / "crashed/metadata/artifacts/model/new").exists()
    index = await Index.open(tmp_path / "crashed")
    assert (await index.artifacts(ArtifactQuery())).total == 1
    await fill(index, [], OUTCOME)
    assert not (tmp_path / "crashed/metadata/artifacts/model/new").exists()
    assert len(list((tmp_path / "crashed/metadata").rglob("*.json"))) == 7
    await index.close()


async def test_a_mirrored_file_that_was_lost_is_asked_for_again(tmp_path):
    """Somebody cleared a file away: its artifact says so, and the next sync's list asks for it."""
    folder = tmp_path / "store"
    index = await made(folder, artifact_files("model", "a"))
    lost = "artifacts/model/a/v1/metadata.json"
    (folder / "metadata" / lost).unlink()
    await fill(
        index, [received("artifacts/model/a/v2/metadata.json", version_metadata("model", "a", 2), 8)], OUTCOME
    )
    problems = {v.version: v.problem for v in (await index.version(parse_ref("a"))).versions}
    assert "damaged" in problems[1]
    assert problems[2] is None
    assert (await index.known()).files[lost][1] == -1
    await fill(index, [received(lost, version_metadata("model", "a", 1), 8)], OUTCOME)
    assert (await index.counts()).unreadable == 0
    await index.close()


async def test_a_file_that_found_no_place_comes_again(tmp_path):
    """Something was put where it belongs: the source is asked for it again, whatever else has changed."""
    path = "artifacts/model/a/v1/metadata.json"
    index = await Index.open(tmp_path)
    await fill(index, artifact_files("model", "a", 1), OUTCOME, token="t1")
    place = tmp_path / "metadata" / path
    place.unlink()
    (place / "in the way").mkdir(parents=True)
    changed = received(path, version_metadata("model", "a", 1, description="other"), 5)
    await fill(index, [changed], OUTCOME, token="t2")
    known = await index.known()
    assert (known.files[path][1], known.token) == (-1, None)
    assert (await index.version(parse_ref("a"))).version.description == "other"
    await index.close()
