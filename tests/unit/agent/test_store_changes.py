"""Changes of a storage root, on files as Runicorn 0.4 and 0.5 writes them."""

import fcntl
import json
import os
import stat
import threading

import pytest

from runicornd.agent import store_lock
from runicornd.agent.failures import Failure
from runicornd.agent.params import Params
from runicornd.agent.store_changes import change
from tests.helpers.artifact_root import CREATED, ArtifactRoot


@pytest.fixture
def root(tmp_path):
    return ArtifactRoot(tmp_path / "data")


@pytest.fixture
def make(root):
    """Make a change as a new agent would."""

    def make(version, do, *, key="k", answered=None, **params):
        where = {name: params.pop(name) for name in ("root", "layout", "type", "name") if name in params}
        request = {
            "root": str(root.path),
            "layout": "artifacts",
            "type": "model",
            "name": "resnet50",
            "version": version,
            "key": key,
            "change": {"do": do, **params},
            **where,
        }
        return change(Params(request), {} if answered is None else answered)

    return make


@pytest.fixture
def refused(make):
    """Make a change that must fail; return the failure."""

    def refused(*arguments, **params):
        with pytest.raises(Failure) as caught:
            make(*arguments, **params)
        return caught.value

    return refused


def test_a_soft_delete_writes_the_marker_that_runicorn_writes(root, make):
    """The same keys in the same file, and nothing else changes."""
    before = root.everything()
    assert make(2, "delete") == {"changed": True}
    after = root.everything()
    said = json.loads(after.pop("artifacts/model/resnet50/v2/.deleted"))
    assert list(said) == ["deleted_at", "deleted_by", "version", "artifact_name"]
    assert (said["deleted_by"], said["version"], said["artifact_name"]) == ("user", 2, "resnet50")
    assert after == before


def test_deleting_softly_and_restoring_again_change_nothing(root, make):
    """Both are safe to ask again."""
    before = root.everything()
    make(2, "delete")
    once = root.everything()
    assert make(2, "delete") == {"changed": False}
    assert root.everything() == once
    assert make(2, "restore") == {"changed": True}
    assert make(2, "restore") == {"changed": False}
    assert root.everything() == before


def test_the_same_key_gets_the_same_answer(make):
    """Who has not heard the answer asks again."""
    answered = {}
    assert make(1, "delete", answered=answered)["changed"]
    assert make(1, "delete", answered=answered)["changed"]
    assert not make(1, "delete", key="other", answered=answered)["changed"]


def test_a_permanent_delete_frees_what_nobody_else_has(root, make):
    """The file that only this version had goes from the pool too; the shared one stays."""
    freed = make(3, "delete", permanently=True, created=CREATED + 3)["freed_bytes"]
    metadata = len(json.dumps(root.metadata(2), indent=2))
    assert 1000 + metadata < freed < 1000 + metadata + 1000
    assert not root.version(3).exists()
    assert not root.pooled(b"3" * 1000).exists()
    assert root.pooled(b"s" * 4000).stat().st_nlink == 3
    assert sorted(path.name for path in root.folder.iterdir()) == [".lock", "v1", "v2", "versions.json"]


def test_the_last_version_leaves_the_list(root, make):
    """As Runicorn does it; latest moves to the one before."""
    make(3, "delete", permanently=True)
    index = root.index()
    assert [entry["version"] for entry in index["versions"]] == [1, 2]
    assert index["aliases"] == {"latest": 2}
    assert index["updated_at"] > CREATED


def test_one_from_the_middle_stays_listed_as_deleted(root, make):
    """So that the next save, which counts the list, gets a free number."""
    make(2, "alias", alias="production")
    make(2, "delete", permanently=True)
    index = root.index()
    assert [(entry["version"], entry["status"]) for entry in index["versions"]] == [
        (1, "ready"),
        (2, "deleted"),
        (3, "ready"),
    ]
    assert index["aliases"] == {"latest": 3}
    make(3, "delete", permanently=True)
    assert [entry["version"] for entry in root.index()["versions"]] == [1]
    assert root.index()["aliases"] == {"latest": 1}


def test_a_permanent_delete_again_changes_nothing(root, make):
    """Also when nothing is left to tell that there was one."""
    for number in (2, 3, 1):
        assert make(number, "delete", permanently=True)["changed"]
        once = root.everything()
        assert make(number, "delete", permanently=True) == {"changed": False, "freed_bytes": 0}
        assert root.everything() == once
    assert root.index()["versions"] == []
    assert root.index()["aliases"] == {}


def test_what_was_cut_in_the_middle_is_finished(root, make):
    """The version is hidden, the list not yet written, the files still there: the next try ends it."""
    root.version(2).rename(root.folder / ".runicornd-removed-v2-abc")
    answer = make(2, "delete", permanently=True)
    assert answer["changed"]
    assert answer["freed_bytes"] > 1000
    assert root.index()["versions"][1]["status"] == "deleted"
    assert sorted(path.name for path in root.folder.iterdir()) == [".lock", "v1", "v3", "versions.json"]


def test_the_pool_is_freed_also_when_the_first_try_was_cut(root, make):
    """The files had gone already, their entries in the pool had not."""
    aside = root.folder / ".runicornd-removed-v2-abc"
    root.version(2).rename(aside)
    (aside / "files" / "own.bin").unlink()
    make(2, "delete", permanently=True)
    assert not root.pooled(b"2" * 1000).exists()
    assert root.pooled(b"1" * 1000).exists()
    assert root.pooled(b"s" * 4000).exists()


def test_another_version_with_the_same_number_is_not_deleted(root, refused):
    """Runicorn gives the number of a deleted last version again."""
    before = root.everything()
    assert refused(3, "delete", permanently=True, created=CREATED).kind == "source_changed"
    assert root.everything() == before


def test_links_out_of_the_root_are_removed_and_not_followed(root, make, tmp_path):
    """Neither a linked file nor a linked folder loses anything."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep")
    files = root.version(2) / "files"
    (files / "folder").symlink_to(outside)
    (files / "file").symlink_to(outside / "precious")
    os.link(outside / "precious", files / "hard")
    os.mkfifo(files / "pipe")
    make(2, "delete", permanently=True)
    assert (outside / "precious").read_text() == "keep"
    assert not root.version(2).exists()


def test_a_very_deep_tree_is_removed(root, make):
    """Deeper than any path can be, and with folders that nobody may write."""
    folder = os.open(root.version(2), os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d" * 20, dir_fd=folder)
        deeper = os.open("d" * 20, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = deeper
    os.fchmod(folder, 0o500)
    os.close(folder)
    assert "left" not in make(2, "delete", permanently=True)
    assert sorted(path.name for path in root.folder.iterdir()) == [".lock", "v1", "v3", "versions.json"]


def test_an_alias_is_set_where_runicorn_keeps_it(root, make):
    """In the list of aliases, in the version's entry and in its metadata."""
    assert make(1, "alias", alias="production") == {"changed": True, "was_at": None}
    assert root.index()["aliases"] == {"latest": 3, "production": 1}
    assert root.index()["versions"][0]["aliases"] == ["latest", "production"]
    assert root.metadata(1)["aliases"] == ["latest", "production"]
    once = root.everything()
    assert make(1, "alias", alias="production") == {"changed": False, "was_at": None}
    assert root.everything() == once


def test_an_alias_moves_and_goes(root, make):
    """It is at one version only; taken from one that has it not, it stays where it is."""
    untouched = root.everything()
    make(1, "alias", alias="production")
    assert make(2, "alias", alias="production") == {"changed": True, "was_at": 1}
    assert root.index()["aliases"]["production"] == 2
    assert root.metadata(1)["aliases"] == ["latest"]
    assert [entry["aliases"][1:] for entry in root.index()["versions"]] == [[], ["production"], []]
    assert make(1, "unalias", alias="production") == {"changed": False, "was_at": 2}
    assert make(2, "unalias", alias="production") == {"changed": True, "was_at": None}
    assert make(2, "unalias", alias="production") == {"changed": False, "was_at": None}
    assert root.index()["aliases"] == {"latest": 3}
    assert root.metadata(2)["aliases"] == ["latest"]
    assert set(root.everything()) == set(untouched)


@pytest.mark.parametrize(
    "alias", ["latest", "", " ", "a b", "a/b", "a:b", "v3", "vision", "x\n", "\x1b[1m", "x" * 300]
)
def test_an_alias_that_runicorn_cannot_have_is_refused(root, refused, alias):
    """Latest is Runicorn's own, and what begins with a v is a number for it."""
    before = root.everything()
    assert refused(1, "alias", alias=alias).kind == "invalid_params"
    assert root.everything() == before


def test_tags_are_added_and_removed_in_their_order(root, make):
    """Only the metadata of that version changes."""
    assert make(1, "tag", add=["best", "图像", "best"], remove=[]) == {"changed": True}
    assert root.metadata(1)["tags"] == ["raw", "best", "图像"]
    assert root.metadata(1)["updated_at"] > CREATED + 1
    assert "图像" in (root.version(1) / "metadata.json").read_text()
    assert make(1, "tag", add=["best"], remove=["nothing"]) == {"changed": False}
    assert make(1, "tag", add=[], remove=["raw"]) == {"changed": True}
    assert root.metadata(1)["tags"] == ["best", "图像"]
    assert root.index()["updated_at"] == CREATED


def test_what_is_not_ours_stays_as_it_is(root, make):
    """Unknown keys, and numbers that Python would write otherwise."""
    path = root.version(1) / "metadata.json"
    path.write_text(
        '{"tags": [], "big": 123456789012345678901234567890, "exact": 1.50, "huge": 1e400, "nan": NaN, '
        '"zero": -0, "long": 0.1000000000000000055511151231257827, '
        '"half": "\\ud800", "emoji": "\\ud83d\\ude00"}'
    )
    path.chmod(0o640)
    make(1, "tag", add=["best"])
    text = path.read_text()
    assert text.startswith('{\n  "tags": [\n    "best"\n  ],\n  "big": 123456789012345678901234567890,')
    for kept in (
        '"exact": 1.50',
        '"huge": 1e400',
        '"nan": NaN',
        '"zero": -0',
        "55511151231257827",
        '"\\ud800"',
    ):
        assert kept in text
    assert "😀" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"versions": {}}',
        b'{"aliases": []}',
        b"[" * 100_000,
        b'{"a": ' * 900 + b"1",
    ],
    ids=range(8),
)
def test_a_broken_list_of_versions_refuses_changes(root, refused, content):
    """Nothing is written over what cannot be understood."""
    (root.folder / "versions.json").write_bytes(content)
    before = root.everything()
    assert refused(1, "alias", alias="best").kind == "metadata_broken"
    assert refused(1, "delete", permanently=True).kind == "metadata_broken"
    assert root.everything() == before


def test_metadata_that_is_no_file_is_not_replaced(root, refused, tmp_path):
    """A link, a pipe, a folder, or nothing at all."""
    path = root.version(1) / "metadata.json"
    content = path.read_bytes()
    (tmp_path / "elsewhere.json").write_bytes(content)
    path.unlink()
    assert refused(1, "tag", add=["x"]).kind == "file_missing"
    path.symlink_to(tmp_path / "elsewhere.json")
    assert refused(1, "tag", add=["x"]).kind == "metadata_broken"
    path.unlink()
    os.mkfifo(path)
    assert refused(1, "tag", add=["x"]).kind == "metadata_broken"
    path.unlink()
    path.mkdir()
    assert refused(1, "tag", add=["x"]).kind == "metadata_broken"
    assert (tmp_path / "elsewhere.json").read_bytes() == content


@pytest.mark.parametrize("name", ["", ".", "..", "../model/resnet50", "a/b", "a\0b", "x" * 300])
def test_a_name_is_one_part_of_a_path(root, refused, name):
    """Neither type nor name leads anywhere else."""
    before = root.everything()
    assert refused(1, "delete", name=name).kind == "invalid_params"
    assert refused(1, "delete", type=name).kind == "invalid_params"
    assert root.everything() == before


def test_what_is_not_there_is_said(root, refused, tmp_path):
    """Each by its own kind."""
    (tmp_path / "real").mkdir()
    (root.folder / "v7").symlink_to(tmp_path / "real")
    (root.folder.parent / "linked").symlink_to(root.folder)
    assert refused(9, "delete").kind == "unknown_artifact"
    assert refused(7, "delete").kind == "unknown_artifact"
    assert refused(1, "delete", name="other").kind == "unknown_artifact"
    assert refused(1, "delete", name="linked").kind == "unknown_artifact"
    assert refused(1, "delete", root=str(tmp_path / "nowhere")).kind == "root_not_found"
    assert refused(1, "delete", root="relative").kind == "invalid_params"
    assert refused(1, "delete", layout="assets").kind == "remote_unsupported"
    assert refused(1, "rename").kind == "invalid_params"
    assert refused(0, "delete").kind == "invalid_params"
    assert refused(1, "delete", type=".dedup").kind == "invalid_params"
    assert list((tmp_path / "real").iterdir()) == []


def test_the_lock_is_waited_for(root):
    """Whoever holds it is waited for as long as was said, and named."""
    folder = os.open(root.folder, os.O_RDONLY)
    with (root.folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with (
            pytest.raises(Failure, match=r"resnet50/\.lock") as caught,
            store_lock.locked(folder, "resnet50", 0.2),
        ):
            pass
        assert caught.value.kind == "store_locked"
        soon = threading.Timer(0.2, lambda: fcntl.flock(held, fcntl.LOCK_UN))
        soon.start()
        with store_lock.locked(folder, "resnet50", 10):
            soon.join()
    os.close(folder)


def test_a_lock_file_that_was_replaced_is_no_lock(root):
    """Some releases of filelock remove the file: then the lock of the removed one guards nothing."""
    folder = os.open(root.folder, os.O_RDONLY)
    path = root.folder / ".lock"
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        def replace():
            path.unlink()
            path.touch()
            fcntl.flock(held, fcntl.LOCK_UN)

        soon = threading.Timer(0.2, replace)
        soon.start()
        with store_lock.locked(folder, "resnet50", 10):
            soon.join()
            with path.open("w") as other, pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(folder)


def test_changes_at_the_same_time_are_all_made(root, make):
    """Twenty at once: none is lost."""
    threads = [threading.Thread(target=make, args=(1, "tag"), kwargs={"add": [f"t{n}"]}) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(root.metadata(1)["tags"]) == sorted(["raw", *(f"t{n}" for n in range(20))])
