"""Runs into rows, what they made and used, and the versions that their assets add up to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.storage.index.rows import RUN_COLUMNS, packed_run, packed_use, use_of
from runicornd.storage.index.words import searchable, texts_of
from runicornd.storage.layouts.assets import manifest_paths, number_assets
from runicornd.storage.model import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runicornd.storage.db import Connection
    from runicornd.storage.index.artifacts_writer import ArtifactsWriter
    from runicornd.storage.layouts.assets import AssetUse
    from runicornd.storage.layouts.content import Content
    from runicornd.storage.layouts.runs import RunReading
    from runicornd.storage.model import Run

_INSERT = f"INSERT INTO runs (id, {RUN_COLUMNS}) VALUES ({', '.join('?' * 11)})"  # noqa: S608 - ours
Name = tuple[str, str]


class RunsWriter:
    """Writes runs. Lives for one transaction.

    Args:
        connection: The writer's, within a transaction.
        artifacts: Writes what assets become.
    """

    def __init__(self, connection: Connection, artifacts: ArtifactsWriter) -> None:
        self._connection = connection
        self._artifacts = artifacts
        self.names: set[Name] = set()
        """Assets of which some use has changed: `number` has yet to be called for them."""
        self._touched: set[int] = set()

    def replace(self, folder: str, reading: RunReading | None) -> None:
        """Make a run what was read; None is its end."""
        row = self._connection.execute("SELECT id FROM runs WHERE folder = ?", (folder,)).fetchone()
        if row is not None:
            self._forget(row[0], is_gone=reading is None)
        if reading is not None:
            self._add(row[0] if row else None, reading)

    def _forget(self, id_: int, *, is_gone: bool) -> None:
        asked = "SELECT DISTINCT type, name FROM uses WHERE run = ?"
        self.names.update((type_, name) for type_, name in self._connection.execute(asked, (id_,)))
        self._connection.execute("DELETE FROM runs WHERE id = ?", (id_,))
        self._connection.execute("DELETE FROM run_words WHERE rowid = ?", (id_,))
        asked = "DELETE FROM use_manifests WHERE use IN (SELECT id FROM uses WHERE run = ?)"
        self._connection.execute(asked, (id_,))
        self._connection.execute("DELETE FROM uses WHERE run = ?", (id_,))
        # What assets tell of it stays until they are numbered again.
        condition = "" if is_gone else " AND origin = ''"
        self._connection.execute(f"DELETE FROM relations WHERE run = ?{condition}", (id_,))  # noqa: S608

    def _add(self, id_: int | None, reading: RunReading) -> None:
        run = reading.run
        added = self._connection.execute(_INSERT, (id_, *packed_run(run))).lastrowid
        assert added is not None
        self._touched.add(added)
        self._relate(added, run.made, run.used, "")
        self._connection.execute(
            "INSERT INTO run_words (rowid, words) VALUES (?, ?)", (added, searchable(_texts(run)))
        )
        for use in reading.assets:
            self._add_use(added, use)

    def _add_use(self, run: int, use: AssetUse) -> None:
        self.names.add((use.type, use.name))
        id_ = self._connection.execute(
            "INSERT INTO uses (run, type, name, data) VALUES (?, ?, ?, ?)",
            (run, use.type, use.name, packed_use(use)),
        ).lastrowid
        self._connection.executemany(
            "INSERT OR IGNORE INTO use_manifests VALUES (?, ?)", [(path, id_) for path in manifest_paths(use)]
        )

    def _relate(self, run: int, made: Iterable[str], used: Iterable[str], origin: str) -> None:
        rows = [(run, 1, ref, origin) for ref in made] + [(run, 0, ref, origin) for ref in used]
        if rows:
            self._connection.executemany("INSERT OR IGNORE INTO relations VALUES (?, ?, ?, ?)", rows)

    def touch_manifest(self, path: str) -> None:
        """An archive's manifest has changed: so may those assets whose content it lists."""
        asked = "SELECT DISTINCT type, name FROM use_manifests m JOIN uses u ON u.id = m.use WHERE path = ?"
        self.names.update((type_, name) for type_, name in self._connection.execute(asked, (path,)))

    def number(self, name: Name, manifests: Mapping[str, Content]) -> None:
        """Number the versions of one asset afresh, from all its uses."""
        rows = self._connection.execute("SELECT data FROM uses WHERE type = ? AND name = ? ORDER BY id", name)
        uses = [use_of(data) for (data,) in rows]
        numbered = number_assets(uses, manifests, after={name: self._artifacts.highest(*name)})
        self._artifacts.replace(*name, Layout.ASSETS, numbered.versions)
        origin = "/".join(name)
        asked = "DELETE FROM relations WHERE origin = ? AND origin <> '' RETURNING run"
        self._touched.update(run for (run,) in self._connection.execute(asked, (origin,)).fetchall())
        for folder in numbered.made.keys() | numbered.used.keys():
            made, used = (part.get(folder, ()) for part in (numbered.made, numbered.used))
            self._relate_folder(folder, made, used, origin)

    def _relate_folder(self, folder: str, made: Iterable[str], used: Iterable[str], origin: str) -> None:
        row = self._connection.execute("SELECT id FROM runs WHERE folder = ?", (folder,)).fetchone()
        if row is not None:
            self._touched.add(row[0])
            self._relate(row[0], made, used, origin)

    def count(self) -> None:
        """Count what the runs that were touched have made and used."""
        counted = "(SELECT count(DISTINCT ref) FROM relations WHERE run = runs.id AND is_made = {})"
        self._connection.executemany(
            f"UPDATE runs SET made = {counted.format(1)}, used = {counted.format(0)} WHERE id = ?",  # noqa: S608
            [(id_,) for id_ in self._touched],
        )


def _texts(run: Run) -> Iterable[str]:
    yield from (run.id, run.path, run.alias, run.status)
    yield from texts_of(run.meta)
    yield from texts_of(run.summary)
