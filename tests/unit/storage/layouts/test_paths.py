"""Which files are metadata."""

import pytest

from runicornd.storage.layouts.paths import Owner, OwnerKind, owner_of


@pytest.mark.parametrize(
    ("path", "kind", "folder"),
    [
        ("artifacts/model/resnet50/versions.json", "artifact", "artifacts/model/resnet50"),
        ("artifacts/model/resnet50/v3/metadata.json", "artifact", "artifacts/model/resnet50"),
        ("artifacts/model/弹性网络/v12/manifest.json", "artifact", "artifacts/model/弹性网络"),
        ("artifacts/model/\uf7ff/v1/.deleted", "artifact", "artifacts/model/\uf7ff"),
        ("vision/resnet/runs/20260101_1/meta.json", "run", "vision/resnet/runs/20260101_1"),
        ("runs/cv/yolo/deep/20260101_1/assets.json", "run", "runs/cv/yolo/deep/20260101_1"),
        ("runs/20260101_1/status.json", "run", "runs/20260101_1"),
        ("artifacts/x/runs/1/artifacts_used.json", "run", "artifacts/x/runs/1"),
        ("archive/manifests/datasets/ab/abc.json", "manifest", "archive/manifests/datasets/ab/abc.json"),
    ],
)
def test_a_metadata_file_has_its_owner(path, kind, folder):
    """Artifact, run or manifest, with the folder that all its files share."""
    assert owner_of(path) == Owner(OwnerKind(kind), folder)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "meta.json",
        "/etc/passwd",
        "artifacts/.dedup/ab/versions.json",
        "artifacts/model/resnet50/v3/files/metadata.json",
        "artifacts/model/resnet50/v0/metadata.json",
        "artifacts/model/resnet50/v01/metadata.json",
        "artifacts/model/resnet50/v-1/metadata.json",
        "artifacts/model/resnet50/v9999999999/metadata.json",
        "artifacts/model/resnet50/v٣/metadata.json",
        "artifacts/model/a:b/versions.json",
        "artifacts/model/versions.json",
        "artifacts/../../x/versions.json",
        "artifacts/model//x/versions.json",
        "artifacts/model/a\nb/versions.json",
        "vision/resnet/meta.json",
        "runs/meta.json",
        "vision/resnet/runs/20260101_1/events.jsonl",
        "archive/manifests/datasets/ab/.abc.json.tmp",
        "archive/manifests/datasets/ab/.abc.json",
        "archive/blobs/ab/abc.json",
        "runs/../etc/x/meta.json",
    ],
)
def test_everything_else_is_not_ours(path):
    """Contents, logs, blobs, stray names and paths that lead astray belong to nobody."""
    assert owner_of(path) is None
