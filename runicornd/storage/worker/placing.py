"""The thread that puts whole files in their places: on the disk first, then renamed, then remembered."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runicornd.errors import LocalDiskFull, RunicorndError
from runicornd.storage.worker.folder import OWN_PART, in_the_way, part_of, refused
from runicornd.storage.worker.receiving import Refused, Work
from runicornd.storage.worker.verified import Known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runicornd.storage.worker.folder import TargetFolder
    from runicornd.storage.worker.plan import PlannedFile
    from runicornd.storage.worker.receiving import Received
    from runicornd.storage.worker.verified import Verified

COPY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Placed:
    """A file is in its place; without ``work`` it was there already."""

    file: PlannedFile
    work: Work | None = None


class Placer:
    """Places files. Blocking; all calls come from one thread.

    Args:
        folder: A ``TargetFolder`` of its own: it is not shared between threads.
        verified: What is known of the files; only this thread writes placed files to it.
    """

    def __init__(self, folder: TargetFolder, verified: Verified) -> None:
        self._folder = folder
        self._verified = verified

    def sync(self, descriptor: int) -> None:
        """Write what a file has so far to the disk, so that its end need not wait for all of it."""
        try:
            os.fdatasync(descriptor) if hasattr(os, "fdatasync") else os.fsync(descriptor)
        except OSError:
            return  # the sync at the end of the file tells
        finally:
            os.close(descriptor)

    def place(self, files: Sequence[Received]) -> list[Placed | Refused]:
        """Sync and place files; the small ones share one sync.

        Raises:
            LocalDiskFull: The rest has no room.
        """
        if any(file.descriptor is None for file in files):
            self._sync_all()
        outcomes: list[Placed | Refused] = []
        ready = []
        for file in files:
            refusal = self._settle(file)
            if refusal is None:
                ready.append(file)
            else:
                outcomes.append(refusal)
        self._remember(file.known for file in ready)
        outcomes += [self._move(file.work) for file in ready]
        return outcomes

    def copy(self, file: PlannedFile, twin: str) -> Placed | Refused:
        """Make a file from one of the same content that was verified and is in its place."""
        work = Work(file, part_of(file.path, OWN_PART))
        try:
            source = self._folder.read(twin)
            try:
                known = self._copied(source, work)
            finally:
                os.close(source)
            self._check(file)
        except LocalDiskFull:
            with contextlib.suppress(RunicorndError):
                self._folder.remove(work.part)
            raise
        except RunicorndError as error:
            return self._dropped(work, error)
        except OSError as error:
            return Refused(work, refused(file.path, error))
        self._remember([known])
        return self._move(work)

    def finish(self) -> None:
        """Make the names survive a power cut, too."""
        self._folder.sync()
        self._sync_all()

    def _settle(self, file: Received) -> Refused | None:
        """See that a file's content is on the disk and its place is free."""
        try:
            if file.descriptor is not None:
                try:
                    os.fsync(file.descriptor)
                except OSError as error:
                    raise refused(file.work.file.path, error) from error
                finally:
                    os.close(file.descriptor)
            self._check(file.work.file)
        except LocalDiskFull:
            raise
        except RunicorndError as error:
            return self._dropped(file.work, error)
        return None

    def _check(self, file: PlannedFile) -> None:
        found = self._folder.look(file.path)
        if found is not None and not is_ours(self._verified.get(file.path), found):
            raise in_the_way(file.path)

    def _remember(self, known: Iterable[Known]) -> None:
        """Do so before the files are in their places: there they would seem to be the user's."""
        for each in known:
            self._verified.add(each)
        with contextlib.suppress(OSError):  # a memory that is lost costs time only
            self._verified.flush()

    def _move(self, work: Work) -> Placed | Refused:
        try:
            self._folder.move(work.part, work.file.path)
        except LocalDiskFull:
            raise
        except RunicorndError as error:
            return self._dropped(work, error)
        return Placed(work.file, work)

    def _dropped(self, work: Work, error: RunicorndError) -> Refused:
        with contextlib.suppress(RunicorndError):
            self._folder.remove(work.part)
        return Refused(work, error)

    def _copied(self, source: int, work: Work) -> Known:
        target = self._folder.create(work.part)
        try:
            copy_bytes(source, target, work.file.size)
            os.fsync(target)
            written = os.fstat(target)
        except OSError as error:
            raise refused(work.part, error) from error
        finally:
            os.close(target)
        return Known(work.file.path, written.st_size, written.st_mtime_ns, work.file.digest)

    def _sync_all(self) -> None:
        """Write everything of this file system to the disk; one call for thousands of files."""
        descriptor = os.open(self._folder.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _sync_file_system(descriptor)
        finally:
            os.close(descriptor)


def is_ours(known: Known | None, found: os.stat_result) -> bool:
    """Whether what is there is a file that we have placed and nobody has changed since."""
    return known is not None and stat.S_ISREG(found.st_mode) and known.is_still(found)


def copy_bytes(source: int, target: int, size: int) -> None:
    """Copy a file's first bytes inside the kernel, where that is possible. Raises OSError."""
    left = size
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):  # not between these file systems: by hand, then
            while left and (done := os.copy_file_range(source, target, left)):
                left -= done
    while left:
        data = os.read(source, min(left, COPY_BYTES))
        if not data:
            raise OSError(0, "the file ended too early")
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]
        left -= len(data)


def _sync_file_system(descriptor: int) -> None:
    if sys.platform == "linux" and ctypes.CDLL(None).syncfs(descriptor) == 0:
        return
    os.sync()
