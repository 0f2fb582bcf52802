"""What came from what, as the index knows it: the data of lineage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runicornd.storage.lineage import LineageNode

if TYPE_CHECKING:
    from runicornd.storage.db import Connection

MOST = 1000
_REF = re.compile(r"(?:([^/:]+)/)?([^/:]+):v([0-9]{1,9})")
_OF_REFS = (
    "SELECT DISTINCT runs.run FROM relations r JOIN runs ON runs.id = r.run"
    " WHERE r.ref IN (?, ?) AND r.is_made = ? ORDER BY runs.sort DESC, runs.id DESC LIMIT ?"
)
_OF_RUN = (
    "SELECT DISTINCT r.ref FROM relations r JOIN runs ON runs.id = r.run"
    " WHERE runs.run = ? AND r.is_made = ? ORDER BY r.ref LIMIT ?"
)


class IndexRelations:
    """See ``lineage.Relations``. Lives for one question.

    Args:
        connection: A reader's.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def makers(self, version: str) -> list[str]:
        """Return the runs that made a version."""
        own = self._connection.execute(
            "SELECT v.run FROM versions v JOIN artifacts a ON a.id = v.artifact"
            " WHERE a.type = ? AND a.name = ? AND v.version = ? AND v.run IS NOT NULL",
            _parts(version),
        )
        found = [run for (run,) in own]
        return list(dict.fromkeys([*found, *self._runs_of(version, is_made=True)]))

    def users(self, version: str) -> list[str]:
        """Return the runs that used a version, newest first."""
        return self._runs_of(version, is_made=False)

    def made(self, run: str) -> list[str]:
        """Return the versions that a run made."""
        rows = self._connection.execute(
            "SELECT a.type || '/' || a.name || ':v' || v.version FROM versions v"
            " JOIN artifacts a ON a.id = v.artifact WHERE v.run = ? LIMIT ?",
            (run, MOST),
        )
        own = [version for (version,) in rows]
        return list(dict.fromkeys([*self._versions_of(run, is_made=True), *own]))

    def used(self, run: str) -> list[str]:
        """Return the versions that a run used."""
        return self._versions_of(run, is_made=False)

    def parents(self, version: str) -> list[str]:
        """Return the versions that a version names as its origin."""
        rows = self._connection.execute(
            "SELECT p.ref FROM parents p JOIN versions v ON v.id = p.version"
            " JOIN artifacts a ON a.id = v.artifact"
            " WHERE a.type = ? AND a.name = ? AND v.version = ? LIMIT ?",
            (*_parts(version), MOST),
        )
        return [self.typed(ref) for (ref,) in rows if _REF.fullmatch(ref)]

    def children(self, version: str) -> list[str]:
        """Return the versions that name this one as their origin."""
        rows = self._connection.execute(
            "SELECT DISTINCT a.type || '/' || a.name || ':v' || v.version FROM parents p"
            " JOIN versions v ON v.id = p.version JOIN artifacts a ON a.id = v.artifact"
            " WHERE p.ref IN (?, ?) LIMIT ?",
            (*self._spellings(version), MOST),
        )
        return [child for (child,) in rows]

    def version_node(self, version: str) -> LineageNode | None:
        """Describe a version."""
        row = self._connection.execute(
            "SELECT a.type, a.name, v.version, v.created, v.size, v.status, v.deleted FROM versions v"
            " JOIN artifacts a ON a.id = v.artifact WHERE a.type = ? AND a.name = ? AND v.version = ?",
            _parts(version),
        ).fetchone()
        if row is None:
            return None
        type_, name, number, created, size, status, deleted = row
        return LineageNode(
            id=version,
            kind="artifact",
            label=f"{name}:v{number}",
            type=type_,
            created=created,
            size_bytes=size,
            status=status,
            is_deleted=deleted is not None,
        )

    def run_node(self, run: str) -> LineageNode | None:
        """Describe a run."""
        row = self._connection.execute(
            "SELECT run, path, alias, status, created FROM runs WHERE run = ? LIMIT 1", (run,)
        ).fetchone()
        if row is None:
            return None
        id_, path, alias, status, created = row
        label = alias or (f"{path}/{id_}" if path else id_)
        return LineageNode(id=f"run:{id_}", kind="run", label=label, created=created, status=status)

    def typed(self, ref: str) -> str:
        """Put the type before a version that is written without; it stays as it is when none is known."""
        found = _REF.fullmatch(ref)
        if found is None or found.group(1) is not None:
            return ref
        types = self._types(found.group(2))
        return f"{types[0]}/{ref}" if len(types) == 1 else ref

    def _types(self, name: str) -> list[str]:
        rows = self._connection.execute("SELECT type FROM artifacts WHERE name = ? LIMIT 2", (name,))
        return [type_ for (type_,) in rows]

    def _spellings(self, version: str) -> tuple[str, str]:
        """A version may be written without its type, when that leaves no doubt."""
        type_, name, number = _parts(version)
        is_clear = self._types(name) == [type_]
        return version, f"{name}:v{number}" if is_clear else version

    def _runs_of(self, version: str, *, is_made: bool) -> list[str]:
        rows = self._connection.execute(_OF_REFS, (*self._spellings(version), is_made, MOST))
        return [run for (run,) in rows]

    def _versions_of(self, run: str, *, is_made: bool) -> list[str]:
        rows = self._connection.execute(_OF_RUN, (run, is_made, MOST))
        return list(dict.fromkeys(self.typed(ref) for (ref,) in rows.fetchall()))


def _parts(version: str) -> tuple[str, str, int]:
    found = _REF.fullmatch(version)
    return (found.group(1) or "", found.group(2), int(found.group(3))) if found else ("", "", 0)
