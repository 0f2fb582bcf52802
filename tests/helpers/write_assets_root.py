"""Run by a real environment (Runicorn 0.6 or later): fill a storage root through its SDK.

``python write_assets_root.py ROOT`` prints one JSON object: the runs by their parts in the story.
"""

import json
import os
import sqlite3
import sys
import tempfile
from pathlib import Path

import runicorn

connect = sqlite3.connect


class Impatient(sqlite3.Connection):
    """Waits no ten seconds for locks that this very process holds: 0.7.2's pool leaves writes open."""

    def execute(self, sql, *values):
        return super().execute(sql.replace("busy_timeout=10000", "busy_timeout=50"), *values)


sqlite3.connect = lambda *args, **options: connect(*args, **{**options, "factory": Impatient})
os.sync = lambda: None  # finish() would wait for the disks of the whole machine
root = Path(sys.argv[1])
scratch = Path(tempfile.mkdtemp())
workspace = scratch / "workspace"


def written(name, content):
    path = workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def start(path, **options):
    return runicorn.init(path=path, storage=str(root), workspace_root=str(workspace), **options)


def scan(run, **options):
    run.scan_outputs_once(
        output_dirs=[str(workspace / "outputs")], stable_required=1, min_age_sec=0, **options
    )


written("train.py", b"print('train')\n")
os.chdir(workspace)
written("data/train/cat.jpg", b"\xff\xd8cat" * 2000)
written("data/train/copy of cat.jpg", b"\xff\xd8cat" * 2000)
written("data/标签/类别.csv", "猫,狗\n".encode())
written("data/empty.txt", b"")

first = start("vision/resnet", alias="基线", snapshot_code=True)
first.log_config(args={"lr": 0.1, "layers": [3, 4]}, extra={"作者": "阿达"}, config_files=["config.yaml"])
first.log_dataset("images", workspace / "data", save=True, description="Cats & dogs <b>by hand</b>")
first.log_dataset("holdout", "s3://bucket/holdout.tar", context="test")
first.log_dataset("local only", workspace / "data" / "train")
first.log_pretrained("backbone", path_or_uri=written("backbone.pth", b"backbone" * 4000), save=True)
first.log_pretrained("团队/模型", path_or_uri="https://example.org/model.bin", source_type="url")
first.log_pretrained("nothing")
written("outputs/model.pth", b"weights-1" * 8000)
written("outputs/train.log", b"epoch 1\n")
written("outputs/ckpt/a.bin", b"a" * 100)
scan(first, mode="overwrite_versions")
written("outputs/model.pth", b"weights-2" * 8000)
scan(first, mode="overwrite_versions")
first.log({"loss": 0.5}, step=1)
first.summary({"best": 0.94, "loss": float("nan")})
first.finish()

second = start("vision/resnet")
second.log_dataset("images", workspace / "data", save=True)  # the same content again
second.log_pretrained("backbone", path_or_uri=workspace / "backbone.pth", save=True)
scan(second, patterns=["*.pth", "ckpt/"])  # rolling: a file and a folder of its own
written("outputs/model.pth", b"weights-3" * 8000)
scan(second, patterns=["*.pth", "ckpt/"])
second.finish("failed")

third = start("/")
written("data/train/bird.jpg", b"\xff\xd8bird" * 2000)
third.log_dataset("images", workspace / "data", save=True)
third.log_dataset("one file", written("table.csv", b"1,2\n"), save=True)
scan(third, patterns=["ckpt/"], mode="overwrite_versions")  # a folder as a manifest
third.finish()

print(json.dumps({"first": first.id, "second": second.id, "third": third.id}))
