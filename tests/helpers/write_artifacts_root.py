"""Run by a real environment (Runicorn 0.4 or 0.5): fill a storage root through its SDK.

``python write_artifacts_root.py ROOT`` prints one JSON object: the runs by their parts in the story.
"""

import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import runicorn
from filelock import FileLock
from runicorn.artifacts.storage import ArtifactStorage

os.sync = lambda: None  # finish() would wait for the disks of the whole machine
root = Path(sys.argv[1])
release = version("runicorn")
scratch = Path(tempfile.mkdtemp())
storage = ArtifactStorage(root)


def start(project, name):
    return runicorn.init(project=project, name=name, storage=str(root), capture_env=False)


def written(name, content):
    path = scratch / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def logged(run, name, kind, files, *, metadata=None, tags=(), description="", references=()):
    artifact = runicorn.Artifact(name, type=kind, description=description, metadata=metadata)
    for path, content in files.items():
        artifact.add_file(written(f"{name}/{path}", content), name=path)
    for reference in references:
        artifact.add_reference(**reference)
    artifact.add_tags(*tags)
    return run.log_artifact(artifact)


def set_alias(name, kind, version, alias):
    # No release has a function for this: what its own remote mode did to the index.
    folder = root / "artifacts" / kind / name
    with FileLock(str(folder / ".lock")):
        index = storage._load_index(name, kind)
        index.aliases[alias] = version
        storage._save_index(name, kind, index)


IMAGES = {
    "train/cat.jpg": b"\xff\xd8cat" * 2000,
    "train/dog.jpg": b"\xff\xd8dog" * 2000,
    "train/copy of cat.jpg": b"\xff\xd8cat" * 2000,
    "标签/类别.csv": "猫,狗\n".encode(),
    "empty.txt": b"",
}
BUCKET = {"uri": "s3://bucket/images/full.tar", "size": 340_000_000_000, "checksum": "md5:0f", "region": "eu"}

data = start("vision", "prepare")
logged(
    data,
    "images",
    "dataset",
    IMAGES,
    metadata={"classes": ["cat", "dog"], "nested": {"split": 0.8}, "作者": "阿达"},
    tags=("raw", "图像"),
    description="Cats & dogs <b>by hand</b>",
    references=(BUCKET,),
)
data.finish()

train = start("vision", "resnet")
train.use_artifact("images:latest")
logged(train, "resnet50", "model", {"model.pth": b"weights-1" * 8000}, metadata={"accuracy": 0.91})
logged(train, "resnet50", "model", {"model.pth": b"weights-2" * 8000}, metadata={"accuracy": 0.94})
logged(train, "hyper", "config", {"config.yaml": b"lr: 0.1\n"})
logged(train, "trainer", "code", {"src/train.py": b"print('train')\n", "src/model.py": b"pass\n"})
train.log({"loss": 0.5}, step=1)
train.summary({"best": 0.94, "loss": float("nan"), "note": "nan is what happens"})
train.finish()

tune = start("vision", "微调")
tune.use_artifact("resnet50:v1")
tune.use_artifact("images:v1")
logged(
    tune,
    "resnet50",
    "model",
    {"model.pth": b"weights-3" * 8000, "notes/readme.md": b"# tuned\n"},
    metadata={"accuracy": 0.95, "loss": float("inf")},
    tags=("tuned",),
)
logged(tune, "弹性网络", "model", {"权重.bin": b"\x00\x01" * 500}, description="名字是中文的")
logged(tune, "resnet50", "dataset", {"rows.csv": b"1,2\n"})  # the same name in another type
logged(tune, "corpus", "custom", {}, references=({"uri": "https://example.org/corpus.zip"},))
logged(tune, "retired", "model", {"old.bin": b"old"})
for number in (1, 2):
    logged(tune, f"scratch-{release}", "custom", {"x.bin": b"x" * number})
tune.finish("failed")

storage.delete_artifact_version(f"scratch-{release}", "custom", 1, soft_delete=False)
storage.delete_artifact_version("resnet50", "model", 2)
storage.delete_artifact_version("retired", "model", 1)
set_alias("resnet50", "model", 1, "production")
set_alias("resnet50", "model", 3, "candidate")

print(json.dumps({"data": data.id, "train": train.id, "tune": tune.id}))
