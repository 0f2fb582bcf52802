"""Pages of artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runicornd.storage.index.cursors import read_cursor, write_cursor
from runicornd.storage.index.merge import fact
from runicornd.storage.index.results import ArtifactPage, ArtifactSort, ArtifactSummary, TypeCount
from runicornd.storage.index.rows import unlisted
from runicornd.storage.index.words import match_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.storage.db import Connection
    from runicornd.storage.index.results import ArtifactQuery

_COLUMNS = {
    ArtifactSort.UPDATED: "updated",
    ArtifactSort.CREATED: "created",
    ArtifactSort.NAME: "name COLLATE NOCASE",
    ArtifactSort.SIZE: "size",
    ArtifactSort.VERSIONS: "versions",
}
_SELECT = (
    "SELECT id, type, name, version, versions, size, files, created, updated, description, tags, aliases,"
    " is_deleted, problem FROM artifacts"
)
_MATCHES = "id IN (SELECT rowid FROM artifact_words WHERE artifact_words MATCH ?)"
# From here on it is quicker to walk the order's index and look whether each matches than to sort the matches.
_MANY = 1000


def artifact_page(connection: Connection, query: ArtifactQuery) -> ArtifactPage:
    """Return a page, and how many there are in all.

    Raises:
        InvalidParams: The cursor is not of this question.
    """
    types = _types(connection, with_deleted=query.deleted)
    match = match_of(query.search)
    if query.search.strip() and match is None:
        return ArtifactPage((), 0, types, synced=synced(connection))
    is_up = (query.order or ("up" if query.sort is ArtifactSort.NAME else "down")) == "up"
    question = ("artifacts", query.type, query.search, str(query.sort), is_up, query.deleted)
    place: list[object] = []
    if query.cursor is None:
        total = _total(connection, query, types, match)
    else:
        kinds = (int, str if query.sort is ArtifactSort.NAME else float, int)
        total, *place = read_cursor(query.cursor, question, kinds)
    conditions, values = _conditions(query, match, total)
    if place:
        conditions.append(f"({_COLUMNS[query.sort]}, id) {'>' if is_up else '<'} (?, ?)")
        values.extend(place)
    rows = _rows(connection, query, conditions, values, "ASC" if is_up else "DESC")
    shown = [_summary(row) for row in rows[: query.limit]]
    cursor = None
    if len(rows) > query.limit:
        cursor = write_cursor(
            question, total, getattr(shown[-1], _FIELDS[query.sort]), rows[query.limit - 1][0]
        )
    return ArtifactPage(tuple(shown), total, types, cursor, synced(connection))


_FIELDS = {
    ArtifactSort.UPDATED: "updated",
    ArtifactSort.CREATED: "created",
    ArtifactSort.NAME: "name",
    ArtifactSort.SIZE: "size_bytes",
    ArtifactSort.VERSIONS: "versions",
}


def _conditions(query: ArtifactQuery, match: str | None, total: int) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if query.type is not None:
        conditions.append("type = ?")
        values.append(query.type)
    if not query.deleted:
        # The plus keeps the order's index in charge: nearly all have this value.
        conditions.append("+is_deleted = 0")
    if match is not None:
        conditions.append(f"+{_MATCHES}" if total > _MANY else _MATCHES)
        values.append(match)
    return conditions, values


def _rows(
    connection: Connection, query: ArtifactQuery, conditions: list[str], values: list[object], order: str
) -> list[tuple[Any, ...]]:
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    column = _COLUMNS[query.sort]
    question = f"{_SELECT}{where} ORDER BY {column} {order}, id {order} LIMIT ?"
    return connection.execute(question, (*values, query.limit + 1)).fetchall()


def _total(
    connection: Connection, query: ArtifactQuery, types: tuple[TypeCount, ...], match: str | None
) -> int:
    if match is None:
        return sum(count.artifacts for count in types if query.type in {None, count.type})
    if query.type is None and (query.deleted or not _has_deleted(connection)):
        asked = "SELECT count(*) FROM artifact_words WHERE artifact_words MATCH ?"
        return int(connection.execute(asked, (match,)).fetchone()[0])
    conditions, values = _conditions(query, match, 0)
    where = " AND ".join(conditions)
    return int(connection.execute(f"SELECT count(*) FROM artifacts WHERE {where}", values).fetchone()[0])  # noqa: S608 - no text of the user's


def _has_deleted(connection: Connection) -> bool:
    asked = "SELECT 1 FROM type_counts WHERE is_deleted = 1 AND artifacts > 0"
    return connection.execute(asked).fetchone() is not None


def _types(connection: Connection, *, with_deleted: bool) -> tuple[TypeCount, ...]:
    rows = connection.execute(
        "SELECT type, sum(artifacts) FROM type_counts WHERE is_deleted <= ? GROUP BY type"
        " HAVING sum(artifacts) > 0 ORDER BY type",
        (with_deleted,),
    )
    return tuple(TypeCount(*row) for row in rows)


def _summary(row: Sequence[Any]) -> ArtifactSummary:
    return ArtifactSummary(
        type=row[1],
        name=row[2],
        version=row[3],
        versions=row[4],
        size_bytes=row[5],
        files=row[6],
        created=row[7],
        updated=row[8],
        description=row[9],
        tags=unlisted(row[10]),
        aliases=unlisted(row[11]),
        is_deleted=bool(row[12]),
        problem=row[13],
    )


def synced(connection: Connection) -> float | None:
    """Return when the last sync ended."""
    at = fact(connection, "synced")
    return float(at) if at else None
