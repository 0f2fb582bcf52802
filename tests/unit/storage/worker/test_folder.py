"""A folder whose contents are named by somebody else."""

import os
from pathlib import Path

import pytest

from runicornd.errors import PlaceUnwritable
from runicornd.storage.worker.folder import TargetFolder, part_of, parts_of


@pytest.mark.parametrize(
    "path", ["", "/etc/x", "../x", "a/../../x", "a//b", "a/", "./a", "a\0b", "x" * 256, "a/" * 3000 + "b"]
)
def test_what_leads_out_is_no_path(path):
    """Neither are names that the system would not take."""
    with pytest.raises(PlaceUnwritable):
        parts_of(path)


def test_a_name_may_be_strange():
    """Blanks, quotes, dots and other scripts are names like others."""
    assert parts_of("a b/..c/'é'/...") == ("a b", "..c", "'é'", "...")


def test_folders_are_made_and_files_moved(tmp_path):
    """A part becomes the file."""
    with TargetFolder(tmp_path) as folder:
        os.close(folder.create("a/b/c.part"))
        folder.move("a/b/c.part", "a/b/c")
        assert folder.look("a/b/c") is not None
        assert folder.look("a/b/c.part") is None
        assert folder.look("x/y") is None


def test_a_link_on_the_way_is_not_followed(tmp_path):
    """A folder that is a symbolic link leads nowhere."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "sub").symlink_to(outside)
    with TargetFolder(root) as folder, pytest.raises(PlaceUnwritable):
        folder.create("sub/x")
    assert not list(outside.iterdir())


def test_a_link_in_place_of_a_part_is_replaced(tmp_path):
    """What it points to is not written."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.write_text("mine")
    root.mkdir()
    (root / "x.part").symlink_to(outside)
    with TargetFolder(root) as folder:
        os.close(folder.create("x.part"))
        (root / "y").symlink_to(outside)
        with pytest.raises(PlaceUnwritable):
            folder.read("y")
    assert outside.read_text() == "mine"


def test_a_fifo_does_not_block(tmp_path):
    """It is in the way, and said at once."""
    os.mkfifo(tmp_path / "pipe")
    with TargetFolder(tmp_path) as folder, pytest.raises(PlaceUnwritable):
        folder.read("pipe")


def test_descriptors_stay_few(tmp_path):
    """A tree of many folders does not use up the descriptors of the process."""
    with TargetFolder(tmp_path) as folder:
        before = len(list(Path("/proc/self/fd").iterdir()))
        for number in range(300):
            os.close(folder.create(f"d{number}/e/f"))
        assert len(list(Path("/proc/self/fd").iterdir())) - before < 100
    assert (tmp_path / "d299/e/f").exists()


def test_a_long_name_still_has_a_part():
    """The part of a name of full length is shortened, also within a character of several bytes."""
    part = part_of("a/" + "é" * 127)
    assert len(os.fsencode(part.split("/")[1])) <= 255
    assert part.endswith(".part")
