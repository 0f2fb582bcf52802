"""The mirrored files of one artifact or run, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from runicornd.storage.layouts.content import Skipped

if TYPE_CHECKING:
    from runicornd.storage.db import Connection
    from runicornd.storage.layouts.content import Content
    from runicornd.storage.mirror import Mirror

# A path's children are between "path/" and "path0": "0" follows "/".
_AFTER_SLASH = "0"
_ROWS = """
SELECT f.path, f.size, f.problem, i.staged FROM main.files f LEFT JOIN temp.incoming i ON i.path = f.path
"""


class Row(NamedTuple):
    """One file, as the index knows it."""

    path: str
    size: int
    problem: str | None
    staged: str | None


class Contents(Mapping[str, "Content"]):
    """Content by path below a folder (or by path, when ``prefix`` is empty).

    Args:
        lost: Takes the paths of files that are not on this disk as the index knows them: the next sync
            has to bring them again.
    """

    def __init__(self, mirror: Mirror, rows: list[Row], prefix: str, lost: set[str]) -> None:
        self._mirror = mirror
        self._rows = {row.path[len(prefix) :]: row for row in rows}
        self._lost = lost

    def __getitem__(self, name: str) -> Content:
        row = self._rows[name]
        if row.problem is not None:
            return Skipped(row.problem)
        data = self._mirror.read(row.path, row.staged, row.size)
        if data is None:
            self._lost.add(row.path)
            return Skipped("its copy on this machine is damaged; the next sync brings it again")
        return data

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def below(connection: Connection, folder: str) -> list[Row]:
    """Return the files at any depth below a folder."""
    found = connection.execute(
        _ROWS + "WHERE f.path > ? AND f.path < ?", (folder + "/", folder + _AFTER_SLASH)
    )
    return [Row(*row) for row in found]


def named(connection: Connection, paths: list[str]) -> list[Row]:
    """Return those of the files that there are."""
    marks = ", ".join("?" * len(paths))
    return [Row(*row) for row in connection.execute(_ROWS + f"WHERE f.path IN ({marks})", paths)]


class Manifests(Mapping[str, "Content"]):
    """Content of any mirrored file by its path; what it lists is nothing, as nobody needs all of it."""

    def __init__(self, connection: Connection, mirror: Mirror, lost: set[str]) -> None:
        self._connection = connection
        self._mirror = mirror
        self._lost = lost

    def __getitem__(self, path: str) -> Content:
        rows = named(self._connection, [path])
        return Contents(self._mirror, rows, "", self._lost)[path]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
