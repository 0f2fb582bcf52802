"""Artifacts as Runicorn 0.4 and 0.5 write them, with whatever is to be wrong in them."""

import json

from runicornd.storage.layouts.artifacts import read_artifact

FOLDER = "artifacts/model/net"
SHA = "ab" * 32


def metadata(version=1, **changes):
    """A version's metadata as Runicorn writes it."""
    return {
        "name": "net",
        "type": "model",
        "version": version,
        "created_at": 1000.0 + version,
        "updated_at": 2000.0 + version,
        "created_by_run": f"run{version}",
        "created_by_user": None,
        "size_bytes": 7,
        "num_files": 1,
        "num_references": 0,
        "status": "ready",
        "metadata": {"accuracy": 0.9},
        "description": "a net",
        "tags": ["good"],
        "aliases": ["latest"],
        "parent_artifacts": ["data:v1"],
        "manifest_digest": "0" * 64,
        **changes,
    }


def entry(path="model.pth", size=7, digest=f"sha256:{SHA}", **more):
    """A file of a manifest."""
    return {"path": path, "size": size, "digest": digest, "modified_at": 5.0, **more}


def manifest(*files, references=()):
    """A manifest as Runicorn writes it."""
    return {"files": list(files), "references": list(references), "total_size": 7, "total_files": 1}


def versions(*numbers, aliases=None):
    """The index of an artifact as Runicorn writes it."""
    listed = [
        {"version": number, "created_at": 1000.0 + number, "created_by_run": f"run{number}"}
        | {"size_bytes": 7, "num_files": 1, "status": "ready", "aliases": ["latest"]}
        for number in numbers
    ]
    aliases = {"latest": numbers[-1]} if aliases is None else aliases
    return {"artifact_name": "net", "artifact_type": "model", "versions": listed, "aliases": aliases}


def written(files):
    """The files' content as bytes."""
    return {
        path: json.dumps(value).encode() if isinstance(value, dict | list) else value
        for path, value in files.items()
    }


def good(*numbers, aliases=None, **changed):
    """An artifact without problems; what ``changed`` names is put in its place, or left out when None."""
    files = {"versions.json": versions(*numbers, aliases=aliases)}
    for number in numbers:
        files |= {f"v{number}/metadata.json": metadata(number), f"v{number}/manifest.json": manifest(entry())}
    files |= changed
    return written({path: value for path, value in files.items() if value is not None})


def only(files):
    """The one version of an artifact."""
    (version,) = read_artifact(FOLDER, files)
    return version


def with_files(*files):
    """A version whose manifest lists these."""
    return only(good(1, **{"v1/manifest.json": manifest(*files)}))
