"""Deletes versions, softly or for good, as Runicorn 0.4 and 0.5 does, and restores them."""

import json
import os
import time
from typing import Dict, Optional

from .failures import FULL, Failure, from_os
from .params import Params
from .store_artifact import GONE, Artifact, entries, is_gone, plain
from .store_document import Document, Staged, publish
from .store_lock import locked
from .store_removal import Sweep, set_aside

MARKER = ".deleted"
LATEST = "latest"

Answer = Dict[str, object]


def delete(artifact: Artifact, number: int, wanted: Params) -> Answer:
    """Delete a version; ``permanently`` with all of its files."""
    if wanted.flag("permanently"):
        return _delete_for_good(artifact, number, wanted.moment("created"))
    with locked(artifact.folder, artifact.path):
        folder = artifact.version(number)
        if _is_marked(folder):
            return {"changed": False}
        said = {
            "deleted_at": time.time(),
            "deleted_by": "user",
            "version": number,
            "artifact_name": plain(artifact.name),
        }
        Staged(folder, MARKER, json.dumps(said, ensure_ascii=False)).publish()
    return {"changed": True}


def restore(artifact: Artifact, number: int, _wanted: Params) -> Answer:
    """Undo a soft delete."""
    with locked(artifact.folder, artifact.path):
        folder = artifact.version(number)
        if not _is_marked(folder):
            return {"changed": False}
        os.unlink(MARKER, dir_fd=folder)
        os.fsync(folder)
    return {"changed": True}


def _delete_for_good(artifact: Artifact, number: int, created: Optional[float]) -> Answer:
    """Hide the version, take it off the list, then remove its files: that may take long, and needs no lock.

    On a full disk there is no room for the new list: then the files go first.
    """
    with locked(artifact.folder, artifact.path):
        index = artifact.index()
        is_there = artifact.find(number) is not None
        if is_there:
            _check_age(artifact, index, number, created)
        is_listed = _forget(index, number)
        is_written = _replace(artifact, index, number, is_there)
    sweep = Sweep(artifact.folder, artifact.pool)
    sweep.run()
    if not is_written:
        with locked(artifact.folder, artifact.path):
            index = artifact.index()
            if _forget(index, number):
                publish([index])
    answer: Answer = {"changed": is_there or is_listed, "freed_bytes": sweep.freed}
    if sweep.left is not None:
        answer["left"] = from_os(sweep.left, "remove all of its files").message
    return answer


def _check_age(artifact: Artifact, index: Document, number: int, created: Optional[float]) -> None:
    """Refuse to delete another version than the one that was seen: Runicorn gives numbers again."""
    known = [index.number(entry.get("created_at")) for entry in entries(index, number)]
    try:
        metadata = artifact.metadata(number)
        known.append(metadata.number(metadata.values.get("created_at")))
    except Failure:
        pass  # What is broken may be deleted.
    times = [moment for moment in known if moment is not None]
    if created is not None and times and created not in times:
        reason = f"v{number} is not the one that was meant, it was saved later"
        raise Failure("source_changed", f"cannot delete of {artifact.path}: {reason}")


def _forget(index: Document, number: int) -> bool:
    """Take a version off the list, as Runicorn does; whether there was anything to do.

    Runicorn numbers the next version by the length of the list. So one from the middle stays listed as
    deleted: without that, the next save would meet a folder that exists, and fail.
    """
    aliases, mine = index.mapping("aliases"), entries(index, number)
    held = [alias for alias, at in aliases.items() if index.number(at) == number]
    if not held and all(is_gone(entry) for entry in mine):
        return False
    for alias in held:
        del aliases[alias]
    for entry in mine:
        entry.update(status=GONE, size_bytes=0, num_files=0, aliases=[])
    versions = index.list("versions")
    while versions and is_gone(versions[-1]):
        versions.pop()
    there = [entry for entry in versions if isinstance(entry, dict) and not is_gone(entry)]
    if LATEST not in aliases and there:
        aliases[LATEST] = there[-1].get("version")
    index.values.update(versions=versions, aliases=aliases, updated_at=time.time())
    return True


def _replace(artifact: Artifact, index: Document, number: int, is_there: bool) -> bool:
    """Hide the folder and write the list; False when there is no room for the list."""
    staged = None
    try:
        try:
            staged = index.stage() if index.is_changed() else None
        except OSError as error:
            if error.errno not in FULL:
                raise
            is_written = False
        else:
            is_written = True
        if is_there:
            set_aside(artifact.folder, f"v{number}")
        if staged is not None:
            staged.publish()
    finally:
        if staged is not None:
            staged.discard()
    return is_written


def _is_marked(folder: int) -> bool:
    try:
        os.stat(MARKER, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True
