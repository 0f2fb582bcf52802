"""A sync's end: the files that came and went become the index's state, in one transaction.

What came is in ``temp.incoming``, what went in ``temp.outgoing`` (see `SyncBatch`). Only what they belong
to is read again, one artifact or run at a time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runicornd.storage.index.artifacts_writer import ArtifactsWriter
from runicornd.storage.index.contents import Contents, Manifests, below, named
from runicornd.storage.index.runs_writer import RunsWriter
from runicornd.storage.layouts.artifacts import read_versions
from runicornd.storage.layouts.paths import RUN_FILES, OwnerKind, owner_of
from runicornd.storage.layouts.runs import read_run
from runicornd.storage.model import Layout

if TYPE_CHECKING:
    from runicornd.storage.db import Connection
    from runicornd.storage.index.arrivals import Arrivals
    from runicornd.storage.mirror import Mirror

STAGING_TABLES = (
    """
    CREATE TEMP TABLE IF NOT EXISTS incoming (
        path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, problem TEXT, staged TEXT,
        kind TEXT, folder TEXT
    ) WITHOUT ROWID
    """,
    "CREATE TEMP TABLE IF NOT EXISTS outgoing (path TEXT PRIMARY KEY, kind TEXT, folder TEXT) WITHOUT ROWID",
    "CREATE TEMP TABLE IF NOT EXISTS published (folder TEXT PRIMARY KEY) WITHOUT ROWID",
    "DELETE FROM temp.incoming",
    "DELETE FROM temp.published",
    "DELETE FROM temp.outgoing",
)
# Content that had a place and has none now: removed, or not readable any more.
_JOURNAL_REMOVALS = """
INSERT INTO journal (path)
SELECT o.path FROM temp.outgoing o JOIN files f ON f.path = o.path WHERE f.problem IS NULL
UNION ALL
SELECT i.path FROM temp.incoming i JOIN files f ON f.path = i.path
WHERE f.problem IS NULL AND i.problem IS NOT NULL
"""
_JOURNAL_RENAMES = (
    "INSERT INTO journal (staged, path) SELECT staged, path FROM temp.incoming WHERE staged <> ''"
)
_TOUCHED = """
SELECT kind, folder FROM temp.incoming WHERE kind <> '' AND folder NOT IN (SELECT folder FROM temp.published)
UNION SELECT kind, folder FROM temp.outgoing WHERE kind <> ''
"""


class Merge:
    """One merge. Lives for one transaction.

    Args:
        connection: The writer's, within a transaction.
        mirror: Where the files are.
        arrivals: What has been read of them already.
    """

    def __init__(self, connection: Connection, mirror: Mirror, arrivals: Arrivals | None = None) -> None:
        self._connection = connection
        self._mirror = mirror
        self._lost: set[str] = set()
        if arrivals is not None:
            arrivals.publish()
        self._artifacts = ArtifactsWriter(connection)
        self._runs = RunsWriter(connection, self._artifacts)

    def run(self) -> bool:
        """Do it, except for the journal's steps; return whether some files have to come again."""
        self._take_files()
        # A list of what was touched; each entry is read and written before the next.
        for kind, folder in self._connection.execute(_TOUCHED).fetchall():
            match OwnerKind(kind):
                case OwnerKind.ARTIFACT:
                    self._merge_artifact(folder)
                case OwnerKind.RUN:
                    self._merge_run(folder)
                case OwnerKind.MANIFEST:
                    self._runs.touch_manifest(folder)
        manifests = Manifests(self._connection, self._mirror, self._lost)
        for name in sorted(self._runs.names):
            self._runs.number(name, manifests)
        self._runs.count()
        self._ask_again_for_lost()
        save_counts(self._connection)
        return bool(self._lost)

    def _take_files(self) -> None:
        self._connection.execute(_JOURNAL_REMOVALS)
        self._connection.execute(_JOURNAL_RENAMES)
        self._connection.execute("DELETE FROM files WHERE path IN (SELECT path FROM temp.outgoing)")
        self._connection.execute(
            "INSERT OR REPLACE INTO files SELECT path, size, mtime_ns, problem FROM temp.incoming"
        )

    def _merge_artifact(self, folder: str) -> None:
        _, type_, name = folder.split("/")
        if self._artifacts.has_assets(type_, name):
            # Assets of the same name are numbered after these, which may need their numbers.
            self._artifacts.replace(type_, name, Layout.ASSETS, ())
            self._runs.names.add((type_, name))
        files = Contents(self._mirror, below(self._connection, folder), folder + "/", self._lost)
        versions = read_versions(folder, files) if files else iter(())
        self._artifacts.replace(type_, name, Layout.ARTIFACTS, versions)

    def _merge_run(self, folder: str) -> None:
        rows = named(self._connection, [f"{folder}/{name}" for name in sorted(RUN_FILES)])
        files = Contents(self._mirror, rows, folder + "/", self._lost)
        self._runs.replace(folder, read_run(folder, files) if files else None)

    def _ask_again_for_lost(self) -> None:
        self._connection.executemany(
            "UPDATE files SET mtime_ns = -1 WHERE path = ?", [(path,) for path in self._lost]
        )


def save_counts(connection: Connection) -> None:
    """Count what there is, so that nobody has to each time."""
    counts = {
        name: connection.execute(question).fetchone()[0]
        for name, question in {
            "artifacts": "SELECT coalesce(sum(artifacts), 0) FROM type_counts",
            "versions": "SELECT coalesce(sum(versions), 0) FROM artifacts",
            "runs": "SELECT count(*) FROM runs",
            "bytes": "SELECT coalesce(sum(size), 0) FROM files WHERE problem IS NULL",
            "versions_unreadable": "SELECT count(*) FROM versions WHERE problem IS NOT NULL",
            "runs_unreadable": "SELECT count(*) FROM runs WHERE problem IS NOT NULL",
        }.items()
    }
    # What belongs to nothing that could say so itself: a folder that cannot be read, a manifest.
    strays = connection.execute("SELECT path FROM files WHERE problem IS NOT NULL")
    owners = (owner_of(path) for (path,) in strays)
    counts["strays"] = sum(owner is None or owner.kind is OwnerKind.MANIFEST for owner in owners)
    save_fact(connection, "counts", json.dumps(counts))


def save_fact(connection: Connection, key: str, value: str | None) -> None:
    """Keep a fact; None forgets it."""
    if value is None:
        connection.execute("DELETE FROM facts WHERE key = ?", (key,))
    else:
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, value))


def fact(connection: Connection, key: str) -> str | None:
    """Return a fact that was kept."""
    row = connection.execute("SELECT value FROM facts WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None
