"""Which files under a storage root are metadata, and what each of them belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from runicornd.storage.names import plain_path

RUN_FILES = frozenset(
    {
        "meta.json",
        "status.json",
        "summary.json",
        "artifacts_created.json",
        "artifacts_used.json",
        "assets.json",
    }
)
VERSION_FILES = frozenset({"metadata.json", "manifest.json", ".deleted"})
VERSIONS_FILE = "versions.json"
MANIFESTS = "archive/manifests"

_NAME = "[A-Za-z0-9_-][A-Za-z0-9_. -]{0,99}"
_USUAL = re.compile(
    f"(artifacts/{_NAME}/{_NAME})"
    r"/(?:versions\.json|v[1-9][0-9]{0,8}/(?:metadata\.json|manifest\.json|\.deleted))"
)
_VERSION_FOLDER = re.compile(r"v([1-9][0-9]{0,8})")


class OwnerKind(StrEnum):
    """What a metadata file is a part of."""

    ARTIFACT = "artifact"
    RUN = "run"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class Owner:
    """What a metadata file belongs to.

    Args:
        folder: The artifact's folder (``artifacts/TYPE/NAME``), the run's, or the manifest's own path.
    """

    kind: OwnerKind
    folder: str


def owner_of(path: str) -> Owner | None:
    """Tell what a file belongs to by its path relative to the root; None when it is not ours to read."""
    normal, wrong = plain_path(path)
    if wrong or normal != path:
        return None
    parts = path.split("/")
    if parts[0] == "artifacts" and (folder := _artifact_folder(parts)):
        return Owner(OwnerKind.ARTIFACT, folder)
    if parts[:2] == ["archive", "manifests"]:
        ours = len(parts) > 2 and path.endswith(".json") and not parts[-1].startswith(".")
        return Owner(OwnerKind.MANIFEST, path) if ours else None
    if parts[-1] in RUN_FILES and "runs" in parts[:-2]:
        return Owner(OwnerKind.RUN, "/".join(parts[:-1]))
    return None


def usual_owner(path: str) -> Owner | None:
    """Tell quickly what a file belongs to when it is an artifact's with plain names; None says nothing.

    Such a path is as good on this machine as at its source.
    """
    found = _USUAL.fullmatch(path)
    return Owner(OwnerKind.ARTIFACT, found[1]) if found else None


def _artifact_folder(parts: list[str]) -> str | None:
    if len(parts) < 4 or parts[1].startswith("."):  # such as the pool of shared files, .dedup
        return None
    if ":" in parts[1] or ":" in parts[2]:  # Runicorn writes none, and nobody could name it
        return None
    is_index = len(parts) == 4 and parts[3] == VERSIONS_FILE
    is_version = len(parts) == 5 and parts[4] in VERSION_FILES and version_of(parts[3]) is not None
    return "/".join(parts[:3]) if is_index or is_version else None


def version_of(folder: str) -> int | None:
    """Return the number of a version's folder, such as ``v3``; None when it is none."""
    found = _VERSION_FOLDER.fullmatch(folder)
    return int(found.group(1)) if found else None
