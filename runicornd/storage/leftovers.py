"""What removed stores have left in the cache, until the same root is added again or somebody clears it.

A file of the state folder says whose a folder was. Without one (it was lost, or an older release removed the
store) a folder goes by its own name. All of it blocks, and belongs into a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runicornd._lib.recordfiles import RecordFiles
from runicornd.storage.cache import DOWNLOADS
from runicornd.storage.index.results import DownloadMark
from runicornd.storage.intents import FOLDER_NAME, cache_folder
from runicornd.storage.model import VersionKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from runicornd.ssh.targets import Host

VERSION = 1
_PARTS = (DOWNLOADS, "metadata", "index.db")
_log = structlog.get_logger("stores")


@dataclass(frozen=True, slots=True)
class KeptVersion:
    """A version of a removed store whose files are on this machine, all of them."""

    type: str
    name: str
    version: int
    folder: str
    size_bytes: int

    @classmethod
    def of(cls, mark: DownloadMark) -> KeptVersion:
        """Return it as it is saved."""
        return cls(mark.key.type, mark.key.name, mark.key.version, str(mark.folder), mark.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedStore:
    """A store that was forgotten while downloads of it stayed; it is saved.

    Args:
        folder: The name of its folder in the cache.
        name: What it was called.
        target: As the user gave it.
        host: The key of its host; None when it could not be told any more.
        roots: Its root as it was given (None: Runicorn's own rule) and as it was resolved.
        removed: When it was forgotten, in seconds since the epoch.
        versions: What is known to be here.
    """

    folder: str
    name: str
    target: str
    host: str | None
    roots: tuple[str | None, ...]
    removed: float
    versions: tuple[KeptVersion, ...] = ()

    @property
    def sizes(self) -> dict[Path, int]:
        """The sizes of its versions, by folder."""
        return {Path(kept.folder): kept.size_bytes for kept in self.versions}

    def marks(self) -> list[DownloadMark]:
        """Return what an index would know of its versions, as far as they are still there."""
        return [
            DownloadMark(
                key=VersionKey(kept.type, kept.name, kept.version),
                folder=Path(kept.folder),
                size_bytes=kept.size_bytes,
                last_used=self.removed,
            )
            for kept in self.versions
            if Path(kept.folder).is_dir()
        ]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A folder of the cache that is no store's: called as its store was, or as the folder is.

    ``sizes`` are those of downloads of which they are known, by folder.
    """

    name: str
    path: Path
    removed: float | None = None
    sizes: Mapping[Path, int] = field(default_factory=dict)


class Leftovers:
    """The folders of removed stores; samples of their files are in ``tests/unit/storage/files``.

    Args:
        cache_folder: Where each store has a folder.
        state: The state folder.
    """

    def __init__(self, cache_folder: Path, state: Path) -> None:
        self._cache_folder = cache_folder
        self._files = RecordFiles(
            state / "removed-stores",
            RemovedStore,
            noun="removed_store",
            version=VERSION,
            name_of=lambda removed: removed.folder,
        )

    def remember(self, removed: RemovedStore) -> None:
        """Save whose a folder was. A disk that is in the way costs the name, not the files."""
        try:
            self._files.save(removed)
        except OSError as error:
            _log.warning("removed store not remembered", store=removed.name, reason=str(error))

    def forget(self, folder: str) -> None:
        """Forget whose a folder was."""
        try:
            self._files.delete(folder)
        except OSError as error:
            _log.warning("removed store not forgotten", folder=folder, reason=str(error))

    def find(self, live: Collection[str]) -> list[Leftover]:
        """Return the folders that are no store's, by name; ``live`` are those of the stores."""
        records = {removed.folder: removed for removed in self._load(live)}
        found = []
        for path in _folders(self._cache_folder):
            if path.name in live or not any((path / part).exists() for part in _PARTS):
                continue
            removed = records.get(path.name)
            if removed is None:
                found.append(Leftover(path.name, path))
            else:
                found.append(Leftover(removed.name, path, removed.removed, removed.sizes))
        return sorted(found, key=lambda leftover: (leftover.name, leftover.path))

    def place_for(
        self, host: Host, target: str, root: str | None, live: Collection[str]
    ) -> tuple[str, RemovedStore | None]:
        """Return the folder of a store that is to be: the one that it had before, or a new one.

        With the former comes what is known of it. ``live`` are the folders of the stores that there are.
        """
        records = self._load(live)
        for removed in sorted(records, key=lambda removed: -removed.removed):
            is_there = removed.host == host.key or removed.target == target
            if is_there and root in removed.roots:
                return removed.folder, removed
        return cache_folder(host, {*live, *(removed.folder for removed in records)}), None

    def _load(self, live: Collection[str]) -> list[RemovedStore]:
        """The records of folders that are nobody's; those of folders that are gone are removed."""
        found = []
        for removed in self._files.load():
            is_ours = FOLDER_NAME.fullmatch(removed.folder) is not None
            if not is_ours or not (self._cache_folder / removed.folder).is_dir():
                self.forget(removed.folder)
            elif removed.folder not in live:
                found.append(removed)
        return found


def _folders(place: Path) -> Iterable[Path]:
    try:
        entries = sorted(place.iterdir())
    except OSError:
        return []
    return [path for path in entries if FOLDER_NAME.fullmatch(path.name) and _is_folder(path)]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
