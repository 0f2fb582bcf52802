"""Artifacts of Runicorn 0.4 and 0.5, good and bad."""

import random
import time

import pytest

from runicornd.storage.layouts.artifacts import read_artifact, read_versions
from runicornd.storage.layouts.content import Skipped
from runicornd.storage.model import FileEntry, Layout, ReferenceEntry, VersionKey
from tests.helpers.artifact_files import FOLDER, SHA, entry, good, manifest, metadata, only, versions, written


def test_a_version_is_read_in_full():
    """Every field that Runicorn writes is there."""
    reference = {"uri": "s3://b/x", "checksum": "md5:1", "size": 5, "metadata": {"region": "eu"}}
    version = only(good(1, **{"v1/manifest.json": manifest(entry(), references=[reference])}))
    assert version.key == VersionKey("model", "net", 1)
    assert version.layout is Layout.ARTIFACTS
    assert version.path == f"{FOLDER}/v1"
    assert (version.created, version.updated, version.status) == (1001.0, 2001.0, "ready")
    assert (version.description, version.tags, version.parents) == ("a net", ("good",), ("data:v1",))
    assert (version.run, version.user, version.deleted) == ("run1", None, None)
    assert version.metadata == {"accuracy": 0.9}
    assert version.files == (FileEntry("model.pth", 7, SHA, f"{FOLDER}/v1/files/model.pth", 5.0),)
    assert version.references == (ReferenceEntry("s3://b/x", 5, "md5:1"),)


def test_good_versions_have_no_problem_and_come_lowest_first():
    """Also where a number is missing, as after deleting for good."""
    found = read_artifact(FOLDER, good(1, 10, 2, 9))
    assert [(version.key.version, version.problem) for version in found] == [
        (1, None),
        (2, None),
        (9, None),
        (10, None),
    ]


def test_versions_are_read_one_by_one():
    """The content of a version is asked for when its turn comes."""
    asked = []

    class Lazy(dict):
        def get(self, key, default=None):
            asked.append(key)
            return super().get(key, default)

    reading = read_versions(FOLDER, Lazy(good(1, 2)))
    next(reading)
    assert "v1/manifest.json" in asked
    assert "v2/manifest.json" not in asked


def test_aliases_are_those_of_the_index():
    """What metadata.json said when it was written does not count; several may be of one version."""
    found = read_artifact(FOLDER, good(1, 2, 3, aliases={"latest": 3, "production": 1, "best": 3}))
    assert [version.aliases for version in found] == [("production",), (), ("latest", "best")]


def test_latest_is_the_last_of_the_list_where_no_alias_says_so():
    """As Runicorn itself takes it."""
    found = read_artifact(FOLDER, good(2, 1, aliases={"production": 2}))
    assert [version.aliases for version in found] == [("latest",), ("production",)]


@pytest.mark.parametrize("index", [None, b"{", Skipped("it is too large"), b'{"versions": []}'])
def test_without_an_index_the_versions_are_still_there(index):
    """Aliases come from metadata.json then, latest is the highest; the problem is said once."""
    files = good(1, 2, **{"versions.json": index, "v1/metadata.json": metadata(aliases=["latest", "best"])})
    first, second = read_artifact(FOLDER, files)
    assert (first.aliases, second.aliases) == (("best",), ("latest",))
    assert first.problem is None
    assert second.problem.startswith("versions.json ")


@pytest.mark.parametrize(
    "data", [None, b"", b'{"name": "net", ', b"[" * 100_000, Skipped("a symlink"), b"[]"]
)
def test_without_metadata_the_index_says_what_it_knows(data):
    """Time, run, status and size come from versions.json, the files from the manifest."""
    version = only(good(1, **{"v1/metadata.json": data}))
    assert version.problem.startswith("metadata.json ")
    assert (version.created, version.run, version.status, version.size_bytes) == (1001.0, "run1", "ready", 7)
    assert len(version.files) == 1
    assert version.aliases == ("latest",)


@pytest.mark.parametrize(
    "data", [None, b"", b"{", Skipped("it has 2 MB"), b'{"files": 3}', b'{"files": null}']
)
def test_without_a_manifest_a_version_has_no_files(data):
    """It keeps everything else, its size included."""
    version = only(good(1, **{"v1/manifest.json": data}))
    assert version.problem.startswith("manifest.json ")
    assert (version.files, version.size_bytes, version.description) == ((), 7, "a net")


def test_a_version_with_nothing_but_its_number():
    """A folder without content and without an entry in the index is shown with its problems."""
    version = only(written({"v7/.deleted": b""}))
    assert (version.key.version, version.status, version.created) == (7, "unknown", 0.0)
    assert version.deleted is not None
    assert "metadata.json is missing" in version.problem


def test_a_version_that_only_the_index_has():
    """It is listed, with what is missing as its problem."""
    _, lost = read_artifact(FOLDER, good(1) | written({"versions.json": versions(1, 2)}))
    assert lost.key.version == 2
    assert "metadata.json is missing; manifest.json is missing" in lost.problem


@pytest.mark.parametrize(
    ("mark", "deleted"),
    [
        (b'{"deleted_at": 3000.5}', 3000.5),
        (b"", 2001.0),
        (b"{", 2001.0),
        (b'{"deleted_at": "x"}', 2001.0),
        (Skipped("unreadable"), 2001.0),
        (b'{"deleted_at": -5}', 2001.0),
    ],
)
def test_a_mark_of_deletion_counts_by_being_there(mark, deleted):
    """Even a broken one."""
    version = only(good(1, **{"v1/.deleted": mark}))
    assert version.deleted == deleted
    assert version.problem is None


@pytest.mark.parametrize("change", [{"name": "other"}, {"type": "dataset"}, {"version": 2}, {"name": None}])
def test_the_folder_says_which_version_it_is(change):
    """What metadata.json claims instead is named as a problem."""
    version = only(good(1, **{"v1/metadata.json": metadata(**change)}))
    assert version.key == VersionKey("model", "net", 1)
    assert "metadata.json says that it is" in version.problem


def test_a_version_listed_twice():
    """It is one version, with a problem."""
    version = only(good(1, **{"versions.json": versions(1, 1)}))
    assert version.problem == "versions.json lists it twice"


@pytest.mark.parametrize(
    "aliases",
    [
        {"latest": 1, "gone": 9},
        {"latest": 1, "x": "1"},
        {"latest": 1, "x": True},
        {"latest": 1, "a\nb": 1},
        {"latest": 1, "": 1},
        {"latest": 1, "x": -1},
        {"latest": 1, "x" * 300: 1},
        {"latest": 1, "x": None},
    ],
)
def test_a_bad_alias_costs_itself(aliases):
    """The others stay."""
    version = only(good(1, aliases=aliases))
    assert version.aliases == ("latest",)
    assert "alias" in version.problem


@pytest.mark.parametrize("number", [0, -1, 1.5, "2", None, True, 10**30, [], {}])
def test_a_bad_number_in_the_index_costs_itself(number):
    """The version that is good stays alone."""
    index = versions(1)
    index["versions"] += [{"version": number}, number]
    version = only(good(1, **{"versions.json": index}))
    assert version.problem == "versions.json has an entry that is no version"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("created_at", "yesterday", 1001.0),
        ("created_at", -5, 1001.0),
        ("created_at", 1e300, 1001.0),
        ("updated_at", None, 1001.0),
        ("updated_at", [1], 1001.0),
        ("created_by_run", {"a": 1}, None),
        ("created_by_user", "a\x1b]0;x\x07", None),
        ("status", 5, "unknown"),
        ("status", "x" * 1000, "unknown"),
        ("description", None, ""),
        ("description", 5, ""),
        ("tags", "good", ()),
        ("tags", [1, None, "ok", "a\nb", "ok"], ("ok",)),
        ("metadata", [1], {}),
        ("metadata", "x", {}),
        ("parent_artifacts", {"a": 1}, ()),
    ],
)
def test_a_field_of_a_wrong_type_is_as_if_it_were_not_there(field, value, shown):
    """The version stays, and its other fields."""
    version = only(good(1, **{"v1/metadata.json": metadata(**{field: value})}))
    names = {"created_at": "created", "updated_at": "updated", "parent_artifacts": "parents"}
    names |= {"created_by_run": "run", "created_by_user": "user"}
    assert getattr(version, names.get(field, field)) == shown
    assert len(version.files) == 1


def test_a_long_description_is_cut():
    """100 MB of text would not go anywhere."""
    version = only(good(1, **{"v1/metadata.json": metadata(description="x" * 1_000_000)}))
    assert len(version.description) == 10_000


def test_nan_in_metadata_is_a_text():
    """Python writes it, JSON does not have it."""
    version = only(good(1, **{"v1/metadata.json": metadata(metadata={"loss": float("nan")})}))
    assert version.metadata == {"loss": "NaN"}
    assert version.problem is None


def test_whatever_is_changed_nothing_is_raised():
    """Good files with random bytes changed, cut or doubled are still read."""
    chance = random.Random(4)
    for _ in range(1500):
        files = good(1, 2, 3)
        for path in chance.sample(sorted(files), 3):
            files[path] = _damaged(files[path], chance)
        found = read_artifact(FOLDER, files)
        assert {1, 2, 3} <= {version.key.version for version in found}


def _damaged(data, chance):
    place = chance.randrange(len(data))
    return chance.choice(
        [
            data[:place],
            data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :],
            data[:place] + data[place // 2 :],
            data.replace(b'"', b"", 1),
            data.replace(
                chance.choice([b"7", b'"net"', b"1", b"["]), chance.choice([b"null", b"{}", b"-1e999"])
            ),
        ]
    )


def test_thousands_of_files_are_read_at_once():
    """7,000 files take a tenth of a second on a quiet machine; the bound is for a busy one."""
    files = good(1, 2, 3)
    start = time.process_time()
    for _ in range(1000):
        read_artifact(FOLDER, files)
    assert time.process_time() - start < 0.5
