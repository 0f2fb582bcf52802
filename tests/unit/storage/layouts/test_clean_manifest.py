"""The short way through a manifest says what the long way says."""

import json
import random
from dataclasses import replace

import pytest

from runicornd.storage.layouts.artifacts import read_versions
from runicornd.storage.layouts.clean_manifest import read_clean
from runicornd.storage.layouts.columns import FileColumns
from runicornd.storage.model import FileEntry

SHA = "ab" * 32
FOLDER = "artifacts/model/net"
BASE = f"{FOLDER}/v1/files/"
PATHS = [
    "a", "a/b", "a/b/c", "a-b", "b", "b.bin", ".hidden", "x/.y/z", "a//b", "./a", "../a", "/a", "a/", "a/.",
    "a/..", "", ".", "..", "a\\b", "a\nb", "a\x7fb", "é/ü", "ab" * 150, "/".join("abcd" * 600), "x y", "...",
]  # fmt: skip
SIZES = [0, 1, 5.0, 2**53 - 1, 2**53, -1, 1.5, True, None, "7", 10**30]
DIGESTS = [
    f"sha256:{SHA}", f"sha256:{SHA.upper()}", f"sha256:{SHA[1:]}", f"sha256:{SHA}0", SHA, "", None, 5,
    f"sha256:{SHA[:-1]}\n", f"sha256:{SHA[:-1]}g", f"sha256:{SHA}\nsha256:{SHA}",
]  # fmt: skip
TIMES = [None, 0, 1.5, 1_700_000_000, -1, 1e300, "now", True]


def read(files, **more):
    """What is read of a version with these files; ``odd`` makes every way but the long one impossible."""
    said = {"files": files, "references": [{"uri": "s3://b/x"}], **more}
    metadata = {"name": "net", "type": "model", "version": 1, "created_at": 5.0}
    contents = {
        "v1/metadata.json": json.dumps(metadata).encode(),
        "v1/manifest.json": json.dumps(said).encode(),
    }
    [version] = read_versions(FOLDER, contents)
    return replace(version, files=tuple(version.files))


def entry(dice, oddity):
    """One file of a manifest; the higher the oddity, the less is right."""

    def one(good, values):
        return dice.choice(values) if dice.random() < oddity else good

    listed = {
        "path": one(f"part{dice.randrange(6)}/w{dice.randrange(60)}.bin", PATHS),
        "size": one(dice.randrange(10**6), SIZES),
        "digest": one(f"sha256:{dice.getrandbits(256):064x}", DIGESTS),
        "modified_at": one(1_700_000_000.0 + dice.random(), TIMES),
    }
    for name in list(listed):
        if dice.random() < oddity / 4:
            del listed[name]
    return listed


@pytest.mark.parametrize("oddity", [0, 0.02, 0.3])
@pytest.mark.parametrize("seed", range(20))
def test_both_ways_say_the_same(seed, oddity):
    """Whatever stands in the manifest: files, size and problems."""
    dice = random.Random(seed)
    files = [entry(dice, oddity) for _ in range(dice.choice([1, 2, 10, 40]))]
    assert read(files) == read(files, odd=float("nan"))


@pytest.mark.parametrize("path", PATHS)
def test_one_odd_path_among_good_ones(path):
    """It is taken or left out as ever, and the others stay."""
    names = ("a0", path, "z/z")
    files = [{"path": name, "size": 1, "digest": f"sha256:{SHA}", "modified_at": 1.0} for name in names]
    assert read(files) == read(files, odd=float("nan"))


def test_the_short_way_is_taken():
    """By the usual manifest; a test of both ways would say nothing else."""
    files = [
        {"path": name, "size": 1, "digest": f"sha256:{SHA}", "modified_at": 1.0} for name in ("b/c", "a")
    ]
    columns, references = read_clean(json.dumps({"files": files, "references": [1]}).encode(), BASE)
    assert isinstance(columns, FileColumns)
    assert references == b"[1]"
    assert columns == (FileEntry("a", 1, SHA, BASE + "a", 1.0), FileEntry("b/c", 1, SHA, BASE + "b/c", 1.0))


def test_columns_are_read_as_records():
    """By place, in part, and as often as wanted."""
    columns = FileColumns(
        "x/", ["a", "b", "c"], [1, 2, 3], bytes(32) + b"\1" * 32 + b"\2" * 32, [None, 1.0, 2.0]
    )
    assert columns[-1] == FileEntry("c", 3, "02" * 32, "x/c", 2.0)
    assert list(columns[1:]) == list(columns)[1:]
    assert columns[:1] == (columns[0],)
    assert columns != (columns[0],)
    with pytest.raises(IndexError):
        columns[3]
