"""``assets.json`` of a run: every entry as an `AssetUse`, checked."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from runicornd.storage.layouts.assets import AssetUse
from runicornd.storage.layouts.content import (
    Unreadable,
    bounded,
    clean,
    decode,
    digest,
    moment,
    whole,
)
from runicornd.storage.layouts.entries import URI_LIMIT, LeftOut
from runicornd.storage.layouts.paths import MANIFESTS
from runicornd.storage.names import name_bytes, plain_path, wire_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runicornd.errors import JsonValue
    from runicornd.storage.layouts.content import Content, Problems

ASSETS = "assets.json"
CODE_NAME = "code_snapshot.zip"
CONFIG_NAME = "config"
USES_LIMIT = 10_000
NAME_BYTES = 200

_UNFIT = re.compile(r"[/\\:\x00-\x1f\x7f-\x9f]")
_ARCHIVED = re.compile(
    r"(?:\A|/)(archive/(?:blobs/[0-9a-f]{2}/[0-9a-f]{64}"
    r"|manifests/[^/]+/[0-9a-f]{2}/[0-9a-f]{64}\.json"
    r"|[^/]+/rolling/[^/]+/[^/]+))\Z"
)
_BLOB = re.compile(r"archive/blobs/[0-9a-f]{2}/([0-9a-f]{64})")
_KNOWN_FIELDS = frozenset(
    {
        "name",
        "uri",
        "path_or_uri",
        "description",
        "saved",
        "fingerprint",
        "fingerprint_kind",
        "file_count",
        "total_size_bytes",
        "size_bytes",
        "mtime",
        "archive_path",
        "manifest_path",
        "archived_at",
        "created_at",
        "workspace_root",
    }
)


class _Assets(msgspec.Struct):
    code: Any = None
    config: Any = None
    datasets: Any = None
    pretrained: Any = None
    outputs: Any = None


@dataclass(frozen=True, slots=True)
class RecordedBy:
    """The run whose file it is; see `AssetUse`."""

    run: str
    folder: str
    created: float


def read_assets(content: Content | None, by: RecordedBy, problems: Problems) -> tuple[AssetUse, ...]:
    """Read the file; entries that are none are left out and told to ``problems``. A missing one is empty."""
    if content is None:
        return ()
    try:
        assets = decode(content, _Assets)
    except Unreadable as error:
        problems.add(f"{ASSETS} {error}")
        return ()
    left_out = LeftOut(ASSETS)
    uses: list[AssetUse] = []
    for kind, entry in _entries(assets, left_out):
        if len(uses) >= USES_LIMIT:
            left_out.note(None, f"only the first {USES_LIMIT:,} are read")
            break
        use = _use(kind, entry, by, len(uses))
        if use is None:
            left_out.note(None, "it has no name")
        else:
            uses.append(use)
    left_out.tell(problems)
    return tuple(uses)


def _entries(assets: _Assets, left_out: LeftOut) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(assets.code, dict) and isinstance(snapshot := assets.code.get("snapshot"), dict):
        yield "code", {**snapshot, "name": CODE_NAME, "uri": snapshot.get("workspace_root")}
    if isinstance(assets.config, dict) and assets.config:
        yield "config", {**assets.config, "name": CONFIG_NAME}
    lists = (("dataset", assets.datasets), ("pretrained", assets.pretrained), ("output", assets.outputs))
    for kind, listed in lists:
        for entry in listed if isinstance(listed, list) else ():
            if isinstance(entry, dict):
                yield kind, entry
            else:
                left_out.note(None, "it is no object")


def _use(kind: str, entry: dict[str, Any], by: RecordedBy, position: int) -> AssetUse | None:
    name = asset_name(entry.get("name"))
    if name is None:
        return None
    is_saved = entry.get("saved") is True
    archived = _archived(entry) if is_saved else ""
    blob = _BLOB.fullmatch(archived)
    sha = digest(entry.get("fingerprint"))
    is_folder = entry.get("fingerprint_kind") == "sha256_manifest" or archived.startswith(MANIFESTS)
    is_file = entry.get("fingerprint_kind") == "sha256"
    return AssetUse(
        type=kind,
        name=name,
        run=by.run,
        run_folder=by.folder,
        run_created=by.created,
        position=position,
        is_made=kind == "output",
        fingerprint=_fingerprint(kind, entry),
        archived=archived,
        digest=blob.group(1) if blob else sha if is_file else "",
        manifest=(sha or "?") if is_folder and archived and not blob else "",
        size=_size(entry),
        uri=_uri(entry),
        description=clean(entry.get("description")) or "",
        at=moment(entry.get("archived_at")) or moment(entry.get("created_at")) or 0.0,
        metadata=_metadata(entry, name),
        problem="it was saved outside of the storage root" if is_saved and not archived else None,
    )


def asset_name(value: object) -> str | None:
    """Return an entry's name as one part of a path: separators and control characters are underscores."""
    text = clean(value, NAME_BYTES)
    if text is None or not text.strip():
        return None
    name = _UNFIT.sub("_", text.strip())
    while name_bytes(name) > NAME_BYTES:
        name = name[:-1]
    return "_" * len(name) if name in {".", ".."} else name


def _archived(entry: dict[str, Any]) -> str:
    """The place below the root, wherever the root was when it was written."""
    for key in ("archive_path", "manifest_path"):
        path = entry.get(key)
        found = _ARCHIVED.search(wire_name(path)) if isinstance(path, str) else None
        if found and plain_path(found.group(1)) == (found.group(1), None):
            return found.group(1)
    return ""


def _fingerprint(kind: str, entry: dict[str, Any]) -> str:
    """What is the same for the same content: Runicorn's own where it has one, else where it came from."""
    said = entry.get("fingerprint")
    if isinstance(said, str) and said:
        text = f"{entry.get('fingerprint_kind')}:{said}"
    elif kind == "config":
        text = _canonical(bounded(entry))
    else:
        text = _canonical([bounded(said), _uri(entry)])
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _size(entry: dict[str, Any]) -> int | None:
    said = entry.get("fingerprint")
    if isinstance(said, str) and entry.get("fingerprint_kind") == "stat":
        try:
            said = decode(said.encode("utf-8", "replace"), dict[str, Any])
        except Unreadable:
            return None
    for fields in (entry, said if isinstance(said, dict) else {}):
        for key in ("total_size_bytes", "size_bytes"):
            if (size := whole(fields.get(key))) is not None:
                return size
    return None


def _uri(entry: dict[str, Any]) -> str:
    for key in ("uri", "path_or_uri", "path"):
        if isinstance(value := entry.get(key), str):
            return clean(value, URI_LIMIT) or ""
        if isinstance(value, dict):
            return clean(json.dumps(bounded(value), ensure_ascii=False), URI_LIMIT) or ""
    return ""


def _metadata(entry: dict[str, Any], name: str) -> dict[str, JsonValue]:
    kept = {key: value for key, value in entry.items() if key not in _KNOWN_FIELDS and value is not None}
    if entry.get("name") != name:
        kept["name"] = entry.get("name")
    return bounded(kept)
