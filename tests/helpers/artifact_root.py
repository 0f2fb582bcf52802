"""A storage root in the layout of Runicorn 0.4 and 0.5, written by hand: for what no release writes."""

import hashlib
import json
import os

CREATED = 1_700_000_000.125


class ArtifactRoot:
    """A root with the model ``resnet50``. Every version has one file of its own and one that all share."""

    def __init__(self, path, versions=3):
        self.path = path
        self.folder = path / "artifacts" / "model" / "resnet50"
        for number in range(1, versions + 1):
            self._write_version(number)
        self.write_index(
            {
                "artifact_name": "resnet50",
                "artifact_type": "model",
                "versions": [self._entry(number) for number in range(1, versions + 1)],
                "aliases": {"latest": versions},
                "created_at": CREATED,
                "updated_at": CREATED,
            }
        )

    def _entry(self, number):
        return {
            "version": number,
            "created_at": CREATED + number,
            "created_by_run": f"run{number}",
            "size_bytes": 5000,
            "num_files": 2,
            "status": "ready",
            "aliases": ["latest"],
        }

    def _write_version(self, number):
        folder = self.version(number)
        (folder / "files" / "deep" / "er").mkdir(parents=True)
        own, shared = b"%d" % number * 1000, b"s" * 4000
        self.link(own, folder / "files" / "own.bin")
        self.link(shared, folder / "files" / "deep" / "er" / "shared.bin")
        files = [
            {"path": path, "size": len(data), "digest": f"sha256:{hashlib.sha256(data).hexdigest()}"}
            for path, data in (("own.bin", own), ("deep/er/shared.bin", shared))
        ]
        (folder / "manifest.json").write_text(json.dumps({"files": files}))
        metadata = {
            "name": "resnet50",
            "version": number,
            "created_at": CREATED + number,
            "updated_at": CREATED + number,
            "tags": ["raw"],
            "aliases": ["latest"],
            "metadata": {},
        }
        (folder / "metadata.json").write_text(json.dumps(metadata, indent=2))

    def pooled(self, data):
        """Where the pool has this content."""
        digest = hashlib.sha256(data).hexdigest()
        return self.path / "artifacts" / ".dedup" / digest[:2] / digest

    def link(self, data, to):
        """Keep content as Runicorn does: in the pool, and linked to its place."""
        pooled = self.pooled(data)
        if not pooled.exists():
            pooled.parent.mkdir(parents=True, exist_ok=True)
            pooled.write_bytes(data)
        os.link(pooled, to)

    def version(self, number):
        """The folder of a version."""
        return self.folder / f"v{number}"

    def index(self):
        """What ``versions.json`` says."""
        return json.loads((self.folder / "versions.json").read_text())

    def write_index(self, values):
        """Write ``versions.json`` as Runicorn does."""
        (self.folder / "versions.json").write_text(json.dumps(values, indent=2, ensure_ascii=False))

    def metadata(self, number):
        """What a version's ``metadata.json`` says."""
        return json.loads((self.version(number) / "metadata.json").read_text())

    def everything(self):
        """All files with their content, without lock files: to see whether anything has changed."""
        return {
            str(path.relative_to(self.path)): path.read_bytes()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and path.name != ".lock"
        }
