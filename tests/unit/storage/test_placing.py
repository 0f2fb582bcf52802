"""Files of a mirror that a process of its own writes."""

import os
import signal

import pytest

from runicornd.storage.index.mirroring import MANY, Mirroring
from runicornd.storage.mirror import Mirror, is_in_the_way
from runicornd.storage.placing import Placer, PlacerGoneError
from tests.helpers.waiting import eventually

WAIT_S = 20


@pytest.fixture
def mirror(tmp_path):
    mirror = Mirror(tmp_path)
    mirror.prepare()
    return mirror


@pytest.fixture
async def placer(mirror, tmp_path):
    placer = Placer(tmp_path)
    await eventually(lambda: placer.is_ready)
    yield placer
    placer.close()
    assert placer.pid is None


async def test_files_come_to_their_places(placer, tmp_path):
    """Content, time and rights are those of a file that the daemon writes itself, whatever its size."""
    files = [(f"a/b{n}/c{m}.json", os.urandom(n * 40_000), 10**18 + n) for n in range(30) for m in range(2)]
    files.append(("数/empty", b"", 1))
    assert placer.place(files).result(WAIT_S) == []
    for path, data, mtime_ns in files:
        place = tmp_path / "metadata" / path
        assert place.read_bytes() == data
        assert (place.stat().st_mtime_ns, place.stat().st_mode & 0o777) == (mtime_ns, 0o600)


async def test_a_name_in_the_way_costs_one_file(placer, tmp_path):
    """The others are written; neither a link nor a folder is written through."""
    (tmp_path / "metadata/link").symlink_to(tmp_path / "outside")
    files = [("a", b"1", 1), ("a/b", b"2", 1), ("link", b"3", 1), ("c", b"4", 1)]
    failed = placer.place(files).result(WAIT_S)
    assert [place for place, _ in failed] == [1, 2]
    assert all(is_in_the_way(OSError(number, "")) for _, number in failed)
    assert (tmp_path / "metadata/c").read_bytes() == b"4"
    assert not (tmp_path / "outside").exists()


async def test_one_that_has_ended_is_told(placer):
    """Whoever waits for it hears of it."""
    os.kill(placer.pid, signal.SIGKILL)
    with pytest.raises(PlacerGoneError):
        placer.place([("a", b"1", 1)]).result(WAIT_S)


@pytest.mark.parametrize("is_killed", [False, True])
async def test_mirroring_writes_all_with_the_process_or_without(mirror, tmp_path, is_killed):
    """New files are in place, replacements are staged, and so is what has something in its way."""
    mirroring = Mirroring(mirror)
    try:
        mirroring.expect(MANY)
        await eventually(lambda: mirroring.is_ready)
        if is_killed:
            os.kill(mirroring.pid, signal.SIGKILL)
        for turn in range(3):
            new = [(f"{turn}/{number}", b"new", 1) for number in range(50)] + [(f"{turn}/1/x", b"late", 1)]
            mirroring.begin(new, [("old", b"changed", 1)])
            staged = mirroring.finish()
            assert [path for path, name in staged.items() if name] == [f"{turn}/1/x", "old"]
            assert (tmp_path / "staging" / staged["old"]).read_bytes() == b"changed"
            assert (tmp_path / f"metadata/{turn}/49").read_bytes() == b"new"
    finally:
        mirroring.close()


def test_few_files_need_no_process(mirror):
    """It would take longer than they do."""
    mirroring = Mirroring(mirror)
    mirroring.expect(MANY - 1)
    assert not mirroring.has_process
    mirroring.close()
