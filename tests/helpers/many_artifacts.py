"""Artifacts by the hundred, whose metadata do not compress: for what has to be caught in the middle."""

import json
import random


def write_many(root, count, *, each_bytes=1000, prefix="net"):
    """Add so many artifacts of one version to a root in the layout of Runicorn 0.4 and 0.5."""
    numbers = random.Random(count)
    for number in range(count):
        folder = root / "artifacts/model" / f"{prefix}-{number:06}"
        (folder / "v1").mkdir(parents=True)
        info = {"version": 1, "created_at": 1.7e9 + number, "created_by_run": "r", "size_bytes": 0}
        index = {"versions": [{**info, "num_files": 0, "status": "ready"}], "aliases": {"latest": 1}}
        metadata = {
            "name": folder.name,
            "type": "model",
            "version": 1,
            "created_at": 1.7e9 + number,
            "updated_at": 1.7e9 + number,
            "size_bytes": 0,
            "status": "ready",
            "metadata": {"noise": numbers.randbytes(each_bytes // 2).hex()},
        }
        (folder / "versions.json").write_text(json.dumps(index))
        (folder / "v1/metadata.json").write_text(json.dumps(metadata))
        (folder / "v1/manifest.json").write_text('{"files": []}')
