import os
import stat
from datetime import UTC, datetime

import pytest

from runicornd._lib.atomicfile import quarantine, write_atomic

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_has_its_content_and_is_private(tmp_path):
    """The content is exact and the mode is 0600 whatever the umask says."""
    former = os.umask(0)
    try:
        write_atomic(tmp_path / "a.json", b"\x00{}")
    finally:
        os.umask(former)
    assert (tmp_path / "a.json").read_bytes() == b"\x00{}"
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600
    assert names(tmp_path) == ["a.json"]


def test_another_mode_can_be_chosen(tmp_path):
    """The mode is the one that was asked for, a strict umask notwithstanding."""
    former = os.umask(0o077)
    try:
        write_atomic(tmp_path / "a", b"", mode=0o644)
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_an_open_reader_keeps_the_old_content(tmp_path):
    """The file is replaced, not written over."""
    path = tmp_path / "a"
    write_atomic(path, b"old")
    with path.open("rb") as reader:
        write_atomic(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    """When the rename fails, no temporary file stays behind."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_atomic(tmp_path / "taken", b"data")
    assert names(tmp_path) == ["taken"]


def test_a_missing_folder_is_an_error(tmp_path):
    """Folders are the caller's business."""
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "none" / "a", b"")


def test_a_bad_file_is_moved_aside_with_the_time(tmp_path):
    """The new name says when, and the content is kept."""
    bad = tmp_path / "s.json"
    bad.write_bytes(b"{broken")
    aside = quarantine(bad, NOW)
    assert aside == tmp_path / "s.json.corrupt-20260102T030405Z"
    assert aside.read_bytes() == b"{broken"
    assert not bad.exists()


def test_a_second_bad_file_of_the_same_second_does_not_replace_the_first(tmp_path):
    """Quarantine never overwrites."""
    bad = tmp_path / "s.json"
    for content in (b"one", b"two", b"three"):
        bad.write_bytes(content)
        quarantine(bad, NOW)
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"one", b"three", b"two"]


def test_a_file_that_is_not_there_cannot_be_moved_aside(tmp_path):
    """The caller hears of it."""
    with pytest.raises(FileNotFoundError):
        quarantine(tmp_path / "none")
