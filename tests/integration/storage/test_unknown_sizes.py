"""Files whose size nobody has written down: it is learned before they are fetched, the digest decides."""

import os

import pytest

from runicornd.errors import ChecksumMismatch, FileMissing, LocalDiskFull
from runicornd.ssh.targets import Host
from runicornd.storage.downloads.model import DownloadPhase
from runicornd.storage.model import UNKNOWN_SIZE, FileEntry
from tests.helpers.downloading import Bench, MadeUpSources

CONTENT = {"a.bin": os.urandom(3_000_000), "sub/b.txt": b"hello", "empty": b"", "twin.bin": b"t" * 9000}


@pytest.fixture
def sources(tmp_path):
    """A version in which some sizes are unknown."""
    sources = MadeUpSources(tmp_path)
    entries = sources.add("m", {**CONTENT, "twin2.bin": CONTENT["twin.bin"], "known": b"known"})
    sources.versions["m"] = [
        entry if entry.path == "known" else FileEntry(entry.path, UNKNOWN_SIZE, entry.digest, entry.source)
        for entry in entries
    ]
    return sources


@pytest.fixture
async def bench(tmp_path, sources):
    async with Bench(tmp_path, sources, Host("local", "localhost", is_local=True)) as bench:
        yield bench


async def test_they_come_whole_and_are_verified(bench, sources):
    """The sum of bytes is right in the end, and a second time nothing is asked of the source."""
    view = await bench.pull("m")
    totals = view.state.totals
    assert view.state.phase is DownloadPhase.DONE, view
    assert (totals.files_done, totals.skipped) == (6, 0)
    assert totals.bytes_done == totals.bytes_total == sum(map(len, CONTENT.values())) + 9005
    folder = sources.cache / "downloads/m/v1"
    assert {path: (folder / path).read_bytes() for path in CONTENT} == CONTENT
    for path in (*CONTENT, "twin2.bin", "known"):
        sources.place("m", path).unlink()
    again = await bench.pull("m")
    assert (again.state.phase, again.state.totals.skipped) == (DownloadPhase.DONE, 6)
    assert again.state.totals.bytes_done == again.state.totals.bytes_total == totals.bytes_total


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda path: path.write_bytes(b"longer than before"), ChecksumMismatch),
        (lambda path: path.write_bytes(b""), ChecksumMismatch),
        (lambda path: path.unlink(), FileMissing),
        (lambda path: (path.unlink(), path.symlink_to("/dev/zero")), FileMissing),
        (lambda path: os.truncate(path, 2**43), LocalDiskFull),
    ],
)
async def test_what_is_wrong_with_one_is_said(bench, sources, spoil, error):
    """The digest is the judge; the others come, unless there is no room for what the source claims."""
    spoil(sources.place("m", "sub/b.txt"))
    view = await bench.pull("m")
    assert view.state.phase is DownloadPhase.FAILED
    assert isinstance(view.state.error, error), view.state.error
    assert not (sources.cache / "downloads/m/v1/sub/b.txt").exists()
    assert (sources.cache / "downloads/m/v1/a.bin").exists() == (error is not LocalDiskFull)
