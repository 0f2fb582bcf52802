"""Where metadata is looked for, what is left out, and what may be called gone."""

import os

import pytest

from runicornd.agent.failures import Failure
from runicornd.agent.store_root import Root
from runicornd.agent.store_scan import Most, Scan
from runicornd.agent.store_sync import compare, totals
from tests.helpers.ordinary import as_ordinary_user, open_folder

LIMIT = 1000
V1 = "artifacts/model/net/v1"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    write(folder, "artifacts/model/net/versions.json", f"{V1}/metadata.json", f"{V1}/manifest.json")
    write(folder, "vision/resnet/runs/r1/meta.json", "vision/resnet/runs/r1/summary.json")
    write(folder, "runs/a/b/r2/meta.json", "runs/a/b/r2/assets.json")
    write(folder, "archive/manifests/datasets/ab/abcd.json")
    return folder


def write(folder, *paths, text="{}"):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def scan(folder, limit=LIMIT, **settings):
    done = Scan(Root(str(folder)), Most(limit, limit), lambda _files: None, **settings)
    done.run()
    return done


def paths(done):
    return {f"{folder}/{name}".lstrip("/") for folder, names in done.found.items() for name in names}


def known(done):
    return [
        (f"{folder}/{name}".lstrip("/"), *numbers)
        for folder, names in done.found.items()
        for name, numbers in names.items()
    ]


def test_both_layouts_are_found_and_nothing_else(root):
    """Metadata of artifacts, runs and manifests; no data, no logs, no files of other programs."""
    expected = paths(scan(root))
    assert len(expected) == 8
    write(root, f"{V1}/files/metadata.json", "artifacts/.dedup/ab/metadata.json", f"{V1}/lock")
    write(
        root, "runs/a/b/r2/logs.txt", "runs/a/b/r2/media/x/meta.json", "vision/meta.json", "other/meta.json"
    )
    write(root, "archive/blobs/ab/abcd.json", "artifacts/model/net/vx/metadata.json")
    assert paths(scan(root)) == expected


def test_folders_of_data_are_not_even_listed(root):
    """Any number of files beside the metadata costs nothing."""
    for number in range(50):
        write(root, f"{V1}/files/{number}", f"runs/a/b/r2/media/{number}/x", f"archive/blobs/{number}/x")
    assert len(paths(scan(root, entries_limit=40))) == 8


def test_too_many_entries_are_an_error_that_says_so(root):
    """A root that is no storage root, such as a whole disk, is given up."""
    with pytest.raises(Failure, match="more than 5 entries"):
        scan(root, entries_limit=5)


def test_the_token_changes_with_every_change_and_only_then(root):
    """Content, modes, new files and missing files."""
    token = scan(root).token
    assert scan(root).token == token
    write(root, f"{V1}/files/weights.bin")
    assert scan(root).token == token
    seen = {token}
    (root / V1 / "metadata.json").write_text("[1]")
    seen.add(scan(root).token)
    (root / V1 / "metadata.json").chmod(0o600)
    seen.add(scan(root).token)
    write(root, f"{V1}/.deleted")
    seen.add(scan(root).token)
    (root / V1 / "manifest.json").unlink()
    seen.add(scan(root).token)
    seen.add(scan(root, limit=1).token)
    assert len(seen) == 6


def test_what_is_known_is_left_out_and_what_is_no_more_is_gone(root):
    """Only the difference remains."""
    before = known(scan(root))
    (root / V1 / "metadata.json").write_text("[1]")
    (root / V1 / "manifest.json").unlink()
    write(root, f"{V1}/.deleted")
    done = scan(root)
    assert compare(done, before) == [f"{V1}/manifest.json"]
    assert paths(done) == {f"{V1}/metadata.json", f"{V1}/.deleted"}
    assert totals(done.found) == (2, 5)


def test_a_limit_that_was_raised_brings_the_file(root):
    """A file that was too large is not taken for known, and one that is known stays."""
    write(root, f"{V1}/manifest.json", text="x" * 500)
    before = scan(root, limit=100)
    assert before.problems == {f"{V1}/manifest.json": "larger than 100 bytes"}
    again, raised = scan(root, limit=100), scan(root)
    assert compare(again, known(before)) == compare(raised, known(before)) == []
    assert paths(again) == set()
    assert paths(raised) == {f"{V1}/manifest.json"}


def test_links_out_of_the_root_and_odd_files_are_problems(root, tmp_path):
    """A link to somewhere else, a pipe and a folder are told and not entered."""
    write(tmp_path, "outside/v1/metadata.json", "outside/secret.json")
    (root / "artifacts/model/away").symlink_to(tmp_path / "outside")
    (root / "vision/away").symlink_to("../../outside")
    (root / V1 / "manifest.json").unlink()
    (root / V1 / "manifest.json").symlink_to(tmp_path / "outside/secret.json")
    os.mkfifo(root / V1 / ".deleted")
    (root / "runs/a/b/r2/summary.json").mkdir()
    done = scan(root)
    assert set(done.problems) == {
        "artifacts/model/away",
        "vision/away",
        f"{V1}/manifest.json",
        f"{V1}/.deleted",
        "runs/a/b/r2/summary.json",
    }
    assert {done.found["artifacts/model"]["away"], done.found[V1]["manifest.json"]} == {(0, 0)}


@pytest.mark.parametrize("place", ["artifacts", "archive", "archive/manifests", "artifacts/model", V1])
def test_no_place_may_be_a_link_out_of_the_root(root, tmp_path, place):
    """Whichever part of the way it is: one problem, and nothing of what is there."""
    (root / place).rename(tmp_path / "outside")
    (root / place).symlink_to(tmp_path / "outside")
    done = scan(root)
    assert set(done.problems) == {place}
    assert not [path for path in paths(done) if path.startswith(f"{place}/")]


@pytest.mark.parametrize("when", [0, -1, 2**34, -(2**33)])
def test_any_time_of_a_file_fits(root, when):
    """The epoch is no sign of a problem, and neither is a year beyond what 64 bits hold."""
    path = root / V1 / "metadata.json"
    os.utime(path, (when, when))
    done = scan(root)
    modified = done.found[V1]["metadata.json"][1]
    assert modified
    assert -(2**63) <= modified < 2**63
    assert f"{V1}/metadata.json" not in done.problems


def test_links_within_the_root_are_followed_and_never_in_circles(root):
    """An artifact may be a link; a circle of links among the runs ends at once."""
    (root / "artifacts/model/same").symlink_to("net")
    (root / "vision/up").symlink_to("..")
    done = scan(root)
    assert "artifacts/model/same/v1/metadata.json" in paths(done)
    assert len(paths(done)) == 8 + 3
    assert not done.problems


def test_a_folder_that_cannot_be_read_costs_itself_alone():
    """One problem; what is known below it is not gone; with its rights all of it is back."""
    with open_folder() as folder:
        write(folder, f"{V1}/metadata.json", "artifacts/data/set/versions.json", "runs/x/r/meta.json")
        before = known(scan(folder))
        closed = folder / "artifacts/model/net"
        closed.chmod(0)
        with as_ordinary_user():
            done = scan(folder)
        assert set(done.problems) == {"artifacts/model/net"}
        assert compare(done, before) == []
        assert paths(done) == {"artifacts/model/net"}
        closed.chmod(0o755)
        after = scan(folder)
        assert after.token != done.token
        assert compare(after, [*before, ("artifacts/model/net", 0, 0)]) == ["artifacts/model/net"]
        assert paths(after) == set()


def test_a_root_that_vanishes_meanwhile_is_an_error(root):
    """Nothing is called gone then."""
    done = Scan(Root(str(root)), Most(LIMIT, LIMIT), lambda _files: None)
    root.rename(root.with_name("moved"))
    with pytest.raises(Failure) as caught:
        done.run()
    assert caught.value.kind == "root_not_found"


@pytest.mark.parametrize("kind", ["missing", "file", "closed"])
def test_what_is_no_root_is_said(tmp_path, kind):
    """Missing, not a folder, or closed to us."""
    with open_folder() as folder:
        path = folder / "root"
        if kind == "file":
            path.write_text("")
        elif kind == "closed":
            path.mkdir()
            path.chmod(0)
        with as_ordinary_user(), pytest.raises(Failure) as caught:
            Root(str(path))
    assert caught.value.kind == ("permission_denied" if kind == "closed" else "root_not_found")
