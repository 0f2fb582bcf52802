"""Looks for metadata in the places where Runicorn keeps it; folders of data are not entered.

artifacts/TYPE/NAME/{versions.json,vN/{metadata.json,manifest.json,.deleted}}
archive/manifests/**/*.json
**/runs/**/RUN/{meta.json,…}    a folder with meta.json is a run; nothing below it is looked at
"""

import errno
import hashlib
import os
import re
import stat
import time
from typing import Callable, Dict, Iterable, Iterator, List, Set, Tuple

from .failures import Failure
from .store_root import Root, time_of

VERSION_FILES = ("metadata.json", "manifest.json", ".deleted")
RUN_FILES = (
    "meta.json",
    "status.json",
    "summary.json",
    "artifacts_created.json",
    "artifacts_used.json",
    "assets.json",
)
OTHERS = ("artifacts", "archive", "lost+found")
"""Folders of the root in which no runs are."""

ENTRIES_LIMIT = 2000000
RUN_DEPTH = 12
MANIFEST_DEPTH = 6
PROGRESS_S = 5.0
SIGN_ENTRIES = 1000
NOTES_AT_ONCE = 256

_OURS = re.compile(r"(artifacts|archive|manifests)\Z")
_VERSION = re.compile(r"v[0-9]{1,9}\Z")
_ABSENT = (errno.ENOENT, errno.ENOTDIR)
_LASTING = (errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG)


class Most:
    """How many bytes a file may have: manifests grow with the files that they list.

    Args:
        file, manifest: The limits.
    """

    def __init__(self, file: int, manifest: int) -> None:
        self.least = min(file, manifest)
        self._file = file
        self._manifest = manifest

    def of(self, path: str) -> int:
        """The limit for a file by its path."""
        is_manifest = path.endswith("/manifest.json") or path.startswith("archive/manifests/")
        return self._manifest if is_manifest else self._file


class Scan:
    """What metadata there is.

    ``found`` has size and time (ns) by folder and name; the time is 0 with a problem. ``problems`` says by
    path what cannot be read. ``unreadable`` are folders whose files may well be there. ``token`` is the same
    exactly when all of this is the same, and None when part of it may change by itself.

    Args:
        most: Larger files have a problem.
        tell: Called every few seconds with the number of files so far.
        entries_limit: Entries of all folders together; with more of them this is no storage root.
    """

    def __init__(
        self,
        root: Root,
        most: Most,
        tell: Callable[[int], None],
        entries_limit: int = ENTRIES_LIMIT,
    ) -> None:
        self.root = root
        self.found: Dict[str, Dict[str, Tuple[int, int]]] = {}
        self.problems: Dict[str, str] = {}
        self.unreadable: Set[str] = set()
        self._most = most
        self._tell = tell
        self._entries_limit = entries_limit
        self._told = time.monotonic()
        self._digest = hashlib.blake2b(root.path.encode("utf-8", "surrogateescape"), digest_size=16)
        self._noted: List[str] = []
        self._base = os.path.join(root.path, "")
        self._is_settled = True
        self._entries = 0
        self._files = 0

    @property
    def token(self) -> "str | None":
        """Stands for all that was found."""
        self._sum_up()
        return self._digest.hexdigest() if self._is_settled else None

    def run(self) -> None:
        """Look everywhere.

        Raises:
            Failure: ``root_not_found``, ``permission_denied``; ``agent_failed`` when there is too much.
        """
        ours = self._folders("", follow=True, named=_OURS)
        for kind in self._folders("artifacts", follow=True) if "artifacts" in ours else ():
            for artifact in self._folders(kind, follow=True):
                self._take(artifact, ("versions.json",))
                if artifact in self.unreadable:
                    continue
                for version in self._folders(artifact, follow=True, named=_VERSION):
                    self._take(version, VERSION_FILES)
        for folder in self._folders("archive", follow=True, named=_OURS) if "archive" in ours else ():
            self._look_for_manifests(folder, MANIFEST_DEPTH)
        for name in self._folders("", follow=False):
            if name not in OTHERS:
                self._look_for_runs(name, RUN_DEPTH)
        self.root.check()

    def _look_for_runs(self, folder: str, depth: int) -> None:
        if "/runs/" in f"/{folder}" and self._take(folder, RUN_FILES[:1]):
            self._take(folder, RUN_FILES[1:])
        elif depth and folder not in self.unreadable:
            for name in self._folders(folder, follow=False):
                self._look_for_runs(name, depth - 1)

    def _look_for_manifests(self, folder: str, depth: int) -> None:
        names = [
            entry.name
            for entry in self._entries_of(folder)
            if entry.name.endswith(".json") and not entry.name.startswith(".")
        ]
        self._take(folder, sorted(names))
        for path in self._folders(folder, follow=False) if depth else ():
            if not path.endswith(".json"):
                self._look_for_manifests(path, depth - 1)

    def _folders(self, folder: str, *, follow: bool, named: "re.Pattern[str] | None" = None) -> List[str]:
        """The paths of the folders in a folder, sorted. ``follow`` includes links to folders in the root."""
        found = []
        for entry in self._entries_of(folder):
            if entry.name.startswith(".") or (named is not None and not named.match(entry.name)):
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if self._is_folder(entry, path, follow=follow):
                    found.append(path)
            except OSError as error:
                self._miss(path, error)
        return sorted(found)

    def _is_folder(self, entry: "os.DirEntry[str]", path: str, *, follow: bool) -> bool:
        if not entry.is_symlink():
            return entry.is_dir(follow_symlinks=False)
        if not os.path.isdir(entry.path):
            return False
        if self.root.leads_out(entry.path):
            self._refuse(path, "a link that leads out of the storage root")
            return False
        return follow

    def _entries_of(self, folder: str) -> "Iterator[os.DirEntry[str]]":
        self._give_sign()
        try:
            with os.scandir(os.path.join(self.root.path, folder)) as entries:
                for entry in entries:
                    self._count()
                    yield entry
        except OSError as error:
            self._miss(folder, error)

    def _count(self) -> None:
        self._entries += 1
        if self._entries % SIGN_ENTRIES == 0:
            self._give_sign()
        if self._entries > self._entries_limit:
            most = self._entries_limit
            raise Failure("agent_failed", f"cannot read {self.root.path}: more than {most} entries in it")

    def _take(self, folder: str, names: Iterable[str]) -> bool:
        """Note those of a folder's files that are there; say whether any is."""
        found: Dict[str, Tuple[int, int]] = {}
        base = f"{self._base}{folder}/"
        for name in names:
            try:
                status = os.lstat(base + name)
                if stat.S_ISLNK(status.st_mode) and not self.root.leads_out(base + name):
                    status = os.stat(base + name)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno not in _ABSENT:
                    self._miss(folder, error)
                    return True
                continue
            found[name] = self._seen(f"{folder}/{name}", status)
        if found:
            self.found.setdefault(folder, {}).update(found)
            self._files += len(found)
        self._give_sign()
        return bool(found)

    def _give_sign(self) -> None:
        """Tell how far it is, unless that was done just now."""
        if time.monotonic() - self._told > PROGRESS_S:
            self._told = time.monotonic()
            self._tell(self._files)

    def _seen(self, path: str, status: os.stat_result) -> Tuple[int, int]:
        size, modified = status.st_size, time_of(status)
        if not stat.S_ISREG(status.st_mode):
            is_link = stat.S_ISLNK(status.st_mode)
            why = "a link that leads out of the storage root" if is_link else "no regular file"
            self.problems[path] = why
            size = modified = 0
        elif size > self._most.least and size > self._most.of(path):
            self.problems[path] = f"larger than {self._most.of(path)} bytes"
            modified = 0
        self._note(path, size, modified, status.st_ctime_ns)
        return size, modified

    def _miss(self, folder: str, error: OSError) -> None:
        """Leave out a folder. One that is no more has no files; any other may have what is known of it."""
        if error.errno in _ABSENT:
            return
        if not folder:
            self.root.check()
            raise error
        self._is_settled = self._is_settled and error.errno in _LASTING
        self.unreadable.add(folder)
        self._refuse(folder, os.strerror(error.errno or 0))

    def _refuse(self, path: str, why: str) -> None:
        self.problems[path] = why
        above, _slash, name = path.rpartition("/")
        self.found.setdefault(above, {})[name] = (0, 0)
        self._note(path, 0, 0, 0)

    def _note(self, path: str, size: int, modified: int, changed: int) -> None:
        self._noted.append(f"{path}\0{size}\0{modified}\0{changed}\0")
        if len(self._noted) >= NOTES_AT_ONCE:
            self._sum_up()

    def _sum_up(self) -> None:
        self._digest.update("".join(self._noted).encode("utf-8", "surrogateescape"))
        self._noted.clear()
