"""What real releases of Runicorn wrote is read back in full, and equals what they say themselves."""

import hashlib
import math

import pytest

from runicornd.storage.layouts.artifacts import read_artifact
from runicornd.storage.layouts.assets import number_assets
from runicornd.storage.layouts.paths import OwnerKind, owner_of
from runicornd.storage.layouts.runs import read_run
from runicornd.storage.model import UNKNOWN_SIZE
from tests.helpers.real_roots import ARTIFACT_VERSIONS, MIXED, NEW, OLD, ask_real, real_root
from tests.helpers.real_words import SAY_ARTIFACTS, SAY_ASSETS, SAY_LINEAGE


class Read:
    """A whole root, read with our layouts."""

    def __init__(self, root):
        artifacts, runs, self.manifests = _owned(root)
        self.versions = [
            version for folder, files in artifacts.items() for version in read_artifact(folder, files)
        ]
        self.readings = [read_run(folder, files) for folder, files in runs.items()]
        self.runs = {reading.run.id: reading.run for reading in self.readings}
        highest = {(version.key.type, version.key.name): version.key.version for version in self.versions}
        uses = [use for reading in self.readings for use in reading.assets]
        self.assets = number_assets(uses, self.manifests, highest)

    @property
    def by_name(self):
        """All versions of both layouts by their names."""
        return {str(version.key): version for version in [*self.versions, *self.assets.versions]}


def _owned(root):
    artifacts, runs, manifests = {}, {}, {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        owner = owner_of(name) if path.is_file() else None
        if owner is None:
            continue
        if owner.kind is OwnerKind.MANIFEST:
            manifests[name] = path.read_bytes()
            continue
        held = artifacts if owner.kind is OwnerKind.ARTIFACT else runs
        held.setdefault(owner.folder, {})[name.removeprefix(owner.folder + "/")] = path.read_bytes()
    return artifacts, runs, manifests


def finite(value):
    """What JSON makes of a value: numbers that are none are texts."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity"
    return value


def assert_same_version(version, said):
    """Compare a version of ours with what Runicorn loads."""
    metadata, manifest = said["metadata"], said["manifest"]
    ours = (version.created, version.updated, version.status, version.size_bytes, version.description)
    assert ours == tuple(
        metadata[key] for key in ("created_at", "updated_at", "status", "size_bytes", "description")
    )
    assert (version.run, version.user) == (metadata["created_by_run"], metadata["created_by_user"])
    assert (list(version.tags), list(version.parents)) == (metadata["tags"], metadata["parent_artifacts"])
    assert version.metadata == finite(metadata["metadata"])
    assert sorted(version.aliases) == said["aliases"]
    assert (version.deleted is not None) == said["is_deleted"]
    files = [(file.path, file.size, f"sha256:{file.digest}", file.modified) for file in version.files]
    assert files == sorted(
        (file["path"], file["size"], file["digest"], file["modified_at"]) for file in manifest["files"]
    )
    references = [(entry.uri, entry.size, entry.checksum) for entry in version.references]
    assert references == [
        (entry["uri"], entry["size"], entry["checksum"]) for entry in manifest["references"]
    ]
    assert version.problem is None


def assert_content(root, version):
    """Every file is where we say, with the size and digest that we say."""
    for file in version.files:
        data = (root / file.source).read_bytes()
        assert file.size in {len(data), UNKNOWN_SIZE}
        assert file.digest in {hashlib.sha256(data).hexdigest(), ""}


@pytest.mark.parametrize("version", ARTIFACT_VERSIONS)
def test_artifacts_are_what_runicorn_loads(version, tmp_path):
    """Every version that ArtifactStorage lists is ours, in every field, and no other."""
    root = real_root(version, tmp_path / "root")
    read = Read(root.path)
    said = ask_real(version, SAY_ARTIFACTS, root.path)
    assert read.by_name.keys() == said.keys()
    assert len(said) >= 10
    for name, found in read.by_name.items():
        assert_same_version(found, said[name])
        assert_content(root.path, found)


@pytest.mark.parametrize("version", ARTIFACT_VERSIONS)
def test_runs_made_and_used_what_runicorn_says(version, tmp_path):
    """As its own lineage reads it; runs have their path, status and summary."""
    root = real_root(version, tmp_path / "root")
    runs = Read(root.path).runs
    parts = root.runs[version]
    assert runs.keys() == set(parts.values())
    said = ask_real(version, SAY_LINEAGE, root.path, *parts.values())
    for run, sides in said.items():
        made, used = ([f"{a['type']}/{a['name']}:v{a['version']}" for a in side] for side in sides)
        assert (list(runs[run].made), list(runs[run].used)) == (made, used)
    train, tune = runs[parts["train"]], runs[parts["tune"]]
    assert (train.path, train.status, train.problem) == ("vision/resnet", "finished", None)
    assert (tune.path, tune.status) == ("vision/微调", "failed")
    assert train.summary == {"best": 0.94, "loss": "NaN", "note": "nan is what happens"}
    assert train.created <= train.ended


def test_assets_are_what_runicorn_recorded(tmp_path):
    """Every entry of every run is a use of one version, with the files that Runicorn's manifests list."""
    root = real_root(NEW, tmp_path / "root")
    read = Read(root.path)
    versions = read.by_name
    assert sorted(versions) == [
        "code/code_snapshot.zip:v1",
        "config/config:v1",
        "dataset/holdout:v1",
        "dataset/images:v1",
        "dataset/images:v2",
        "dataset/local only:v1",
        "dataset/one file:v1",
        "output/ckpt:v1",
        "output/model.pth:v1",
        "output/model.pth:v2",
        "output/model.pth:v3",
        "output/train.log:v1",
        "pretrained/backbone:v1",
        "pretrained/nothing:v1",
        "pretrained/团队_模型:v1",
    ]
    assert not [version.problem for version in versions.values() if version.problem]
    for version in versions.values():
        assert_content(root.path, version)
    for run, name, is_saved, files in ask_real(NEW, SAY_ASSETS, root.path):
        folder = read.runs[run].folder
        linked = {*read.assets.made.get(folder, ()), *read.assets.used.get(folder, ())}
        found = [
            versions[link] for link in linked if link.partition("/")[2].startswith(name.replace("/", "_"))
        ]
        assert found, (run, name)
        assert any(bool(version.files) == is_saved for version in found)
        if files is not None:
            assert files in [{file.path: file.digest for file in version.files} for version in found]


def test_runs_of_the_new_release(tmp_path):
    """Their path may be of any length or empty; the same content in two runs is one version."""
    root = real_root(NEW, tmp_path / "root")
    read = Read(root.path)
    first, second, third = (read.runs[root.runs[NEW][part]] for part in ("first", "second", "third"))
    assert (first.path, first.alias, first.status) == ("vision/resnet", "基线", "finished")
    assert (second.path, second.status, third.path) == ("vision/resnet", "failed", "")
    assert not [run.problem for run in read.runs.values() if run.problem]
    assert "dataset/images:v1" in read.assets.used[first.folder]
    assert "dataset/images:v1" in read.assets.used[second.folder]
    assert "dataset/images:v2" in read.assets.used[third.folder]
    assert read.assets.made[second.folder] == ("output/ckpt:v1", "output/model.pth:v3")
    assert read.by_name["output/model.pth:v3"].run == second.id
    assert read.by_name["dataset/images:v2"].run is None


def test_a_root_that_three_releases_wrote(tmp_path):
    """Both layouts stand side by side, no two versions have one name, and all content is found."""
    root = real_root(MIXED, tmp_path / "root")
    read = Read(root.path)
    said = ask_real(OLD, SAY_ARTIFACTS, root.path)
    assert {str(version.key) for version in read.versions} == said.keys()
    for version in read.versions:
        assert_same_version(version, said[str(version.key)])
    assert len(read.by_name) == len(read.versions) + len(read.assets.versions)
    assert {"dataset/images:v1", "dataset/images:v2", "dataset/images:v4"} <= read.by_name.keys()
    assert len(read.runs) == 9
    for version in read.by_name.values():
        assert_content(root.path, version)
