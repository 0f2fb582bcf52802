"""Versions into rows: only what has changed is written, and its artifact is summed up afresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.storage.index.chunks import chunks_of
from runicornd.storage.index.rows import VERSION_COLUMNS, listed, packed_version, unlisted, unpack
from runicornd.storage.index.summary import SEARCHED_VERSIONS
from runicornd.storage.index.words import searchable, texts_of_version
from runicornd.storage.model import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runicornd.storage.db import Connection
    from runicornd.storage.model import Version

_INSERT = (
    f"INSERT INTO versions (artifact, {VERSION_COLUMNS}) VALUES ({', '.join('?' * 14)}) "  # noqa: S608 - ours
    "RETURNING id"
)
_SHOWN = "SELECT {} FROM versions WHERE artifact = ? {} ORDER BY version DESC LIMIT 1"
_SHOWN_COLUMNS = "version, size, files, created, updated, problem, aliases, detail"
_UPSERT = """
INSERT INTO artifacts (id, type, name, version, size, files, created, updated, is_deleted, problem,
    description, tags, aliases, versions)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (id) DO UPDATE SET version = ?4, size = ?5, files = ?6, created = ?7, updated = ?8,
    is_deleted = ?9, problem = ?10, description = ?11, tags = ?12, aliases = ?13, versions = ?14
"""


class ArtifactsWriter:
    """Writes the versions of artifacts. Lives for one transaction.

    Args:
        connection: The writer's, within a transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next_id = _next_id(connection)

    def replace(self, type_: str, name: str, layout: Layout, versions: Iterable[Version]) -> None:
        """Make the versions of one layout those given; none of either layout is the end of the artifact."""
        artifact, is_new = self._artifact(type_, name)
        before = {} if is_new else self._before(artifact, layout)
        changed = False
        for version in versions:
            chunks = chunks_of(version.files)
            columns = packed_version(version, chunks)
            known = before.pop(version.key.version, None)
            if known is not None:
                if known[1] == columns[11]:
                    continue
                self._remove(known[0])
            changed = True
            self._insert(artifact, columns, chunks, version.parents)
        for id_, _ in before.values():
            self._remove(id_)
        if changed or before:
            self._sum_up(artifact, type_, name)

    def highest(self, type_: str, name: str) -> int:
        """Return the highest version that the artifacts layout has of a name."""
        row = self._connection.execute(
            "SELECT max(v.version) FROM versions v JOIN artifacts a ON a.id = v.artifact"
            " WHERE a.type = ? AND a.name = ? AND v.layout = ?",
            (type_, name, str(Layout.ARTIFACTS)),
        ).fetchone()
        return row[0] or 0

    def has_assets(self, type_: str, name: str) -> bool:
        """Tell whether runs recorded something by that name."""
        asked = "SELECT 1 FROM uses WHERE type = ? AND name = ? LIMIT 1"
        return self._connection.execute(asked, (type_, name)).fetchone() is not None

    def _artifact(self, type_: str, name: str) -> tuple[int, bool]:
        row = self._connection.execute(
            "SELECT id FROM artifacts WHERE type = ? AND name = ?", (type_, name)
        ).fetchone()
        if row is not None:
            return row[0], False
        self._next_id += 1
        return self._next_id - 1, True

    def _before(self, artifact: int, layout: Layout) -> dict[int, tuple[int, bytes]]:
        rows = self._connection.execute(
            "SELECT version, id, digest FROM versions WHERE artifact = ? AND layout = ?",
            (artifact, str(layout)),
        )
        return {number: (id_, digest) for number, id_, digest in rows}

    def _insert(
        self, artifact: int, columns: tuple[object, ...], chunks: list[bytes], parents: tuple[str, ...]
    ) -> None:
        id_ = self._connection.execute(_INSERT, (artifact, *columns)).fetchone()[0]
        if chunks:
            self._connection.executemany(
                "INSERT INTO file_chunks VALUES (?, ?, ?)",
                [(id_, number, chunk) for number, chunk in enumerate(chunks)],
            )
        if parents:
            self._connection.executemany(
                "INSERT OR IGNORE INTO parents VALUES (?, ?)", [(id_, parent) for parent in parents]
            )

    def _remove(self, id_: int) -> None:
        for statement in (
            "DELETE FROM versions WHERE id = ?",
            "DELETE FROM file_chunks WHERE version = ?",
            "DELETE FROM parents WHERE version = ?",
        ):
            self._connection.execute(statement, (id_,))

    def _sum_up(self, artifact: int, type_: str, name: str) -> None:
        shown = self._connection.execute(
            _SHOWN.format(_SHOWN_COLUMNS, "AND deleted IS NULL"), (artifact,)
        ).fetchone()
        is_deleted = shown is None
        if shown is None:
            shown = self._connection.execute(_SHOWN.format(_SHOWN_COLUMNS, ""), (artifact,)).fetchone()
        self._connection.execute("DELETE FROM artifact_words WHERE rowid = ?", (artifact,))
        if shown is None:
            self._connection.execute("DELETE FROM artifacts WHERE id = ?", (artifact,))
            return
        count, any_problem = self._connection.execute(
            "SELECT count(*), max(problem) FROM versions WHERE artifact = ?", (artifact,)
        ).fetchone()
        version, size, files, created, updated, problem, aliases, detail = shown
        latest = unpack(detail)
        tags = listed(latest["tags"])
        row = (artifact, type_, name, version, size, files, created, updated, is_deleted)
        summary = (problem or any_problem, latest["description"], tags, aliases, count)
        self._connection.execute(_UPSERT, (*row, *summary))
        words = searchable(self._texts(artifact, type_, name))
        self._connection.execute("INSERT INTO artifact_words (rowid, words) VALUES (?, ?)", (artifact, words))

    def _texts(self, artifact: int, type_: str, name: str) -> Iterator[str]:
        yield name
        yield type_
        rows = self._connection.execute(
            "SELECT aliases, detail FROM versions WHERE artifact = ? ORDER BY version DESC LIMIT ?",
            (artifact, SEARCHED_VERSIONS),
        )
        for aliases, packed in rows:
            detail = unpack(packed)
            yield from texts_of_version(
                unlisted(aliases), detail["tags"], detail["description"], detail["metadata"]
            )


def _next_id(connection: Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM artifacts").fetchone()[0])
