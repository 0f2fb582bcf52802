"""The layout of Runicorn 0.6 and later: what runs recorded in ``assets.json``, as numbered versions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from runicornd.storage.layouts.content import Problems, Unreadable, decode
from runicornd.storage.layouts.entries import LeftOut, file_entries, total
from runicornd.storage.layouts.paths import MANIFESTS
from runicornd.storage.model import (
    UNKNOWN_SIZE,
    FileEntry,
    Layout,
    ReferenceEntry,
    Version,
    VersionKey,
)
from runicornd.storage.names import why_not_part, wire_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runicornd.errors import JsonValue
    from runicornd.storage.layouts.content import Content

ROLLING = "/rolling/"
CATEGORIES = ("outputs", "datasets", "pretrained")


class _Manifest(msgspec.Struct):
    files: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetUse:
    """One entry of one run's ``assets.json``.

    Args:
        run: The run's id.
        run_folder: The run's folder, relative to the root.
        run_created: When the run began; 0 when that is not known.
        position: Counts the entries of one run.
        is_made: Whether the run made it (an output) or used it.
        fingerprint: What tells one content from another, among those of the same type and name.
        archived: Where the content is, relative to the root: a blob, a manifest, a rolling file or
            folder. Empty when it was not saved.
        digest: SHA-256 of the one file, in hexadecimal, else empty.
        manifest: The fingerprint that names the manifest of a folder, else empty: it is one file.
        size: Of all of it, when it is known.
        uri: Where it came from.
        at: When it was recorded, else 0.
        metadata: The entry's other fields.
    """

    type: str
    name: str
    run: str
    run_folder: str
    run_created: float
    position: int
    is_made: bool
    fingerprint: str
    archived: str = ""
    digest: str = ""
    manifest: str = ""
    size: int | None = None
    uri: str = ""
    description: str = ""
    at: float = 0.0
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """The versions, and which of them each run made and used: ``TYPE/NAME:vN`` by the run's folder."""

    versions: tuple[Version, ...]
    made: Mapping[str, tuple[str, ...]]
    used: Mapping[str, tuple[str, ...]]


def number_assets(
    uses: Iterable[AssetUse],
    manifests: Mapping[str, Content],
    after: Mapping[tuple[str, str], int] | None = None,
) -> Numbered:
    """Number every distinct content of a type and name, in the order in which runs recorded it.

    What one (type, name) becomes depends on its own uses only. The last of them is the ``latest``.

    Args:
        uses: In any order.
        manifests: Content by path relative to the root (``archive/manifests/…``); it is asked for what
            `manifest_paths` names, so it may be lazy.
        after: The highest version that the other layout has of a (type, name): in a root that several
            releases wrote, the numbers go on after it, and ``latest`` stays where it is.
    """
    versions: list[Version] = []
    made: dict[str, dict[str, None]] = {}
    used: dict[str, dict[str, None]] = {}
    for (kind, name), contents in sorted(_by_content(uses).items()):
        start = (after or {}).get((kind, name), 0) + 1
        for number, recorded in enumerate(contents, start):
            key = VersionKey(kind, name, number)
            is_latest = start == 1 and number == len(contents)
            versions.append(_version(key, recorded, manifests, is_latest=is_latest))
            for use in recorded:
                (made if use.is_made else used).setdefault(use.run_folder, {})[str(key)] = None
    return Numbered(tuple(versions), _lists(made), _lists(used))


def _lists(names: dict[str, dict[str, None]]) -> dict[str, tuple[str, ...]]:
    return {folder: tuple(versions) for folder, versions in names.items()}


def _by_content(uses: Iterable[AssetUse]) -> dict[tuple[str, str], list[list[AssetUse]]]:
    """The uses of every content of every (type, name), all in the order of time."""
    found: dict[tuple[str, str], dict[str, list[AssetUse]]] = {}
    for use in sorted(uses, key=_when):
        found.setdefault((use.type, use.name), {}).setdefault(use.fingerprint, []).append(use)
    return {key: list(contents.values()) for key, contents in found.items()}


def _when(use: AssetUse) -> tuple[float, str, str, int]:
    return use.run_created or math.inf, use.run, use.run_folder, use.position


def manifest_paths(use: AssetUse) -> tuple[str, ...]:
    """Name the manifests that may list the files of a use, the likeliest first, relative to the root."""
    if use.archived.startswith(f"{MANIFESTS}/"):
        return (use.archived,)
    if use.manifest and ROLLING in use.archived:  # a folder: the same content may have been saved for good
        return tuple(
            f"{MANIFESTS}/{category}/{use.manifest[:2]}/{use.manifest}.json" for category in CATEGORIES
        )
    return ()


def _version(
    key: VersionKey, recorded: Sequence[AssetUse], manifests: Mapping[str, Content], *, is_latest: bool
) -> Version:
    first = recorded[0]
    # What is kept for good is the better source: a rolling file is overwritten by its run.
    kept = min(recorded, key=lambda use: (not use.archived, ROLLING in use.archived))
    problems = Problems()
    if kept.problem:
        problems.add(kept.problem)
    files = _files(kept, manifests, problems)
    times = [use.at or use.run_created for use in recorded]
    return Version(
        key=key,
        layout=Layout.ASSETS,
        path=kept.archived,
        created=times[0],
        updated=max(times),
        size_bytes=_size(files, kept),
        description=next((use.description for use in recorded if use.description), ""),
        # What was only used, such as a dataset, has no run that made it.
        run=next((use.run for use in recorded if use.is_made), None),
        aliases=("latest",) if is_latest else (),
        metadata=first.metadata,
        files=files,
        references=() if kept.archived or not kept.uri else (ReferenceEntry(kept.uri, kept.size),),
        problem=problems.text,
    )


def _size(files: Sequence[FileEntry], kept: AssetUse) -> int:
    """What its files take; unknown when nobody has said it of any of them."""
    known = total(entry.size for entry in files) or kept.size
    return known or (UNKNOWN_SIZE if any(entry.size == UNKNOWN_SIZE for entry in files) else 0)


def _files(use: AssetUse, manifests: Mapping[str, Content], problems: Problems) -> tuple[FileEntry, ...]:
    if not use.archived:
        return ()
    if not use.manifest:
        size = UNKNOWN_SIZE if use.size is None else use.size
        return (FileEntry(_file_name(use), size, use.digest, use.archived),)
    paths = manifest_paths(use)
    content = next((found for path in paths if (found := manifests.get(path)) is not None), None)
    if content is None and ROLLING in use.archived:
        problems.add("its files are not known: Runicorn keeps no list of a folder that it overwrites")
        return ()
    return _listed(content, problems)


def _listed(content: Content | None, problems: Problems) -> tuple[FileEntry, ...]:
    try:
        listed = decode(content, _Manifest).files
    except Unreadable as error:
        problems.add(f"its manifest {error}")
        return ()
    if not isinstance(listed, dict):
        problems.add("its manifest has no map of files")
        return ()
    left_out = LeftOut("its manifest")
    entries = (
        (path, item.get("size_bytes"), item.get("sha256"), None)
        if isinstance(item, dict)
        else (path, None, None, None)
        for path, item in listed.items()
    )
    files = file_entries(entries, _blob, left_out, problems)
    left_out.tell(problems)
    return files


def _blob(_path: str, digest: str) -> str:
    return f"archive/blobs/{digest[:2]}/{digest}" if digest else ""


def _file_name(use: AssetUse) -> str:
    """The name that the file had, where it can still have it."""
    last = wire_name(use.uri.rstrip("/").rpartition("/")[2])
    return use.name if use.type == "code" or why_not_part(last) else last
