"""The files and references of a version, good and bad."""

import json
import subprocess
import sys

import pytest

from runicornd.storage.model import FileEntry, ReferenceEntry
from tests.helpers.artifact_files import (
    FOLDER,
    SHA,
    entry,
    good,
    manifest,
    metadata,
    only,
    with_files,
)


@pytest.mark.parametrize(
    "path",
    [
        "../../x",
        "/etc/passwd",
        "",
        ".",
        "a/../../b",
        "a\x00b",
        "a\nb",
        "a\\..\\b",
        "x" * 256,
        "a/" * 2048 + "b",
        None,
        5,
        ["a"],
    ],
)
def test_a_path_that_leads_astray_costs_its_entry(path):
    """The good file beside it stays; the reason is in the problem, in one short line."""
    version = with_files(entry(path), entry("good"))
    assert [file.path for file in version.files] == ["good"]
    assert version.problem.startswith("manifest.json: one entry was left out (")
    assert len(version.problem) < 300
    assert version.problem.isprintable()


@pytest.mark.parametrize("size", [-1, 1.5, "7", None, True, 2**53, 10**30, [], float("nan")])
def test_a_size_that_is_none_costs_its_entry(size):
    """A file without a believable size cannot be fetched."""
    version = with_files(entry("bad", size), entry("good"))
    assert [file.path for file in version.files] == ["good"]
    assert "its size is no number of bytes" in version.problem


@pytest.mark.parametrize("thing", [None, 5, "a", [], [{"path": "x"}]])
def test_what_is_no_file_at_all_costs_its_entry(thing):
    """Anything may stand in the list."""
    version = with_files(thing, entry("good"))
    assert [file.path for file in version.files] == ["good"]
    assert "left out" in version.problem


@pytest.mark.parametrize(
    "digest", ["", None, 5, SHA, "md5:" + SHA, "sha256:" + SHA[:-1], "sha256:" + "g" * 64, "sha256:../../x"]
)
def test_a_digest_that_is_none_is_empty(digest):
    """The file stays, and the version says that there is something."""
    version = with_files(entry(digest=digest))
    assert [file.digest for file in version.files] == [""]
    assert version.problem == "manifest.json: a file has no valid SHA-256"


def test_paths_are_plain_and_sorted():
    """Dots and empty parts go; upper-case digests become lower case."""
    version = with_files(entry("./b//c", 3, "sha256:" + "AB" * 32), entry("a", 4))
    assert version.files == (
        FileEntry("a", 4, SHA, f"{FOLDER}/v1/files/a", 5.0),
        FileEntry("b/c", 3, SHA, f"{FOLDER}/v1/files/b/c", 5.0),
    )
    assert version.problem is None


def test_a_path_listed_twice_counts_once():
    """Also where only its plain form is the same; the first entry is taken."""
    version = with_files(entry("a/b", 7), entry("a//b", 9), entry("./a/b", 11))
    assert [(file.path, file.size) for file in version.files] == [("a/b", 7)]
    assert "2 entries were left out (the first: 'a/b': it is listed twice)" in version.problem


def test_a_file_that_has_to_be_a_folder_is_left_out():
    """However they are ordered, and with names between them that sort before the separator."""
    version = with_files(
        entry("a/b/c", 3), entry("a"), entry("a b"), entry("a/b"), entry("a.txt"), entry("a-")
    )
    assert sorted(file.path for file in version.files) == ["a b", "a-", "a.txt", "a/b/c"]
    assert "it is a file and a folder" in version.problem


def test_names_that_are_not_utf8_have_the_form_in_which_names_travel():
    """A manifest can hold such a name as an escape or as the raw byte."""
    escaped, raw = (
        only(good(1, **{"v1/manifest.json": text}))
        for text in (
            b'{"files": [{"path": "\\udcff.bin", "size": 7, "digest": ""}]}',
            b'{"files": [{"path": "\xff.bin", "size": 7, "digest": ""}]}',
        )
    )
    assert [file.path for file in escaped.files] == ["\uf7ff.bin"]
    assert raw.files == escaped.files
    assert raw.files[0].source == f"{FOLDER}/v1/files/\uf7ff.bin"


def test_sizes_that_do_not_agree_are_named():
    """The sum of what is listed is shown."""
    version = only(good(1, **{"v1/metadata.json": metadata(size_bytes=10**15)}))
    assert version.size_bytes == 7
    assert version.problem == "metadata.json says 1000000000000000 bytes, manifest.json 7"


def test_sums_stay_within_64_bits():
    """Many huge sizes do not overflow what keeps them."""
    version = with_files(*(entry(f"f{number}", 2**53 - 1) for number in range(2000)))
    assert version.size_bytes == 2**63 - 1


def test_bad_references_cost_themselves():
    """An address is all that a reference needs."""
    listed = [{"uri": "s3://a"}, {"uri": 5}, "s3://b", None, {"uri": "s3://c", "size": -1, "checksum": ["x"]}]
    version = only(good(1, **{"v1/manifest.json": manifest(entry(), references=listed)}))
    assert version.references == (ReferenceEntry("s3://a"), ReferenceEntry("s3://c"))
    assert "3 entries were left out" in version.problem
    assert only(good(1, **{"v1/manifest.json": {"files": [], "references": "x"}})).references == ()


MILLION = """
import json, resource
from runicornd.storage.layouts.artifacts import read_artifact

entries = ",".join(f'{{"path":"{number:x}","size":1}}' for number in range(1_000_000))
content = f'{{"files":[{entries}]}}'.encode()
del entries
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(version,) = read_artifact("artifacts/model/net", {"v1/manifest.json": content})
more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([len(version.files), version.problem, more * 1024]))
"""


def test_a_million_files_in_one_manifest_take_bounded_memory():
    """The first 200,000 are read, the rest is named."""
    done = subprocess.run([sys.executable, "-c", MILLION], check=True, capture_output=True, timeout=60)
    files, problem, memory = json.loads(done.stdout)
    assert files == 200_000
    assert "only the first 200,000 are read" in problem
    assert memory < 200_000_000
