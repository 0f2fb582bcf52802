"""Pages of runs, and one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.errors import AmbiguousName, UnknownRun
from runicornd.storage.index.cursors import read_cursor, write_cursor
from runicornd.storage.index.relations import IndexRelations
from runicornd.storage.index.results import RunDetail, RunPage, RunSummary
from runicornd.storage.index.rows import RUN_COLUMNS, run_of
from runicornd.storage.index.words import match_of

if TYPE_CHECKING:
    from runicornd.storage.db import Connection
    from runicornd.storage.index.results import RunQuery

_SELECT = "SELECT run, path, status, created, ended, made, used, alias, problem, sort, id FROM runs"
_FIELDS = ("id", "path", "status", "created", "ended", "made", "used", "alias", "problem")
_LAST = chr(0x10FFFF)


def run_page(connection: Connection, query: RunQuery) -> RunPage:
    """Return a page of runs, newest first.

    Raises:
        InvalidParams: The cursor is not of this question.
    """
    match = match_of(query.search)
    if query.search.strip() and match is None:
        return RunPage((), 0)
    question = ("runs", query.search, query.status)
    conditions, values = _conditions(query, match)
    if query.cursor is None:
        asked = f"SELECT count(*) FROM runs{_where(conditions)}"  # noqa: S608 - no text of the user's
        total = connection.execute(asked, values).fetchone()[0]
    else:
        total, *place = read_cursor(query.cursor, question, (int, float, int))
        conditions.append("(sort, id) < (?, ?)")
        values.extend(place)
    asked = f"{_SELECT}{_where(conditions)} ORDER BY sort DESC, id DESC LIMIT ?"
    rows = connection.execute(asked, (*values, query.limit + 1)).fetchall()
    shown = rows[: query.limit]
    cursor = write_cursor(question, total, *shown[-1][-2:]) if len(rows) > query.limit else None
    runs = (RunSummary(**dict(zip(_FIELDS, row[:-2], strict=True))) for row in shown)
    return RunPage(tuple(runs), total, cursor)


def _conditions(query: RunQuery, match: str | None) -> tuple[list[str], list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if query.status is not None:
        conditions.append("status = ?")
        values.append(query.status)
    if match is not None:
        conditions.append("id IN (SELECT rowid FROM run_words WHERE run_words MATCH ?)")
        values.append(match)
    return conditions, values


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def run_detail(connection: Connection, start: str) -> RunDetail:
    """Return the run of an id, or the only one whose id begins so.

    Raises:
        UnknownRun: There is none.
        AmbiguousName: There are several.
    """
    asked = f"SELECT {RUN_COLUMNS} FROM runs WHERE run "  # noqa: S608 - ours
    rows = connection.execute(asked + "= ? ORDER BY folder LIMIT 6", (start,)).fetchall()
    if not rows and start:
        span = (start, start + _LAST)
        rows = connection.execute(asked + ">= ? AND run < ? ORDER BY run LIMIT 6", span).fetchall()
    if not rows:
        raise UnknownRun(
            f"cannot find the run {start}: the store has none of that id", hint="see 'runicornctl runs list'"
        )
    ids = [row[0] for row in rows]
    if len(set(ids)) > 1:
        raise AmbiguousName(
            f"cannot tell which run is meant: {', '.join(ids[:5])}", hint="write more of its id", names=ids
        )
    run = run_of(rows[0])
    relations = IndexRelations(connection)
    return RunDetail(run, tuple(relations.made(run.id)), tuple(relations.used(run.id)))
