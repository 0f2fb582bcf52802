"""A far end that is not ours: whatever it sends, the mirror is the one before, and nothing is elsewhere."""

import json
import struct
import zlib

import pytest

from runicornd._lib.clock import SystemClock
from runicornd.errors import AgentFailed, RunicorndError
from runicornd.storage.index import Index
from runicornd.storage.index.results import ArtifactQuery
from runicornd.storage.sync import Meter, Wish, bring_up_to_date
from tests.helpers.scripted_agent import ScriptedConnection
from tests.helpers.waiting import within

START = b'noise\nrunicornd-says:here\nrunicornd-says:python\n{"store": 1}\n'
HEADER = struct.Struct("!BHIQq")
FILE, PROBLEM, GONE, ERROR, END = 1, 2, 3, 4, 5
WISH = Wish("/r", 100_000, 400_000)


def begun(**said):
    return json.dumps({"root": "/r", "files": 1, "bytes": 1, **said}).encode() + b"\n"


def frame(kind, path="", content=b"", size=None, modified=1):
    name = path.encode("utf-8", "surrogatepass")
    return (
        HEADER.pack(kind, len(name), len(content), len(content) if size is None else size, modified)
        + name
        + content
    )


def stream(*frames):
    return zlib.compress(b"".join(frames))


GOOD = frame(FILE, "artifacts/model/new/v1/metadata.json", b'{"created_at": 1}')
INVENTED = [
    "../../evil",
    "/etc/evil",
    "artifacts/../../../evil",
    "artifacts/model/../../../evil/versions.json",
    "artifacts/model/evil\0/versions.json",
    "evil" * 100,
    "artifacts//model/evil",
    "index.db",
    "downloads/evil/v1/x",
    "",
    "\x1b[31mevil/runs/r/meta.json",
]

BROKEN = {
    "no end": [begun(), stream(GOOD)],
    "no stream": [begun(), b"evil" * 1000],
    "cut": [begun(), stream(GOOD, frame(END))[:-9]],
    "unknown kind": [begun(), stream(GOOD, frame(9), frame(END))],
    "too long for a file": [begun(), stream(GOOD, frame(FILE, "a", b"x" * 400_001))],
    "claims 4 GiB": [begun(), stream(GOOD, HEADER.pack(FILE, 1, 2**32 - 1, 1, 1))],
    "another size": [begun(), stream(GOOD, frame(FILE, "a", b"x", size=2))],
    "no Unicode": [begun(), zlib.compress(GOOD + HEADER.pack(FILE, 2, 0, 0, 1) + b"\xff\xfe")],
    "an error": [begun(), stream(GOOD, frame(ERROR, content=b'{"kind": "x", "message": "\\u001b[31m"}'))],
    "an error that is none": [begun(), stream(GOOD, frame(ERROR, content=b"[" * 50_000))],
    "a line without an end": [b"{" * 2_000_000],
    "a deep line": [b'{"root": ' + b"[" * 100_000 + b"\n"],
    "negative": [begun(files=-1)],
    "a root that is none": [begun(root=5)],
    "asks for ever": [b'{"ask": "known"}\n' * 3],
}


@pytest.fixture
async def index(tmp_path):
    """A mirror of one artifact, with a neighbour that must not be touched."""
    (tmp_path / "store").mkdir()
    (tmp_path / "keep").write_text("keep")
    index = await Index.open(tmp_path / "store")
    whole = stream(frame(FILE, "artifacts/model/old/v1/metadata.json", b'{"created_at": 1}'), frame(END))
    await play(index, begun(), whole)
    yield index
    await index.close()


async def play(index, *said):
    """A sync with a far end that says this and ends."""

    async def behave(process, _command):
        await process.heard.get()
        await process.say(START + b"".join(said))
        await process.end(1, "\x1b[31mgone\x07")

    connection = ScriptedConnection(behave)
    try:
        meter = Meter(SystemClock(), lambda _progress: None)
        await within(bring_up_to_date(connection, index, WISH, meter), 20)
    finally:
        await connection.close()


async def names(index):
    return [one.name for one in (await index.artifacts(ArtifactQuery())).artifacts]


def outside(tmp_path):
    return [sorted(path.name for path in each.iterdir()) for each in (tmp_path, tmp_path / "store/metadata")]


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_stream_changes_nothing(index, tmp_path, case):
    """It is one error, soon; the mirror is as it was, and the next sync works."""
    before = outside(tmp_path)
    with pytest.raises(RunicorndError) as caught:
        await play(index, *BROKEN[case])
    assert caught.value.message.startswith("cannot") or isinstance(caught.value, AgentFailed)
    assert await names(index) == ["old"]
    assert outside(tmp_path) == before
    await play(index, begun(), stream(GOOD, frame(END)))
    assert sorted(await names(index)) == ["new", "old"]


async def test_paths_that_it_makes_up_lead_nowhere(index, tmp_path):
    """Files, problems and removals of such paths: the good one beside them counts, the rest is nowhere."""
    invented = [
        make(path)
        for path in INVENTED
        for make in (
            lambda path: frame(FILE, path, b"evil"),
            lambda path: frame(PROBLEM, path, b"\x1b[31mevil"),
            lambda path: frame(GONE, path),
        )
    ]
    await play(index, begun(), stream(*invented, GOOD, frame(END)))
    assert sorted(await names(index)) == ["new", "old"]
    held = [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]
    assert held == []
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name]
    assert (tmp_path / "keep").read_text() == "keep"
    assert (await index.last_sync()).problems > 0


async def test_a_manifest_may_be_larger_than_other_metadata(index):
    """Its own limit holds for it; nothing is longer than that."""
    large = json.dumps({"files": [], "x": "x" * 300_000}).encode()
    files = [frame(FILE, f"artifacts/model/new/v1/{name}.json", large) for name in ("manifest",)]
    await play(index, begun(), stream(GOOD, *files, frame(END)))
    assert sorted(await names(index)) == ["new", "old"]
