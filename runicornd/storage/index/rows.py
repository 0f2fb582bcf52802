"""Records as rows and back: what the index packs into its columns."""

from __future__ import annotations

import json
import zlib
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from runicornd.storage.layouts.assets import AssetUse
from runicornd.storage.model import Layout, ReferenceEntry, Run, Version, VersionKey

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPRESS_FROM = 2048
_MOST = 2**63 - 1


def pack(value: object) -> bytes:
    """Pack plain values; ``unpack`` gives them back, with lists for tuples."""
    try:
        data = msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError, RecursionError):
        data = json.dumps(msgspec.to_builtins(value)).encode()
    return b"z" + zlib.compress(data, 1) if len(data) > _COMPRESS_FROM else data


def unpack(data: bytes) -> Any:  # noqa: ANN401 - JSON, read by those who packed it
    """Give back what was packed."""
    return msgspec.json.decode(zlib.decompress(data[1:]) if data[:1] == b"z" else data)


def whole(number: int) -> int:
    """Bring a number into what a column holds."""
    return max(-_MOST, min(number, _MOST))


def listed(words: Sequence[str]) -> str:
    """Write words into a column; most have none."""
    return msgspec.json.encode(words).decode() if words else ""


def unlisted(text: str) -> tuple[str, ...]:
    """Give back words of a column."""
    return tuple(json.loads(text)) if text else ()


def packed_version(version: Version, chunks: Sequence[bytes]) -> tuple[Any, ...]:
    """Return the columns of ``versions`` from ``version`` on; ``chunks`` are its files, packed."""
    detail = pack(
        {
            "path": version.path,
            "description": version.description,
            "user": version.user,
            "tags": version.tags,
            "metadata": version.metadata,
            "references": [(entry.uri, entry.size, entry.checksum) for entry in version.references],
            "parents": version.parents,
        }
    )
    columns = (
        version.key.version,
        str(version.layout),
        version.created,
        version.updated,
        version.status,
        version.deleted,
        whole(version.size_bytes),
        len(version.files),
        version.run,
        listed(version.aliases),
        version.problem,
    )
    digest = blake2b(repr(columns).encode("utf-8", "surrogatepass"), digest_size=16)
    for part in (detail, *chunks):
        digest.update(part)
    return (*columns, digest.digest(), detail)


VERSION_COLUMNS = (
    "version, layout, created, updated, status, deleted, size, files, run, aliases, problem, digest, detail"
)


ARTIFACT_COLUMNS = (
    "type, name, version, versions, size, files, created, updated, is_deleted, problem, description, tags,"
    " aliases"
)


def version_of(type_: str, name: str, row: Sequence[Any]) -> Version:
    """Give back a version from ``VERSION_COLUMNS``, without its files."""
    detail = unpack(row[12])
    return Version(
        key=VersionKey(type_, name, row[0]),
        layout=Layout(row[1]),
        path=detail["path"],
        created=row[2],
        updated=row[3],
        status=row[4],
        deleted=row[5],
        size_bytes=row[6],
        description=detail["description"],
        user=detail["user"],
        run=row[8],
        tags=tuple(detail["tags"]),
        aliases=unlisted(row[9]),
        metadata=detail["metadata"],
        references=tuple(ReferenceEntry(*entry) for entry in detail["references"]),
        parents=tuple(detail["parents"]),
        problem=row[10],
    )


RUN_COLUMNS = "run, folder, path, status, created, ended, alias, problem, sort, detail"


def packed_run(run: Run) -> tuple[object, ...]:
    """Return ``RUN_COLUMNS``."""
    return (
        run.id,
        run.folder,
        run.path,
        run.status,
        run.created,
        run.ended,
        run.alias,
        run.problem,
        run.created or 0.0,
        pack({"meta": run.meta, "summary": run.summary}),
    )


def run_of(row: Sequence[Any]) -> Run:
    """Give back a run from ``RUN_COLUMNS``, without what it made and used."""
    detail = unpack(row[9])
    return Run(
        id=row[0],
        folder=row[1],
        path=row[2],
        status=row[3],
        created=row[4],
        ended=row[5],
        alias=row[6],
        problem=row[7],
        meta=detail["meta"],
        summary=detail["summary"],
    )


def packed_use(use: AssetUse) -> bytes:
    """Pack one entry of a run's assets."""
    return pack(use)


def use_of(data: bytes) -> AssetUse:
    """Give back one entry of a run's assets."""
    return AssetUse(**unpack(data))
