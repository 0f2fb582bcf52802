"""Storage roots as Runicorn 0.5 leaves them: the metadata of many artifacts, or a few with real content."""

from __future__ import annotations

import hashlib
import json
import os
import random
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CREATED = 1_700_000_000.0
TYPES = ("model", "dataset", "config", "code", "custom")
WORDS = ("resnet", "bert", "vision", "speech", "baseline", "sweep", "ablation", "final", "pruned", "fast")
BLOCK_BYTES = 4 * 1024 * 1024


def write_metadata(root: Path, artifacts: int, versions: int, files: int) -> tuple[int, int]:
    """Write the metadata of so many artifacts, without content; return how many files and bytes that is.

    Args:
        root: An existing folder.
        artifacts: How many.
        versions: Of each.
        files: That each version's manifest lists.
    """
    rng = random.Random(7)
    count = size = 0
    for number in range(artifacts):
        folder = root / "artifacts" / TYPES[number % len(TYPES)] / name_of(number)
        folder.mkdir(parents=True)
        for version in range(1, versions + 1):
            place = folder / f"v{version}"
            place.mkdir()
            listed = [_listed(f"layers/{part:03}/weights.bin", 1000, _digest(rng)) for part in range(files)]
            size += _write(place / "manifest.json", _manifest(listed))
            size += _write(place / "metadata.json", _metadata(folder, version, listed, rng))
        size += _write(folder / "versions.json", _index(versions, rng))
        count += 2 * versions + 1
    return count, size


def name_of(number: int) -> str:
    """The name of an artifact of ``write_metadata``."""
    return f"{WORDS[number % len(WORDS)]}-{number:06}"


def change_versions(root: Path, number: int, note: str) -> None:
    """Rewrite the metadata of that many versions, spread over the root, with a new description."""
    found = sorted(root.glob("artifacts/*/*/v1/metadata.json"))
    for path in found[:: max(1, len(found) // number)][:number]:
        content = json.loads(path.read_bytes())
        content["description"] = note
        _write(path, content)


def write_artifact(root: Path, name: str, sizes: Iterable[int]) -> Path:
    """Write one version with files of these sizes; return the folder that they are in.

    The content is of no use to anyone who compresses.
    """
    folder = root / "artifacts" / "model" / name
    place = folder / "v1"
    listed = []
    for number, size in enumerate(sizes):
        path = f"part{number % 50:02}/{number:05}.bin"
        target = place / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        listed.append(_listed(path, size, _fill(target, size)))
    _write(place / "manifest.json", _manifest(listed))
    _write(place / "metadata.json", _metadata(folder, 1, listed, random.Random(1)))
    _write(folder / "versions.json", _index(1, random.Random(1)))
    return place / "files"


def _fill(target: Path, size: int) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for start in range(0, size, BLOCK_BYTES):
            block = os.urandom(min(BLOCK_BYTES, size - start))
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _write(path: Path, content: object) -> int:
    return path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))


def _digest(rng: random.Random) -> str:
    return f"{rng.getrandbits(256):064x}"


def _listed(path: str, size: int, digest: str) -> dict[str, Any]:
    return {"path": path, "size": size, "digest": f"sha256:{digest}", "modified_at": CREATED}


def _manifest(listed: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "digest": f"sha256:{hashlib.sha256(repr(listed).encode()).hexdigest()}",
        "total_size": sum(file["size"] for file in listed),
        "total_files": len(listed),
        "files": listed,
        "references": [],
    }


def _metadata(folder: Path, version: int, listed: list[dict[str, Any]], rng: random.Random) -> dict[str, Any]:
    return {
        "name": folder.name,
        "type": folder.parent.name,
        "version": version,
        "created_at": CREATED + version,
        "updated_at": CREATED + version,
        "created_by_run": f"20260101_000000_{rng.getrandbits(24):06x}",
        "created_by_user": "someone",
        "size_bytes": sum(file["size"] for file in listed),
        "num_files": len(listed),
        "num_references": 0,
        "status": "ready",
        "metadata": {"architecture": folder.name.partition("-")[0], "epochs": 30}
        | {f"score_{number:02}": rng.random() for number in range(24)},
        "description": f"number {version} of {folder.name}, made from {rng.choice(WORDS)}",
        "tags": ["keep", f"tag{rng.randrange(100)}"],
        "aliases": [],
        "parent_artifacts": [],
    }


def _index(versions: int, rng: random.Random) -> dict[str, Any]:
    listed = [
        {
            "version": version,
            "created_at": CREATED + version,
            "size_bytes": 3000,
            "num_files": 3,
            "status": "ready",
            "created_by_run": f"20260101_000000_{rng.getrandbits(24):06x}",
            "aliases": [],
        }
        for version in range(1, versions + 1)
    ]
    return {"versions": listed, "aliases": {"latest": versions}}
