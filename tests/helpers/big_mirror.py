"""Roots of any size as a sync would bring them: artifacts of Runicorn 0.5's layout and their runs."""

import json

from runicornd.remote.store_frames import MetadataFile

SECOND_NS = 1_000_000_000
TYPES = ("model", "dataset", "config", "code", "custom")
WORDS = ("resnet", "bert", "vision", "speech", "baseline", "sweep", "ablation", "final", "pruned", "fast")


def dumped(value):
    """JSON as Runicorn writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def received(path, value, mtime_ns=SECOND_NS):
    """A file as the far end sends it."""
    data = value if isinstance(value, bytes) else dumped(value)
    return MetadataFile(path, len(data), mtime_ns, data)


def artifact_name(number):
    """The name of an artifact of ``big_root``."""
    return f"{WORDS[number % len(WORDS)]}-{number:06}"


def artifact_type(number):
    """The type of an artifact of ``big_root``."""
    return TYPES[number % len(TYPES)]


def version_metadata(kind, name, version, **more):
    """What metadata.json says of a version."""
    return {
        "name": name,
        "type": kind,
        "version": version,
        "created_at": 1_700_000_000.0 + version,
        "updated_at": 1_700_000_000.0 + version,
        "created_by_run": f"20260101_000000_{version:06x}",
        "created_by_user": "someone",
        "size_bytes": 3000,
        "num_files": 3,
        "num_references": 0,
        "status": "ready",
        "metadata": {"architecture": name, "accuracy": 0.91, "epochs": 30, "note": "x" * 1500},
        "description": f"{name} number {version}, trained on many things",
        "tags": ["keep", f"v{version}tag"],
        "aliases": [],
        "parent_artifacts": [],
        **more,
    }


def manifest(files=3):
    """What manifest.json says of so many files."""
    listed = [
        {"path": f"part-{number:05}.bin", "size": 1000, "digest": f"sha256:{number:064x}", "modified_at": 1.5}
        for number in range(files)
    ]
    return {
        "digest": f"sha256:{0:064x}",
        "total_size": 1000 * files,
        "total_files": files,
        "files": listed,
        "references": [],
    }


def versions_index(versions, aliases=None):
    """What versions.json says of versions 1 to so many."""
    listed = [
        {
            "version": version,
            "created_at": 1_700_000_000.0 + version,
            "size_bytes": 3000,
            "num_files": 3,
            "status": "ready",
            "created_by_run": f"20260101_000000_{version:06x}",
            "aliases": [],
        }
        for version in range(1, versions + 1)
    ]
    return {"versions": listed, "aliases": aliases or {"latest": versions}}


def artifact_files(kind, name, versions=3, **more):
    """All metadata of one artifact."""
    folder = f"artifacts/{kind}/{name}"
    for version in range(1, versions + 1):
        yield received(f"{folder}/v{version}/manifest.json", manifest())
        yield received(f"{folder}/v{version}/metadata.json", version_metadata(kind, name, version, **more))
    yield received(f"{folder}/versions.json", versions_index(versions))


def big_root(artifacts, versions=3):
    """A root's metadata: ``2 * versions + 1`` files for each artifact."""
    for number in range(artifacts):
        yield from artifact_files(artifact_type(number), artifact_name(number), versions)


def in_batches(files, size=200):
    """Files in the groups in which a stream brings them."""
    group = []
    for file in files:
        group.append(file)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


async def fill(index, files, outcome, *, root="/data", token=None):
    """One whole sync of these files."""
    async with index.sync() as batch:
        for group in in_batches(files):
            await batch.put(group)
        return await batch.commit(root=root, token=token, outcome=outcome)
