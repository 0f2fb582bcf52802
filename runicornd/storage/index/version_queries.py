"""One version: which one is meant, all about it, and its files."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from runicornd.errors import AmbiguousName, UnknownArtifact
from runicornd.storage.index.artifact_queries import synced
from runicornd.storage.index.chunks import CHUNK, rows_of
from runicornd.storage.index.cursors import read_cursor, write_cursor
from runicornd.storage.index.marks import folders_of
from runicornd.storage.index.relations import IndexRelations
from runicornd.storage.index.results import ArtifactFile, FilePage, VersionDetail, VersionSummary
from runicornd.storage.index.rows import VERSION_COLUMNS, unlisted, version_of
from runicornd.storage.model import VersionKey
from runicornd.storage.names import Ref

if TYPE_CHECKING:
    from collections.abc import Container

    from runicornd.storage.db import Connection

FIRST_FILES = 1000
_NEAR = 5
_ONE_VERSION = (
    "SELECT v.id, v.files, v.artifact, v.digest FROM versions v JOIN artifacts a ON a.id = v.artifact"
    " WHERE a.type = ? AND a.name = ? AND v.version = ?"
)


class _Place(NamedTuple):
    id: int
    files: int
    artifact: int
    digest: bytes


def find(connection: Connection, ref: Ref) -> VersionKey:
    """Say which version a ref means.

    Raises:
        UnknownArtifact: There is none; the hint has names that are near.
        AmbiguousName: Several types have an artifact of that name.
    """
    rows = connection.execute(
        "SELECT id, type FROM artifacts WHERE name = ? AND type = coalesce(?, type) ORDER BY type",
        (ref.name, ref.type),
    ).fetchall()
    if not rows:
        raise _unknown(connection, ref)
    if len(rows) > 1:
        names = [f"{type_}/{ref.name}" for _, type_ in rows]
        raise AmbiguousName(
            f"cannot tell which {ref.name} is meant: {', '.join(names[:_NEAR])}",
            hint=f"write the type before it, such as {names[0]}",
            names=list(names),
        )
    (artifact, type_) = rows[0]
    number = _number(connection, artifact, ref)
    if number is None:
        raise _no_version(connection, artifact, ref)
    return VersionKey(type_, ref.name, number)


def _number(connection: Connection, artifact: int, ref: Ref) -> int | None:
    if ref.version is not None:
        asked = "SELECT version FROM versions WHERE artifact = ? AND version = ?"
        row = connection.execute(asked, (artifact, ref.version)).fetchone()
        return row[0] if row else None
    if ref.alias not in {None, "latest"}:
        asked = (
            "SELECT version, aliases FROM versions WHERE artifact = ? AND aliases <> ''"
            " ORDER BY deleted IS NOT NULL, version DESC"
        )
        rows = connection.execute(asked, (artifact,))
        return next((number for number, aliases in rows if ref.alias in unlisted(aliases)), None)
    row = connection.execute(
        "SELECT version FROM versions WHERE artifact = ? ORDER BY deleted IS NOT NULL, version DESC LIMIT 1",
        (artifact,),
    ).fetchone()
    return row[0] if row else None


def _unknown(connection: Connection, ref: Ref) -> UnknownArtifact:
    named = "SELECT type FROM artifacts WHERE name = ? ORDER BY type LIMIT ?"
    types = connection.execute(named, (ref.name, _NEAR))  # if there are any, only the type is wrong
    near = [f"{type_}/{ref.name}" for (type_,) in types] or _near(connection, ref.name)
    shown = ref.name if ref.type is None else f"{ref.type}/{ref.name}"
    hint = f"did you mean {' or '.join(near)}?" if near else "see 'runicornctl artifacts list'"
    return UnknownArtifact(f"cannot find {shown}: the store has no such artifact", hint=hint, near=list(near))


def _near(connection: Connection, name: str) -> list[str]:
    """Find names that are nearly the same: first those with the same beginning, then any."""
    wildcards = name[:2].replace("[", "").replace("*", "").replace("?", "")
    rows = connection.execute(
        "SELECT DISTINCT name FROM artifacts WHERE name GLOB ? LIMIT 5000", (wildcards + "*",)
    )
    return get_close_matches(name, [row[0] for row in rows], _NEAR, 0.6)


def _no_version(connection: Connection, artifact: int, ref: Ref) -> UnknownArtifact:
    asked = "SELECT version, aliases FROM versions WHERE artifact = ? ORDER BY version DESC LIMIT 20"
    there = [
        word
        for number, aliases in connection.execute(asked, (artifact,))
        for word in (f"v{number}", *unlisted(aliases))
    ]
    wanted = f"v{ref.version}" if ref.version is not None else f"alias {ref.alias}"
    return UnknownArtifact(
        f"cannot find {wanted} of {ref.name}: the store has no such version",
        hint=f"there are {', '.join(there[:10])}",
        near=list(there[:10]),
    )


def _place(connection: Connection, key: VersionKey) -> _Place:
    row = connection.execute(_ONE_VERSION, (key.type, key.name, key.version)).fetchone()
    if row is None:
        find(connection, Ref(key.name, key.type, key.version))
        raise UnknownArtifact(f"cannot find {key}: the store has no such version")
    return _Place(*row)


def version_detail(connection: Connection, ref: Ref) -> VersionDetail:
    """Return all about the version that a ref means. Raises as ``find``."""
    key = find(connection, ref)
    place = _place(connection, key)
    row = connection.execute(f"SELECT {VERSION_COLUMNS} FROM versions WHERE id = ?", (place.id,)).fetchone()  # noqa: S608 - ours
    here = folders_of(connection, key.type, key.name)
    version = version_of(key.type, key.name, row)
    relations = IndexRelations(connection)
    return VersionDetail(
        version=version,
        files=_files(connection, place, 0, FIRST_FILES, is_local=key.version in here),
        files_total=place.files,
        versions=_history(connection, place.artifact, here),
        made_by=version.run or next(iter(relations.makers(str(key))), None),
        used_by=tuple(relations.users(str(key))),
        downloaded_to=here.get(key.version),
        synced=synced(connection),
    )


def _history(connection: Connection, artifact: int, here: Container[int]) -> tuple[VersionSummary, ...]:
    rows = connection.execute(
        "SELECT version, created, size, files, status, aliases, run, deleted IS NOT NULL, problem"
        " FROM versions WHERE artifact = ? ORDER BY version DESC",
        (artifact,),
    )
    return tuple(_summary(row, is_downloaded=row[0] in here) for row in rows)


def _summary(row: tuple[Any, ...], *, is_downloaded: bool) -> VersionSummary:
    return VersionSummary(
        version=row[0],
        created=row[1],
        size_bytes=row[2],
        files=row[3],
        status=row[4],
        aliases=unlisted(row[5]),
        run=row[6],
        is_deleted=bool(row[7]),
        is_downloaded=is_downloaded,
        problem=row[8],
    )


def file_page(connection: Connection, key: VersionKey, limit: int, cursor: str | None) -> FilePage:
    """Return a page of a version's files, by path.

    Raises:
        UnknownArtifact: There is no such version.
        InvalidParams: The cursor is not of this version, or the version has changed since.
    """
    place = _place(connection, key)
    # A version that has changed has another digest, and its old cursors end with it.
    question = ("files", str(key), place.digest)
    start = max(0, read_cursor(cursor, question, (int,))[0]) if cursor is not None else 0
    is_local = key.version in folders_of(connection, key.type, key.name)
    files = _files(connection, place, start, limit, is_local=is_local)
    end = start + len(files)
    following = write_cursor(question, end) if files and end < place.files else None
    return FilePage(files, place.files, following)


def _files(
    connection: Connection, place: _Place, start: int, limit: int, *, is_local: bool
) -> tuple[ArtifactFile, ...]:
    first = start // CHUNK
    chunks = connection.execute(
        "SELECT data FROM file_chunks WHERE version = ? AND chunk BETWEEN ? AND ? ORDER BY chunk",
        (place.id, first, (start + limit - 1) // CHUNK),
    )
    rows = [row for (data,) in chunks for row in rows_of(data)]
    skipped = start - first * CHUNK
    return tuple(
        ArtifactFile(path, size, digest, source, modified, is_local)
        for path, size, digest, source, modified in rows[skipped : skipped + limit]
    )
