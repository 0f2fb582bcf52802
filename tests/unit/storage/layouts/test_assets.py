"""Assets of Runicorn 0.6 and later as numbered versions."""

import json
import random

import pytest

from runicornd.storage.layouts.assets import manifest_paths, number_assets
from runicornd.storage.layouts.content import Skipped
from runicornd.storage.layouts.runs import read_run
from runicornd.storage.model import UNKNOWN_SIZE, FileEntry, Layout, ReferenceEntry

ROOT = "/data/who knows/RunicornData"
A, B, C = "aa" * 32, "bb" * 32, "cc" * 32


def folder_saved(sha, category="datasets", **more):
    """What is recorded of a folder that was saved."""
    path = f"{ROOT}/archive/manifests/{category}/{sha[:2]}/{sha}.json"
    return {
        "saved": True,
        "fingerprint": sha,
        "fingerprint_kind": "sha256_manifest",
        "archive_path": path,
        **more,
    }


def file_saved(sha, **more):
    """What is recorded of a file that was saved."""
    path = f"{ROOT}/archive/blobs/{sha[:2]}/{sha}"
    return {"saved": True, "fingerprint": sha, "fingerprint_kind": "sha256", "archive_path": path, **more}


def rolling(sha, run, how="sha256", **more):
    """What is recorded of an output that is overwritten."""
    path = f"{ROOT}/archive/outputs/rolling/{run}/0f_out"
    return {"saved": True, "fingerprint": sha, "fingerprint_kind": how, "archive_path": path, **more}


def reading(run, created, **sections):
    """Read a run with these sections in its assets.json."""
    meta = {"id": run, "path": "p", "created_at": created}
    files = {"meta.json": json.dumps(meta).encode(), "assets.json": json.dumps(sections).encode()}
    return read_run(f"runs/p/{run}", files)


def uses(run, created, **sections):
    """What a run recorded."""
    return reading(run, created, **sections).assets


def manifest(**files):
    """A manifest's path and content: sizes by path, each file with the same SHA-256."""
    listed = {path: {"sha256": C, "size_bytes": size} for path, size in files.items()}
    return json.dumps({"fingerprint": A, "files": listed}).encode()


def path_of(sha, category="datasets"):
    """Where a manifest is."""
    return f"archive/manifests/{category}/{sha[:2]}/{sha}.json"


def test_every_distinct_content_is_a_version_in_the_order_of_time():
    """Whatever the order in which runs are read; what comes again is no new version."""
    later = uses("r2", 20.0, datasets=[folder_saved(A, name="d"), folder_saved(B, name="d")])
    first = uses("r1", 10.0, datasets=[folder_saved(C, name="d"), folder_saved(A, name="d")])
    numbered = number_assets([*later, *first], {})
    assert [(str(version.key), version.path, version.created) for version in numbered.versions] == [
        ("dataset/d:v1", path_of(C), 10.0),
        ("dataset/d:v2", path_of(A), 10.0),
        ("dataset/d:v3", path_of(B), 20.0),
    ]
    assert [version.aliases for version in numbered.versions] == [(), (), ("latest",)]
    assert numbered.used == {
        "runs/p/r1": ("dataset/d:v1", "dataset/d:v2"),
        "runs/p/r2": ("dataset/d:v2", "dataset/d:v3"),
    }
    assert numbered.made == {}


def test_runs_of_one_moment_and_of_none_have_an_order_too():
    """By id, and those whose beginning is not known come last."""
    listed = [
        *uses("r3", None, outputs=[file_saved(A, name="d")]),
        *uses("r2", 10.0, outputs=[file_saved(B, name="d")]),
        *uses("r1", 10.0, outputs=[file_saved(C, name="d")]),
    ]
    assert [version.run for version in number_assets(listed, {}).versions] == ["r1", "r2", "r3"]


def test_every_section_has_its_type():
    """Outputs are made by their run, all else is used."""
    found = reading(
        "r1",
        10.0,
        code={"snapshot": file_saved(A, workspace_root="/w", created_at=11)},
        config={"args": {"lr": 0.1}},
        datasets=[{"name": "d", "uri": "s3://b/d", "saved": False, "fingerprint": None}],
        pretrained=[{"name": "p", "path_or_uri": {"repo": "x"}, "saved": False}],
        outputs=[file_saved(B, name="o.pt", key="out/o.pt", path="./out/o.pt", archived_at=12)],
    )
    assert found.run.problem is None
    numbered = number_assets(found.assets, {})
    versions = {str(version.key): version for version in numbered.versions}
    assert list(versions) == [
        "code/code_snapshot.zip:v1",
        "config/config:v1",
        "dataset/d:v1",
        "output/o.pt:v1",
        "pretrained/p:v1",
    ]
    assert numbered.made == {"runs/p/r1": ("output/o.pt:v1",)}
    assert len(numbered.used["runs/p/r1"]) == 4
    assert all(version.layout is Layout.ASSETS and not version.problem for version in numbered.versions)
    assert versions["config/config:v1"].metadata == {"args": {"lr": 0.1}}
    assert versions["dataset/d:v1"].references == (ReferenceEntry("s3://b/d"),)
    assert versions["pretrained/p:v1"].references == (ReferenceEntry('{"repo": "x"}'),)
    assert versions["output/o.pt:v1"].created == 12.0
    assert {key: version.run for key, version in versions.items() if version.run} == {"output/o.pt:v1": "r1"}
    code = versions["code/code_snapshot.zip:v1"]
    assert code.files == (FileEntry("code_snapshot.zip", UNKNOWN_SIZE, A, f"archive/blobs/aa/{A}"),)


def test_files_of_a_saved_folder_come_from_its_manifest():
    """Each with its blob; the root may have been moved since."""
    listed = uses("r1", 10.0, datasets=[folder_saved(A, name="d", total_size_bytes=12)])
    (version,) = number_assets(listed, {path_of(A): manifest(**{"b/c": 7, "a": 5})}).versions
    blob = f"archive/blobs/cc/{C}"
    assert version.files == (FileEntry("a", 5, C, blob), FileEntry("b/c", 7, C, blob))
    assert (version.size_bytes, version.problem, version.references) == (12, None, ())


@pytest.mark.parametrize(
    "content", [None, b"{", b"[]", Skipped("too large"), b'{"files": []}', b"[" * 100_000]
)
def test_a_bad_manifest_costs_the_files(content):
    """The version stays, with the size that the run recorded."""
    listed = uses("r1", 10.0, datasets=[folder_saved(A, name="d", total_size_bytes=12)])
    manifests = {} if content is None else {path_of(A): content}
    (version,) = number_assets(listed, manifests).versions
    assert version.problem.startswith("its manifest ")
    assert (version.files, version.size_bytes) == ((), 12)


def test_a_bad_entry_of_a_manifest_costs_itself():
    """Paths that lead astray, sizes and digests that are none, and what is no object."""
    bad = {
        "../../x": {"sha256": C, "size_bytes": 1},
        "/etc/x": {"sha256": C, "size_bytes": 1},
        "no sha": {"size_bytes": 1},
        "bad sha": {"sha256": "../../../x", "size_bytes": 1},
        "bad size": {"sha256": C, "size_bytes": -1},
        "nothing": None,
        "good": {"sha256": C, "size_bytes": 1},
    }
    listed = uses("r1", 10.0, datasets=[folder_saved(A, name="d")])
    (version,) = number_assets(listed, {path_of(A): json.dumps({"files": bad}).encode()}).versions
    assert [file.path for file in version.files] == ["good"]
    assert "6 entries were left out" in version.problem


def test_an_output_that_is_overwritten():
    """A file is fetched from where its run keeps it; a better place of the same content wins."""
    once = uses("r1", 10.0, outputs=[rolling(A, "r1", name="m.pt", path="./m.pt")])
    (version,) = number_assets(once, {}).versions
    assert version.files == (FileEntry("m.pt", UNKNOWN_SIZE, A, "archive/outputs/rolling/r1/0f_out"),)
    again = uses("r2", 20.0, outputs=[file_saved(A, name="m.pt", path="./m.pt")])
    numbered = number_assets([*once, *again], {})
    assert [version.path for version in numbered.versions] == [f"archive/blobs/aa/{A}"]
    assert numbered.versions[0].run == "r1"
    assert numbered.made == {"runs/p/r1": ("output/m.pt:v1",), "runs/p/r2": ("output/m.pt:v1",)}


def test_a_folder_that_is_overwritten_has_files_only_where_a_manifest_has_them():
    """Runicorn writes none for it, but the same content may have been saved for good."""
    listed = uses("r1", 10.0, outputs=[rolling(A, "r1", "sha256_manifest", name="ckpt", kind="dir")])
    (version,) = number_assets(listed, {}).versions
    assert version.files == ()
    assert version.problem.startswith("its files are not known")
    manifests = {path_of(A, "outputs"): manifest(a=5)}
    assert manifest_paths(listed[0])[0] in manifests
    (version,) = number_assets(listed, manifests).versions
    assert [(file.path, file.size) for file in version.files] == [("a", 5)]
    assert version.problem is None


def test_a_log_is_known_by_its_size_and_time():
    """It has no digest, and its size stands in its fingerprint."""
    stat = '{"mtime": 5.5, "size_bytes": 8}'
    (use,) = uses("r1", 10.0, outputs=[rolling(stat, "r1", "stat", name="t.log")])
    (version,) = number_assets([use], {}).versions
    assert [(file.size, file.digest) for file in version.files] == [(8, "")]


def test_what_was_not_saved_is_a_reference():
    """With its size where the run looked; another place or another time is another version."""
    seen = {
        "name": "d",
        "uri": "/mnt/d",
        "saved": False,
        "fingerprint": {"mtime": 1.0, "total_size_bytes": 5},
    }
    listed = uses("r1", 10.0, datasets=[seen, seen | {"uri": "/mnt/e"}, seen])
    versions = number_assets(listed, {}).versions
    assert [version.references for version in versions] == [
        (ReferenceEntry("/mnt/d", 5),),
        (ReferenceEntry("/mnt/e", 5),),
    ]
    assert versions[0].size_bytes == 5


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        f"{ROOT}/archive/blobs/aa/../../../etc/passwd",
        f"{ROOT}/archive/outputs/rolling/../../x",
        f"{ROOT}/archive/outputs/rolling/r1/..",
        f"{ROOT}/archive/manifests/../aa/{A}.json",
        f"{ROOT}/archive/blobs/aa/short",
        "archive",
        "",
        None,
        5,
    ],
)
def test_a_place_outside_of_the_archive_is_none(path):
    """Nothing is ever fetched from there; the version is shown with its problem."""
    (use,) = uses("r1", 10.0, datasets=[file_saved(A, name="d", uri="/mnt/d") | {"archive_path": path}])
    (version,) = number_assets([use], {}).versions
    assert (version.files, version.path) == ((), "")
    assert version.problem == "it was saved outside of the storage root"


@pytest.mark.parametrize(
    ("said", "name"),
    [("a/b:c\\d", "a_b_c_d"), ("..", "__"), (" x ", "x"), ("a\nb", "a_b"), ("字" * 100, "字" * 66)],
)
def test_a_name_becomes_one_part_of_a_path(said, name):
    """The original stays in the metadata."""
    (use,) = uses("r1", 10.0, datasets=[{"name": said, "saved": False}])
    assert use.name == name
    assert use.metadata["name"] == said


@pytest.mark.parametrize("entry", [None, 5, "x", [], {}, {"name": None}, {"name": 5}, {"name": " "}])
def test_a_bad_entry_costs_itself(entry):
    """The others of the file stay, the run has the problem."""
    found = reading("r1", 10.0, datasets=[entry, {"name": "good"}], outputs="x", code=[], pretrained=None)
    assert [use.name for use in found.assets] == ["good"]
    assert "assets.json: one entry was left out" in found.run.problem


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"[" * 100_000, Skipped("too large")])
def test_a_bad_file_costs_its_entries(content):
    """The run stays."""
    found = read_run("runs/p/r1", {"meta.json": b'{"id": "r1"}', "assets.json": content})
    assert found.assets == ()
    assert found.run.problem.startswith("assets.json ")


def test_a_file_keeps_the_name_that_it_had():
    """Where that can be a name; else it has the asset's."""
    listed = uses(
        "r1",
        10.0,
        pretrained=[
            file_saved(A, name="a", path_or_uri="/mnt/weights.pth"),
            file_saved(B, name="b", path_or_uri="/mnt/.."),
            file_saved(C, name="c", path_or_uri=None),
        ],
    )
    assert [version.files[0].path for version in number_assets(listed, {}).versions] == [
        "weights.pth",
        "b",
        "c",
    ]


def test_numbers_go_on_after_those_of_the_other_layout():
    """In a root that several releases wrote no two versions have one name, and latest stays where it is."""
    listed = uses(
        "r1", 10.0, datasets=[file_saved(A, name="d"), file_saved(B, name="d"), file_saved(C, name="e")]
    )
    numbered = number_assets(listed, {}, {("dataset", "d"): 1})
    assert [(str(version.key), version.aliases) for version in numbered.versions] == [
        ("dataset/d:v2", ()),
        ("dataset/d:v3", ()),
        ("dataset/e:v1", ("latest",)),
    ]


def test_whatever_is_changed_nothing_is_raised():
    """Good files with random bytes changed are still read."""
    chance = random.Random(11)
    sections = {
        "code": {"snapshot": file_saved(A)},
        "datasets": [folder_saved(A, name="d", total_size_bytes=5), {"name": "u", "uri": {"a": 1}}],
        "outputs": [rolling('{"size_bytes": 8}', "r1", "stat", name="t.log"), rolling(B, "r1", name="m")],
    }
    good = json.dumps(sections).encode()
    listed = manifest(a=5, b=6)
    for _ in range(1500):
        place, where = chance.randrange(len(good)), chance.randrange(len(listed))
        damaged = good[:place] + bytes([chance.randrange(256)]) + good[place + 1 :]
        files = {"meta.json": b'{"id": "r1"}', "assets.json": damaged}
        content = listed[:where] + bytes([chance.randrange(256)]) + listed[where + 1 :]
        number_assets(read_run("runs/p/r1", files).assets, {path_of(A): content})
