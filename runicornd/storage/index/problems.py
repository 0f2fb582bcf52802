"""What of a store cannot be read whole, and why: versions, then runs, then files that belong to neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from runicornd.storage.index.batch import unreadable
from runicornd.storage.index.cursors import read_cursor, write_cursor
from runicornd.storage.index.rows import unpack
from runicornd.storage.layouts.paths import OwnerKind, owner_of
from runicornd.storage.model import VersionKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from runicornd.storage.db import Connection

    Row = tuple[str, "Problem"]
    Part = Callable[[Connection, str], Iterator[Row]]

_QUESTION = ("problems",)
_VERSIONS = """
SELECT v.id, a.type, a.name, v.version, v.detail, v.problem
FROM versions v JOIN artifacts a ON a.id = v.artifact
WHERE v.problem IS NOT NULL AND v.id > ? ORDER BY v.id
"""
_RUNS = "SELECT id, run, folder, problem FROM runs WHERE problem IS NOT NULL AND id > ? ORDER BY id"
_FILES = "SELECT path, problem FROM files WHERE problem IS NOT NULL AND path > ? ORDER BY path"


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry that cannot be read whole.

    Args:
        label: ``TYPE/NAME:vN``, a run's id, or the file's path.
        path: Its folder or file, relative to the root.
    """

    kind: Literal["version", "run", "file"]
    label: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """A page of entries; ``total`` is of all pages."""

    problems: tuple[Problem, ...]
    total: int
    next: str | None = None


def problem_page(connection: Connection, limit: int, cursor: str | None) -> ProblemPage:
    """Return a page of what cannot be read.

    Raises:
        InvalidParams: The cursor is not of this list.
    """
    number, place = (0, "") if cursor is None else read_cursor(cursor, _QUESTION, (int, str))
    found: list[tuple[int, str, Problem]] = []
    for part, rows in enumerate(_PARTS):
        if part < number or len(found) > limit:
            continue
        for at, problem in rows(connection, place if part == number else ""):
            found.append((part, at, problem))
            if len(found) > limit:
                break
    shown = found[:limit]
    after = write_cursor(_QUESTION, *shown[-1][:2]) if len(found) > limit else None
    return ProblemPage(tuple(problem for _, _, problem in shown), unreadable(connection), after)


def _versions(connection: Connection, place: str) -> Iterator[Row]:
    for row, type_, name, version, detail, reason in connection.execute(_VERSIONS, (_number(place),)):
        key = VersionKey(type_, name, version)
        yield str(row), Problem("version", str(key), unpack(detail)["path"], reason)


def _runs(connection: Connection, place: str) -> Iterator[Row]:
    for row, run, folder, reason in connection.execute(_RUNS, (_number(place),)):
        yield str(row), Problem("run", run, folder, reason)


def _files(connection: Connection, place: str) -> Iterator[Row]:
    """Files with a problem that no version and no run has for its own."""
    for path, reason in connection.execute(_FILES, (place,)):
        owner = owner_of(path)
        if owner is None or owner.kind is OwnerKind.MANIFEST:
            yield path, Problem("file", path, path, reason)


_PARTS: tuple[Part, ...] = (_versions, _runs, _files)


def _number(place: str) -> int:
    return int(place) if place.isdecimal() and len(place) < 19 else 0
