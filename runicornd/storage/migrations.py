"""The index's schema, by version. ``PRAGMA user_version`` says which one a file has.

The index can always be made again from the mirrored files, so a file of a newer version is set aside
rather than guessed at.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from runicornd.storage.db import Damaged, transaction

if TYPE_CHECKING:
    from pathlib import Path

    from runicornd.storage.db import Connection

_FIRST = """
CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;

-- The mirror: sizes and times are the source's. A problem means that there is no content.
CREATE TABLE files (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, problem TEXT
) WITHOUT ROWID;
CREATE INDEX files_problem ON files (path) WHERE problem IS NOT NULL;
-- What is still to be done to the mirror after a commit; without a staged name the path is removed.
CREATE TABLE journal (seq INTEGER PRIMARY KEY, staged TEXT, path TEXT NOT NULL);

CREATE TABLE artifacts (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
    versions INTEGER NOT NULL, size INTEGER NOT NULL, files INTEGER NOT NULL, created REAL NOT NULL,
    updated REAL NOT NULL, is_deleted INTEGER NOT NULL, problem TEXT, description TEXT NOT NULL,
    tags TEXT NOT NULL, aliases TEXT NOT NULL, UNIQUE (type, name)
);
CREATE INDEX artifacts_name ON artifacts (name COLLATE NOCASE);
CREATE INDEX artifacts_exact ON artifacts (name);
CREATE INDEX artifacts_updated ON artifacts (updated);
CREATE INDEX artifacts_created ON artifacts (created);
CREATE INDEX artifacts_size ON artifacts (size);
CREATE INDEX artifacts_versions ON artifacts (versions);
CREATE INDEX artifacts_type_name ON artifacts (type, name COLLATE NOCASE);
CREATE INDEX artifacts_type_updated ON artifacts (type, updated);
CREATE INDEX artifacts_type_created ON artifacts (type, created);
CREATE INDEX artifacts_type_size ON artifacts (type, size);
CREATE INDEX artifacts_type_versions ON artifacts (type, versions);

CREATE TABLE type_counts (
    type TEXT, is_deleted INTEGER, artifacts INTEGER NOT NULL, PRIMARY KEY (type, is_deleted)
) WITHOUT ROWID;
CREATE TRIGGER artifact_added AFTER INSERT ON artifacts BEGIN
    INSERT INTO type_counts VALUES (new.type, new.is_deleted, 1)
    ON CONFLICT DO UPDATE SET artifacts = artifacts + 1;
END;
CREATE TRIGGER artifact_removed AFTER DELETE ON artifacts BEGIN
    UPDATE type_counts SET artifacts = artifacts - 1 WHERE type = old.type AND is_deleted = old.is_deleted;
END;
CREATE TRIGGER artifact_changed AFTER UPDATE OF is_deleted ON artifacts
WHEN old.is_deleted <> new.is_deleted BEGIN
    UPDATE type_counts SET artifacts = artifacts - 1 WHERE type = old.type AND is_deleted = old.is_deleted;
    INSERT INTO type_counts VALUES (new.type, new.is_deleted, 1)
    ON CONFLICT DO UPDATE SET artifacts = artifacts + 1;
END;
CREATE VIRTUAL TABLE artifact_words USING fts5(
    words, prefix = '1 2', tokenize = 'unicode61 remove_diacritics 2'
);

-- "digest" tells whether anything of a version has changed; "detail" is the rest of its record.
CREATE TABLE versions (
    id INTEGER PRIMARY KEY, artifact INTEGER NOT NULL, version INTEGER NOT NULL, layout TEXT NOT NULL,
    created REAL NOT NULL, updated REAL NOT NULL, status TEXT NOT NULL, deleted REAL, size INTEGER NOT NULL,
    files INTEGER NOT NULL, run TEXT, aliases TEXT NOT NULL, problem TEXT, digest BLOB NOT NULL,
    detail BLOB NOT NULL, UNIQUE (artifact, version)
);
CREATE INDEX versions_problem ON versions (id) WHERE problem IS NOT NULL;
CREATE INDEX versions_run ON versions (run) WHERE run IS NOT NULL;
CREATE TABLE file_chunks (
    version INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (version, chunk)
);
CREATE TABLE parents (version INTEGER NOT NULL, ref TEXT NOT NULL, PRIMARY KEY (version, ref)) WITHOUT ROWID;
CREATE INDEX parents_ref ON parents (ref);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, folder TEXT NOT NULL UNIQUE, path TEXT NOT NULL,
    status TEXT NOT NULL, created REAL, ended REAL, alias TEXT NOT NULL, made INTEGER NOT NULL DEFAULT 0,
    used INTEGER NOT NULL DEFAULT 0, problem TEXT, sort REAL NOT NULL, detail BLOB NOT NULL
);
CREATE INDEX runs_run ON runs (run);
CREATE INDEX runs_sort ON runs (sort);
CREATE INDEX runs_status ON runs (status, sort);
CREATE INDEX runs_problem ON runs (id) WHERE problem IS NOT NULL;
CREATE VIRTUAL TABLE run_words USING fts5(
    words, prefix = '1 2', tokenize = 'unicode61 remove_diacritics 2'
);
-- What a run made (1) and used (0); "origin" is the asset (TYPE/NAME) that tells so, empty when the run does.
CREATE TABLE relations (
    run INTEGER NOT NULL, is_made INTEGER NOT NULL, ref TEXT NOT NULL, origin TEXT NOT NULL,
    PRIMARY KEY (run, is_made, ref, origin)
) WITHOUT ROWID;
CREATE INDEX relations_ref ON relations (ref, is_made);
CREATE INDEX relations_origin ON relations (origin) WHERE origin <> '';
-- The entries of assets.json, which number the versions of the assets layout.
CREATE TABLE uses (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, data BLOB NOT NULL
);
CREATE INDEX uses_run ON uses (run);
CREATE INDEX uses_name ON uses (type, name);
-- Which manifests of the archive list the files of a use.
CREATE TABLE use_manifests (
    path TEXT NOT NULL, use INTEGER NOT NULL, PRIMARY KEY (path, use)
) WITHOUT ROWID;
CREATE INDEX use_manifests_use ON use_manifests (use);

CREATE TABLE downloads (
    type TEXT, name TEXT, version INTEGER, folder TEXT NOT NULL, size INTEGER NOT NULL,
    last_used REAL NOT NULL,
    PRIMARY KEY (type, name, version)
) WITHOUT ROWID;
"""

_DOWNLOADS = """
SELECT type, name, version, folder, size, last_used FROM downloads
WHERE typeof(type) = 'text' AND typeof(name) = 'text' AND typeof(version) = 'integer'
    AND typeof(folder) = 'text'
"""
# Rows of file_chunks may be columns (`index/chunks.py`), which earlier releases cannot read.
_SECOND = ""
_STEPS = (_FIRST, _SECOND)
VERSION = len(_STEPS)


class FromTheFuture(Damaged):
    """A newer release wrote the file."""


def migrate(connection: Connection) -> None:
    """Bring the schema up to date, in one transaction.

    Raises:
        FromTheFuture: A newer release wrote the file; it is left as it is.
        Damaged: It is a database, and none of ours.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise FromTheFuture(f"cannot read the index: a newer release wrote it (version {version})")
    try:
        if version < VERSION:
            _step_up(connection, version)
        for table in ("facts", "files", "artifacts", "versions", "runs", "artifact_words", "run_words"):
            connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()  # noqa: S608 - names of ours
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR:
            raise Damaged(f"cannot read the index: {error}") from error
        raise


def _step_up(connection: Connection, version: int) -> None:
    with transaction(connection):
        for step in _STEPS[version:]:
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """Cut a script into statements; ``executescript`` would commit the transaction around it."""
    found, begun = [], ""
    for line in script.splitlines(keepends=True):
        begun += line
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found


def salvage_downloads(path: Path) -> list[tuple[object, ...]]:
    """Return the rows of the table of downloads, which no mirrored file holds, as far as it can be read."""
    if not path.is_file():
        return []
    rows: list[tuple[object, ...]] = []
    with contextlib.suppress(sqlite3.Error):
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)
        with contextlib.closing(connection):
            rows.extend(connection.execute(_DOWNLOADS))
    return rows
