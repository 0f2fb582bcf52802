"""What has to be done for each file of a plan: nothing, a copy, the rest of it, or all of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from runicornd.errors import RunicorndError
from runicornd.storage.worker.folder import OWN_PART, PART, in_the_way, part_of, refused
from runicornd.storage.worker.placing import Placed, is_ours
from runicornd.storage.worker.receiving import LARGE_BYTES, Refused, Work
from runicornd.storage.worker.verified import Known

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd.storage.worker.folder import TargetFolder
    from runicornd.storage.worker.plan import PlannedFile
    from runicornd.storage.worker.verified import Verified

READ_BYTES = 1024 * 1024
# Smaller ones cost less to fetch again than to remember.
TWIN_BYTES = 4096


class Stopped(Exception):
    """The download was dropped while its files were read."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A file with the content of another one, whose path is ``of``."""

    file: PlannedFile
    of: str


@dataclass(frozen=True, slots=True)
class Unsized:
    """A file that is not here, of which nobody has said how large it is."""

    file: PlannedFile


Finding = Placed | Twin | Work | Refused


class Surveyor:
    """Looks at what is there already. Blocking; meant for a thread.

    Args:
        folder: Where the files belong.
        verified: What is known of them.
        on_read: Called with the number of bytes that were hashed, now and then; it may raise ``Stopped``.
    """

    def __init__(self, folder: TargetFolder, verified: Verified, on_read: Callable[[int], None]) -> None:
        self._folder = folder
        self._verified = verified
        self._on_read = on_read
        self._contents: dict[bytes, str] = {}

    def look(self, file: PlannedFile) -> Finding | Unsized:
        """Judge one file.

        Raises:
            Stopped: As ``on_read`` does.
        """
        try:
            size = self._size_here(file)
            if size is not None:
                file = msgspec.structs.replace(file, size=size)
                self._twin_of(file)
                return Placed(file)
            if file.size < 0:
                return Unsized(file)
            return self.sized(file)
        except RunicorndError as error:
            return Refused(Work(file, ""), error)

    def sized(self, file: PlannedFile) -> Finding:
        """Judge a file that is not here, once its size is known."""
        twin = self._twin_of(file)
        return Twin(file, twin) if twin is not None else self.fresh(file)

    def fresh(self, file: PlannedFile) -> Work | Refused:
        """The work for a file whose twin could not be had."""
        try:
            return self._work(file)
        except RunicorndError as error:
            return Refused(Work(file, ""), error)

    def discard(self, file: PlannedFile) -> None:
        """Remove what there is of a file in part."""
        with contextlib.suppress(RunicorndError):
            self._folder.remove(part_of(file.path, OWN_PART))
        if self._verified.has_claimed(file.path):
            with contextlib.suppress(RunicorndError):
                self._folder.remove(part_of(file.path))

    def _size_here(self, file: PlannedFile) -> int | None:
        """How large the file is when it is in its place already; None when it has to be fetched."""
        found = self._folder.look(file.path)
        if found is None:
            return None
        known = self._verified.get(file.path)
        fits = found.st_size == file.size or file.size < 0
        if known is not None and is_ours(known, found):
            # One of ours with other content is replaced.
            return found.st_size if fits and known.digest == file.digest else None
        if not stat.S_ISREG(found.st_mode) or not fits or not file.digest:
            raise in_the_way(file.path)
        if self._digest_of(file.path) != file.digest.lower():
            raise in_the_way(file.path)
        self._verified.add(Known(file.path, found.st_size, found.st_mtime_ns, file.digest))
        return found.st_size

    def _twin_of(self, file: PlannedFile) -> str | None:
        """The path of an earlier file of the same content."""
        if file.size < TWIN_BYTES or not file.digest:
            return None
        key = file.digest.lower().encode() + file.size.to_bytes(8, "big")
        path = self._contents.setdefault(key, file.path)
        return None if path == file.path else path

    def _work(self, file: PlannedFile) -> Work:
        is_large = file.size >= LARGE_BYTES
        part = part_of(file.path, PART if is_large else OWN_PART)
        found = self._folder.look(part) if is_large else None
        if found is not None and not self._verified.has_claimed(file.path):
            part, found = part_of(file.path, OWN_PART), None
        work = Work(file, part)
        work.start_over()
        is_usable = found is not None and file.digest and stat.S_ISREG(found.st_mode)
        if found is not None and is_usable and 0 < found.st_size <= file.size:
            self._take_up(work, found.st_size)
        return work

    def _take_up(self, work: Work, size: int) -> None:
        """Go on with what an earlier life of the download has left."""
        digest = hashlib.sha256()
        descriptor = self._folder.read(work.part)
        try:
            done = self._hash(descriptor, digest, size, work.part)
        finally:
            os.close(descriptor)
        if done == size:
            work.offset, work.hash, work.is_resumed = size, digest, True

    def _digest_of(self, path: str) -> str:
        digest = hashlib.sha256()
        descriptor = self._folder.read(path)
        try:
            self._hash(descriptor, digest, None, path)
        finally:
            os.close(descriptor)
        return digest.hexdigest()

    def _hash(self, descriptor: int, digest: hashlib._Hash, size: int | None, path: str) -> int:
        done = 0
        while size is None or done < size:
            room = READ_BYTES if size is None else min(READ_BYTES, size - done)
            try:
                data = os.read(descriptor, room)
            except OSError as error:
                raise refused(path, error) from error
            if not data:
                break
            digest.update(data)
            done += len(data)
            self._on_read(len(data))
        return done
