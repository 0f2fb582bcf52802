"""The thread that takes what comes in: it writes, hashes and judges one file after the other."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runicornd.errors import ChecksumMismatch, LocalDiskFull, RunicorndError, SourceChanged
from runicornd.storage.worker.folder import refused
from runicornd.storage.worker.verified import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runicornd.storage.worker.folder import TargetFolder
    from runicornd.storage.worker.plan import PlannedFile
    from runicornd.storage.worker.verified import Verified

# Files from this size on keep their part over a crash, and are written to the disk while they come.
LARGE_BYTES = 1024 * 1024
SYNC_BYTES = 32 * 1024 * 1024
LARGE_PIECE_BYTES = 128 * 1024


@dataclass(slots=True, eq=False)
class Work:
    """A file that has to be fetched.

    Args:
        part: Where it is written, relative to the folder.
        offset: How much of it is in the part.
        hash: Of what is in the part; None for a file without a digest.
        is_resumed: The part is of an earlier life, and may have suffered since.
        source_mtime_ns: When the source was last changed, as it was seen first.
    """

    file: PlannedFile
    part: str
    offset: int = 0
    hash: hashlib._Hash | None = None
    is_resumed: bool = False
    source_mtime_ns: int | None = None

    def start_over(self) -> None:
        """Nothing that is there counts."""
        self.offset = 0
        self.hash = hashlib.sha256() if self.file.digest else None
        self.is_resumed = False
        self.source_mtime_ns = None


@dataclass(frozen=True, slots=True)
class Begin:
    """The file's content follows; this is what the source is now."""

    work: Work
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class End:
    """All of it has come."""

    work: Work


@dataclass(frozen=True, slots=True)
class Fail:
    """The far end gave up on this file, begun or not; what came of it is worth nothing."""

    work: Work
    error: RunicorndError


Content = bytes | memoryview
Step = Begin | End | Fail | Content


@dataclass(frozen=True, slots=True)
class Received:
    """A file is whole in its part; ``descriptor`` is still open, for a large one that is to be synced."""

    work: Work
    known: Known
    descriptor: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A file has failed for good, or is worth one more try from its beginning."""

    work: Work
    error: RunicorndError
    is_retried: bool = False


@dataclass(slots=True)
class Receiver:
    """Takes steps in order. Blocking; all calls come from one thread, but for those of ``is_stopped``.

    Args:
        folder: Where the files come into.
        verified: Remembers which parts are ours.
        sync: Called with a descriptor of which much has been written; it has to close it.
    """

    folder: TargetFolder
    verified: Verified
    sync: Callable[[int], None]
    _work: Work | None = None
    _descriptor: int = -1
    _unsynced: int = 0
    _pieces: list[Content] = field(default_factory=list)

    def take(self, steps: Sequence[Step]) -> list[Received | Refused]:
        """Do the steps; return the files that came to an end.

        Raises:
            LocalDiskFull: Nothing more can be written; the open part is whole as far as it says.
        """
        outcomes: list[Received | Refused] = []
        for step in steps:
            if isinstance(step, (bytes, memoryview)):
                if self._work is not None:
                    self._pieces.append(step)
                continue
            try:
                self._write()
                outcome = self._turn(step)
            except LocalDiskFull:
                self.pause()
                raise
            except RunicorndError as error:
                outcome = self._give_up(step.work, error)
            if outcome is not None:
                outcomes.append(outcome)
        try:
            self._write()
        except LocalDiskFull:
            self.pause()
            raise
        except RunicorndError as error:
            if self._work is not None:
                outcomes.append(self._give_up(self._work, error))
        return outcomes

    def pause(self) -> None:
        """Close the open part; it goes on where it is."""
        self._pieces.clear()
        self._work = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _turn(self, step: Begin | End | Fail) -> Received | Refused | None:
        match step:
            case Begin():
                self.pause()
                self._begin(step)
                return None
            case End(work):
                return self._end(work) if work is self._work else None
            case Fail(work, error):
                return self._give_up(work, error)

    def _begin(self, step: Begin) -> None:
        work = step.work
        was = work.source_mtime_ns
        if step.size != work.file.size or (was is not None and was != step.mtime_ns and not work.hash):
            raise _changed(work.file, step.size)
        work.source_mtime_ns = step.mtime_ns
        if work.file.size >= LARGE_BYTES and not self.verified.has_claimed(work.file.path):
            self.verified.claim(work.file.path)
        self._descriptor = self._opened(work)
        self._work, self._unsynced = work, 0

    def _opened(self, work: Work) -> int:
        if not work.offset:
            work.start_over()
            return self.folder.create(work.part)
        descriptor = self.folder.append(work.part)
        try:
            os.ftruncate(descriptor, work.offset)
        except OSError as error:
            os.close(descriptor)
            raise refused(work.part, error) from error
        return descriptor

    def _write(self) -> None:
        """Write and hash the pieces that have gathered."""
        work, pieces = self._work, self._pieces
        if work is None or not pieces:
            return
        self._pieces = []
        for data in _runs_of(pieces):
            self._write_run(work, data)
        if self._unsynced >= SYNC_BYTES:
            self._unsynced = 0
            self.sync(os.dup(self._descriptor))

    def _write_run(self, work: Work, data: Content) -> None:
        if work.offset + len(data) > work.file.size:
            raise _changed(work.file, work.offset + len(data))
        view = memoryview(data)
        while view:
            try:
                written = os.write(self._descriptor, view)
            except OSError as error:
                raise refused(work.part, error) from error
            if work.hash is not None:
                work.hash.update(view[:written])
            work.offset += written
            self._unsynced += written
            view = view[written:]

    def _end(self, work: Work) -> Received | Refused:
        if work.offset != work.file.size:
            raise _changed(work.file, work.offset)
        if work.hash is not None and work.hash.hexdigest() != work.file.digest.lower():
            return self._give_up(work, _mismatch(work.file, work.hash.hexdigest()))
        written = os.fstat(self._descriptor)
        known = Known(work.file.path, written.st_size, written.st_mtime_ns, work.file.digest)
        kept = None
        if work.file.size >= LARGE_BYTES:
            kept, self._descriptor = self._descriptor, -1
        self.pause()
        return Received(work, known, kept)

    def _give_up(self, work: Work, error: RunicorndError) -> Refused:
        """Drop what came of the file. A part of an earlier life may be to blame: then it gets another try."""
        if work is self._work:
            self.pause()
        with contextlib.suppress(RunicorndError):
            self.folder.remove(work.part)
        is_retried = work.is_resumed and isinstance(error, ChecksumMismatch)
        work.start_over()
        return Refused(work, error, is_retried)


def _runs_of(pieces: Sequence[Content]) -> Iterator[Content]:
    """Large pieces as they are, and what is small and between them in one."""
    small: list[Content] = []
    for piece in pieces:
        if len(piece) < LARGE_PIECE_BYTES:
            small.append(piece)
            continue
        if small:
            yield _joined(small)
            small = []
        yield piece
    if small:
        yield _joined(small)


def _joined(pieces: list[Content]) -> Content:
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _mismatch(file: PlannedFile, digest: str) -> ChecksumMismatch:
    return ChecksumMismatch(
        f"cannot take {file.path!r}: its content is not what its manifest says",
        hint="it was damaged or replaced on the server; sync the store and try again, or ask who made it",
        file=file.path,
        expected=file.digest,
        found=digest,
    )


def _changed(file: PlannedFile, size: int) -> SourceChanged:
    return SourceChanged(
        f"cannot take {file.path!r}: it has changed at its source "
        f"({size} bytes where {file.size} were expected)",
        hint="sync the store ('runicornctl store sync'), then start the download again",
        file=file.path,
    )
