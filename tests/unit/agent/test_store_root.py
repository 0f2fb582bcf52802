"""Files are opened below the root and nowhere else."""

import os
from pathlib import Path

import pytest

from runicornd.agent.failures import Failure
from runicornd.agent.store_root import Root


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "root"
    (inside / "a/b").mkdir(parents=True)
    (inside / "a/b/file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    return inside


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def read(root, path):
    fd, found = root.open(path)
    with os.fdopen(fd, "rb") as file:
        data = file.read()
    assert found.st_size == len(data)
    return data.decode()


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../secret", "a/../../x", "a//b/file", "./a", "a/."])
def test_paths_that_are_no_plain_ones_are_refused(folder, path):
    """Absolute, climbing, or empty in between."""
    with pytest.raises(Failure) as caught:
        Root(str(folder)).open(path)
    assert caught.value.kind == "file_missing"


@pytest.mark.parametrize("link", ["last", "middle"])
def test_links_lead_nowhere_outside(folder, tmp_path, link):
    """Neither as the last part nor as one before."""
    if link == "last":
        (folder / "a/link").symlink_to("../../secret")
        path = "a/link"
    else:
        (folder / "a/link").symlink_to(tmp_path)
        path = "a/link/secret"
    with pytest.raises(Failure) as caught:
        Root(str(folder)).open(path)
    assert caught.value.kind == "file_missing"


def test_links_within_and_hard_links_are_followed(folder):
    """From inside to inside, over a folder and to a file."""
    (folder / "c").symlink_to("a")
    (folder / "a/b/again").symlink_to(folder / "a/b/file")
    os.link(folder / "a/b/file", folder / "hard")
    root = Root(str(folder))
    assert [read(root, path) for path in ("c/b/file", "a/b/again", "c/b/again", "hard")] == ["inside"] * 4


def test_what_is_no_file_is_refused_at_once(folder):
    """A pipe without a writer does not hold us up."""
    os.mkfifo(folder / "pipe")
    root = Root(str(folder))
    for path in ("pipe", "a/b"):
        with pytest.raises(Failure, match="no regular file"):
            root.open(path)


def test_a_folder_that_is_replaced_is_entered_anew(folder):
    """The folder that is held open may be no longer the one of that name."""
    root = Root(str(folder))
    assert read(root, "a/b/file") == "inside"
    (folder / "a/b").rename(folder / "a/old")
    (folder / "a/old/file").unlink()
    (folder / "a/b").mkdir()
    (folder / "a/b/file").write_text("new")
    assert read(root, "a/b/file") == "new"
    with pytest.raises(FileNotFoundError):
        root.open("a/b/none")


def test_no_descriptor_is_left(folder):
    """Whatever is asked for, only the root and one folder stay open."""
    root = Root(str(folder))
    before = descriptors()
    for path in ("a/b/file", "a/none", "a/b/file/x", "none/x/y", "a/b/file"):
        try:
            fd, _ = root.open(path)
            os.close(fd)
        except (OSError, Failure):
            continue
    assert descriptors() <= before + 1
