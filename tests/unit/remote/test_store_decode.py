"""What a far end may send, and what it may not."""

import json
import struct
import zlib

import pytest

from runicornd.errors import AgentFailed, FileMissing, RootNotFound, SourceChanged
from runicornd.remote.store_decode import FetchDecoder, SyncDecoder
from runicornd.remote.store_frames import (
    FileBegun,
    FileData,
    FileEnded,
    FileFailed,
    MetadataFile,
    MetadataGone,
    SyncEnded,
    Wanted,
)

SYNC = struct.Struct("!BHIQq")
FETCH = struct.Struct("!BIQq")
FILE, PROBLEM, GONE, ERROR, END = BEGUN, DATA, ENDED, FAILED, FINISHED = range(1, 6)
LIMIT = 100_000


def sync_frame(kind, path="", content=b"", size=None, modified=7):
    name = path if isinstance(path, bytes) else path.encode()
    size = len(content) if size is None else size
    return SYNC.pack(kind, len(name), len(content), size, modified) + name + content


def failure(kind="root_not_found"):
    return json.dumps({"kind": kind, "message": "cannot"}).encode()


def synced(*frames, step=None, raw=None):
    data = zlib.compress(b"".join(frames)) if raw is None else raw
    decoder = SyncDecoder(LIMIT)
    found = []
    for start in range(0, len(data), step or len(data)):
        for batch in decoder.feed(data[start : start + (step or len(data))]):
            found += batch
    return found


@pytest.mark.parametrize("step", [None, 1, 7])
def test_a_sync_comes_out_however_it_is_cut(step):
    """Files, problems and removals, in order, up to the end."""
    found = synced(
        sync_frame(FILE, "a/ü", b"{}"),
        sync_frame(PROBLEM, "b", b"larger", size=2**40),
        sync_frame(GONE, "c"),
        sync_frame(END, content=b"token"),
        step=step,
    )
    assert found == [
        MetadataFile("a/ü", 2, 7, b"{}"),
        MetadataFile("b", 2**40, 0, None, "larger"),
        MetadataGone("c"),
        SyncEnded(is_complete=True, token="token"),
    ]


def test_an_end_without_a_token_has_none():
    """The next sync compares."""
    assert synced(sync_frame(END)) == [SyncEnded(is_complete=True, token=None)]


def test_an_error_in_the_stream_is_raised_as_what_it_is():
    """Whatever came before it."""
    with pytest.raises(RootNotFound, match="cannot"):
        synced(sync_frame(FILE, "a"), sync_frame(ERROR, content=failure()))


@pytest.mark.parametrize(
    "frames",
    [
        [sync_frame(9, "a")],
        [sync_frame(FILE, "a", b"x", size=2)],
        [sync_frame(FILE, b"\xff", b"x")],
        [SYNC.pack(FILE, 20000, 0, 0, 0)],
        [SYNC.pack(FILE, 1, LIMIT + 1, 0, 0)],
        [SYNC.pack(GONE, 1, 2**32 - 1, 0, 0)],
        [sync_frame(ERROR, content=b"nonsense")],
        [sync_frame(FILE, "a", b"x")],
        [],
    ],
    ids=["kind", "size", "text", "path", "content", "huge", "error", "no end", "nothing"],
)
def test_a_broken_sync_is_refused(frames):
    """Each with the same kind of error."""
    with pytest.raises(AgentFailed):
        synced(*frames)


def test_what_is_no_packed_stream_is_refused():
    """Noise, and a stream whose checksum is wrong."""
    for raw in (b"noise", zlib.compress(sync_frame(FILE, "a", b"x" * 1000))[:-1] + b"!"):
        with pytest.raises(AgentFailed):
            synced(raw=raw)


def test_a_bomb_does_not_unfold():
    """A frame that is too long is refused when its head is read, not when it has come."""
    bomb = zlib.compress(SYNC.pack(FILE, 1, 2**31, 2**31, 0) + bytes(200_000_000))
    decoder = SyncDecoder(LIMIT)
    with pytest.raises(AgentFailed):
        list(decoder.feed(bomb))


def test_a_flood_comes_in_pieces():
    """Many small frames in few packed bytes are handed on in batches of bounded size."""
    flood = zlib.compress(sync_frame(GONE, "c") * 500_000 + sync_frame(END))
    batches = list(SyncDecoder(LIMIT).feed(flood))
    assert sum(map(len, batches)) == 500_001
    assert max(map(len, batches)) < 20_000


def fetch_frame(kind, index=0, size=0, modified=0, content=b""):
    return FETCH.pack(kind, index, size, modified) + content


def fetched(wanted, *frames, step=None):
    data = b"".join(frames)
    decoder = FetchDecoder(wanted)
    found = []
    for start in range(0, len(data), step or len(data)):
        found += decoder.feed(data[start : start + (step or len(data))])
    return found, decoder.has_ended


def joined(frames):
    """The frames with adjacent data put together."""
    found = []
    for frame in frames:
        if isinstance(frame, FileData) and found and isinstance(found[-1], FileData):
            frame = FileData(found.pop().data + frame.data)  # noqa: PLW2901 - that is the point
        found.append(frame)
    return found


TWO = [Wanted("a", 10, 4), Wanted("b", 0)]


@pytest.mark.parametrize("step", [None, 1, 5, 30])
def test_files_come_out_however_they_are_cut(step):
    """Content in several pieces, an empty file, and the end."""
    frames, has_ended = fetched(
        TWO,
        fetch_frame(BEGUN, 0, 12, 7),
        fetch_frame(DATA, 0, 2, content=b"ab"),
        fetch_frame(DATA, 0, 4, content=b"cdef"),
        fetch_frame(ENDED, 0),
        fetch_frame(BEGUN, 1, 0, 8),
        fetch_frame(ENDED, 1),
        fetch_frame(FINISHED),
        step=step,
    )
    assert has_ended
    assert joined(frames) == [
        FileBegun(0, 12, 7),
        FileData(b"abcdef"),
        FileEnded(0),
        FileBegun(1, 0, 8),
        FileEnded(1),
    ]


def test_large_content_is_whole_in_whatever_pieces_it_comes():
    """Two files at once, in pieces that end in the middle of each."""
    first, second = bytes(range(256)) * 300, bytes(range(255, -1, -1)) * 300
    frames, has_ended = fetched(
        [Wanted("a", len(first)), Wanted("b", len(second))],
        fetch_frame(BEGUN, 0, len(first), 7),
        fetch_frame(DATA, 0, len(first), content=first),
        fetch_frame(ENDED, 0),
        fetch_frame(BEGUN, 1, len(second), 8),
        fetch_frame(DATA, 1, len(second), content=second),
        fetch_frame(ENDED, 1),
        fetch_frame(FINISHED),
        step=50_000,
    )
    assert has_ended
    found = {}
    for frame in frames:
        if isinstance(frame, FileBegun):
            content = found[frame.index] = bytearray()
        elif isinstance(frame, FileData):
            content += frame.data
    assert found == {0: first, 1: second}


@pytest.mark.parametrize("step", [None, 1, 30])
def test_a_failed_file_does_not_end_the_others(step):
    """Before it began or in the middle."""
    missing, changed = failure("file_missing"), failure("source_changed")
    frames, has_ended = fetched(
        TWO,
        fetch_frame(BEGUN, 0, 12, 7),
        fetch_frame(DATA, 0, 2, content=b"ab"),
        fetch_frame(FAILED, 0, len(changed), content=changed),
        fetch_frame(FAILED, 1, len(missing), content=missing),
        fetch_frame(FINISHED),
        step=step,
    )
    assert has_ended
    failed = [frame for frame in frames if isinstance(frame, FileFailed)]
    assert [(frame.index, type(frame.error)) for frame in failed] == [(0, SourceChanged), (1, FileMissing)]


BEGIN = fetch_frame(BEGUN, 0, 12, 7)


@pytest.mark.parametrize(
    "frames",
    [
        [fetch_frame(9)],
        [fetch_frame(BEGUN, 1)],
        [fetch_frame(DATA, 0, 2, content=b"ab")],
        [BEGIN, BEGIN],
        [BEGIN, fetch_frame(DATA, 0, 7)],
        [BEGIN, fetch_frame(DATA, 0, 0)],
        [BEGIN, fetch_frame(DATA, 0, 2**64 - 1)],
        [BEGIN, fetch_frame(ENDED, 0)],
        [fetch_frame(FINISHED)],
        [fetch_frame(FAILED, 0, 2**60)],
        [fetch_frame(FAILED, 0, 3, content=b"???")],
    ],
    ids=["kind", "turn", "early", "twice", "more", "none", "huge", "short", "end", "long", "unreadable"],
)
def test_a_broken_fetch_is_refused(frames):
    """No file is taken for another, none is longer or shorter than it was asked for."""
    with pytest.raises(AgentFailed):
        fetched(TWO, *frames)
