"""New artifacts, read as soon as all of one has come, while the next ones are still on their way.

What was read of them waits in memory, and what is too much for that in a database of its own beside the
staged files, where nobody looks. The sync's commit takes it from there, which is quick; without a commit
it is thrown away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runicornd.storage.db import transaction
from runicornd.storage.index.chunks import chunks_of
from runicornd.storage.index.rows import ARTIFACT_COLUMNS, VERSION_COLUMNS, packed_version
from runicornd.storage.index.summary import Summary
from runicornd.storage.layouts.artifacts import read_versions

if TYPE_CHECKING:
    from runicornd.storage.db import Connection
    from runicornd.storage.layouts.content import Content
    from runicornd.storage.model import Version

    Row = tuple[object, ...]

MOST_BYTES = 4 * 1024 * 1024
MOST_FILES = 4096
"""An artifact with more is not held in memory: the commit reads it from the mirror."""

HELD_BYTES = 16 * 1024 * 1024
VERSION_BYTES = 1024
"""How much of what was read is kept in memory, and what a version counts beside what is packed of it."""

_OPEN = (
    "PRAGMA arrivals.journal_mode = MEMORY",
    "PRAGMA arrivals.synchronous = OFF",
    "PRAGMA arrivals.locking_mode = EXCLUSIVE",
    "PRAGMA arrivals.cache_size = -4096",
    "CREATE TABLE arrivals.folders (artifact INTEGER PRIMARY KEY, folder TEXT UNIQUE, is_off INTEGER)",
)
_OFF = "(SELECT artifact FROM arrivals.folders WHERE is_off)"
_OFF_VERSIONS = f"(SELECT id FROM arrivals.versions WHERE artifact IN {_OFF})"  # noqa: S608 - names of ours
# The index's tables: their columns, and which rows belong to an artifact that is left out.
_TABLES = {
    "artifacts": (f"id, {ARTIFACT_COLUMNS}", f"id IN {_OFF}"),
    "artifact_words": ("rowid, words", f"rowid IN {_OFF}"),
    "versions": (f"id, artifact, {VERSION_COLUMNS}", f"artifact IN {_OFF}"),
    "file_chunks": ("version, chunk, data", f"version IN {_OFF_VERSIONS}"),
    "parents": ("version, ref", f"version IN {_OFF_VERSIONS}"),
}
# Runs have recorded something of that name: the commit's own reading knows what to do then.
_MEET_OTHERS = """
UPDATE arrivals.folders SET is_off = 1 WHERE artifact IN (
    SELECT n.id FROM arrivals.artifacts n JOIN main.artifacts o ON o.type = n.type AND o.name = n.name
    UNION SELECT n.id FROM arrivals.artifacts n JOIN main.uses u ON u.type = n.type AND u.name = n.name
)
"""


class Arrivals:
    """The new artifacts of one sync. All calls are made on the writer's thread.

    An artifact's files have to come one after the other. One whose files come again later, or that is
    too large, is left to the commit, which reads it from the mirror; so is everything that is not new.

    Args:
        connection: The writer's; nothing else adds artifacts until the sync has ended.
        place: The file for what is too much for the memory; there is none yet.
        is_first: The index has no files yet: all artifacts are new.
    """

    def __init__(self, connection: Connection, place: str, *, is_first: bool) -> None:
        self._connection = connection
        self._place = place
        self._is_first = is_first
        self._is_open = False
        self._folder = ""
        self._files: dict[str, Content] | None = None
        self._bytes = 0
        self._artifact, self._version = (
            connection.execute(f"SELECT coalesce(max(id), 0) FROM main.{table}").fetchone()[0]  # noqa: S608 - names of ours
            for table in ("artifacts", "versions")
        )
        self._rows: dict[str, list[Row]] = {table: [] for table in _TABLES}
        self._folders: list[tuple[int, str]] = []
        self._held = 0
        self._lately: set[str] = set()

    def take(self, folder: str, path: str, content: Content) -> None:
        """Take a file of the artifact of a folder. Not within a transaction, as ``forget`` and ``end``."""
        if folder != self._folder:
            self._finish()
            self._begin(folder)
        if self._files is None:
            return
        self._files[path[len(folder) + 1 :]] = content
        self._bytes += len(content) if isinstance(content, bytes) else 0
        if self._bytes > MOST_BYTES or len(self._files) > MOST_FILES:
            self._files = None

    def noted(self) -> None:
        """All files that were taken are in ``temp.incoming`` now. Not within a transaction."""
        self._lately.clear()
        if self._held > HELD_BYTES:
            self._put_away()

    def forget(self, folder: str) -> None:
        """Leave an artifact to the commit: something of it has changed since."""
        if folder == self._folder:
            self._files = None
        self._put_away()
        if self._is_open:
            asked = "UPDATE arrivals.folders SET is_off = 1 WHERE folder = ?"
            self._connection.execute(asked, (folder,))

    def end(self) -> None:
        """Nothing more will come."""
        self._finish()
        if self._is_open or not self._is_first:
            self._put_away()

    def publish(self) -> None:
        """Put it into the index, within the commit's transaction; ``temp.published`` has whose it was."""
        if not self._is_open:
            self._insert("main")
            folders = [(folder,) for _, folder in self._folders]
            self._connection.executemany("INSERT INTO temp.published VALUES (?)", folders)
            return
        self._connection.execute(_MEET_OTHERS)
        for table, (columns, is_off) in _TABLES.items():
            self._connection.execute(
                f"INSERT INTO main.{table} ({columns})"  # noqa: S608 - names of ours
                f" SELECT {columns} FROM arrivals.{table} WHERE NOT {is_off} ORDER BY rowid"
            )
        self._connection.execute(
            "INSERT INTO temp.published SELECT folder FROM arrivals.folders WHERE NOT is_off"
        )

    def close(self) -> None:
        """Be rid of it. Not within a transaction."""
        if self._is_open:
            self._is_open = False
            self._connection.execute("DETACH DATABASE arrivals")
            Path(self._place).unlink(missing_ok=True)

    def _put_away(self) -> None:
        """Write what was read into the file."""
        if not self._folders:
            return
        if not self._is_open:
            self._connection.execute("ATTACH DATABASE ? AS arrivals", (self._place,))
            self._is_open = True
            for statement in _OPEN:
                self._connection.execute(statement)
            for table, (columns, _) in _TABLES.items():
                fields = columns.replace("rowid", "id").replace("id,", "id INTEGER PRIMARY KEY,", 1)
                self._connection.execute(f"CREATE TABLE arrivals.{table} ({fields})")
        with transaction(self._connection):
            self._insert("arrivals")
            self._connection.executemany("INSERT INTO arrivals.folders VALUES (?, ?, 0)", self._folders)
        self._folders.clear()
        self._held = 0

    def _insert(self, schema: str) -> None:
        for table, (columns, _) in _TABLES.items():
            marks = ", ".join("?" * (columns.count(",") + 1))
            self._connection.executemany(
                f"INSERT INTO {schema}.{table} ({columns}) VALUES ({marks})",  # noqa: S608 - names of ours
                self._rows[table],
            )
            self._rows[table].clear()

    def _begin(self, folder: str) -> None:
        self._folder = folder
        self._files = {} if self._is_new(folder) else None
        self._bytes = 0

    def _is_new(self, folder: str) -> bool:
        below = (folder + "/", folder + "0")  # "0" follows "/"
        asked = "SELECT 1 FROM temp.incoming WHERE path > ? AND path < ? LIMIT 1"
        if folder in self._lately or self._connection.execute(asked, below).fetchone() is not None:
            self.forget(folder)
            return False
        asked = "SELECT 1 FROM main.files WHERE path > ? AND path < ? LIMIT 1"
        return self._is_first or self._connection.execute(asked, below).fetchone() is None

    def _finish(self) -> None:
        """Read the artifact that has come."""
        folder, files = self._folder, self._files
        self._folder, self._files = "", None
        if folder:
            self._lately.add(folder)
        if not files:
            return
        _, type_, name = folder.split("/")
        summary = Summary(type_, name)
        for version in read_versions(folder, files):
            summary.add(version)
            self._add(version)
        if summary.versions:
            self._artifact += 1
            self._rows["artifacts"].append((self._artifact, *summary.row()))
            self._rows["artifact_words"].append((self._artifact, summary.words()))
            self._folders.append((self._artifact, folder))

    def _add(self, version: Version) -> None:
        chunks = chunks_of(version.files)
        columns = packed_version(version, chunks)
        self._version += 1
        self._rows["versions"].append((self._version, self._artifact + 1, *columns))
        self._rows["file_chunks"] += [(self._version, number, chunk) for number, chunk in enumerate(chunks)]
        self._rows["parents"] += [(self._version, parent) for parent in version.parents]
        self._held += VERSION_BYTES + len(columns[-1]) + sum(map(len, chunks))
