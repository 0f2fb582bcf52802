import os

import pytest

from runicornd.storage.mirror import Mirror, fault_of


@pytest.fixture
def mirror(tmp_path):
    mirror = Mirror(tmp_path)
    mirror.prepare()
    return mirror


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "../x", "a/../b", "a//b", "a/.", "a/", "a\0b", "x" * 256, "é" * 128,
        "/".join("a" * 60), "/".join(["x" * 200] * 20), "a/\ud800",
    ],
)  # fmt: skip
def test_paths_that_are_not_plain_are_refused(path):
    """No server names a place outside the mirror, or one that this machine cannot hold."""
    assert fault_of(path) is not None


@pytest.mark.parametrize(
    "path", ["a", "a/b.json", "artifacts/model/x y/v1/.deleted", "数/据", "a/\uf7ff", "x" * 255]
)
def test_plain_paths_are_accepted(path):
    """What Runicorn writes can be mirrored, and names that are not UTF-8 as well."""
    assert fault_of(path) is None


def test_a_new_file_goes_to_its_place(mirror, tmp_path):
    """It has the source's content and time."""
    assert mirror.place("a/b/c.json", b"data", 1_500_000_000_000_000_123) == ""
    place = tmp_path / "metadata/a/b/c.json"
    assert place.read_bytes() == b"data"
    assert place.stat().st_mtime_ns == 1_500_000_000_000_000_123
    assert place.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mtime_ns", [-1, 2**63 - 1, -(2**63)])
def test_a_time_that_no_disk_holds_costs_nothing(mirror, mtime_ns):
    """A hostile time is not an error."""
    mirror.place("a", b"x", mtime_ns)
    assert mirror.read("a", "", 1) == b"x"


def test_staged_files_replace_in_the_replay_and_twice_is_once(mirror, tmp_path):
    """A replay that was cut short can be done again."""
    mirror.place("a", b"old", 1)
    mirror.place("gone/x", b"old", 1)
    steps = [(None, "gone/x"), (mirror.stage(b"new", 2), "a")]
    assert (tmp_path / "metadata/a").read_bytes() == b"old"
    for _ in range(2):
        assert mirror.replay(steps) == []
        assert (tmp_path / "metadata/a").read_bytes() == b"new"
        assert not (tmp_path / "metadata/gone").exists()


def test_a_file_in_the_way_of_a_folder_waits_for_its_removal(mirror, tmp_path):
    """A name may be a file first and a folder later."""
    mirror.place("a", b"old", 1)
    staged = mirror.place("a/b", b"new", 1)
    assert staged
    assert mirror.replay([(None, "a"), (staged, "a/b")]) == []
    assert (tmp_path / "metadata/a/b").read_bytes() == b"new"


def test_a_file_that_cannot_be_settled_is_told(mirror):
    """A server that says a name is both file and folder loses one of them, not the sync."""
    mirror.place("a/b", b"x", 1)
    assert mirror.replay([(mirror.stage(b"y", 1), "a")]) == ["a"]


def test_links_in_the_mirror_are_not_followed(mirror, tmp_path):
    """Neither a read nor a write leaves the mirror over a link as its last part."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    (tmp_path / "metadata/link").symlink_to(outside)
    assert mirror.read("link", "", 6) is None
    staged = mirror.place("link", b"evil", 1)
    assert outside.read_bytes() == b"secret"
    mirror.replay([(staged, "link")])
    assert outside.read_bytes() == b"secret"
    assert mirror.read("link", "", 4) == b"evil"


def test_a_file_of_another_size_is_not_the_file(tmp_path):
    """What a crash cut short is asked for again."""
    mirror = Mirror(tmp_path)
    mirror.prepare()
    mirror.place("a", b"abc", 1)
    assert [Mirror(tmp_path).read("a", "", size) for size in (2, 3, 4)] == [None, b"abc", None]
    os.mkfifo(tmp_path / "metadata/fifo")
    assert mirror.read("fifo", "", 3) is None


def test_the_sweep_leaves_what_is_known(mirror, tmp_path):
    """Files that no sync has committed go, and their empty folders."""
    for path in ("keep/a", "keep/b", "go/a/b"):
        mirror.place(path, b"x", 1)
    mirror.sweep(lambda path: path == "keep/a")
    assert [path for path, _ in mirror.walk()] == ["keep/a"]
    assert [part.name for part in (tmp_path / "metadata").iterdir()] == ["keep"]
