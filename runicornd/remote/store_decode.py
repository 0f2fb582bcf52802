"""Makes frames of the bytes of a store stream. The far end may be hostile: lengths and totals are bounded."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from runicornd.remote.messages import WireError, broken, raised, read
from runicornd.remote.store_frames import (
    FetchFrame,
    FileBegun,
    FileData,
    FileEnded,
    FileFailed,
    MetadataFile,
    MetadataGone,
    SyncEnded,
    SyncFrame,
    Wanted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runicornd.errors import RunicorndError

PIECE_BYTES = 256 * 1024
VIEW_BYTES = 16 * 1024
"""From this size on a piece of what came is not copied."""

PATH_BYTES = 16384
ERROR_BYTES = 65536
TOKEN_BYTES = 64
FRAMES_LIMIT = 4_000_000
TOTAL_BYTES = 4 * 1024**3
"""Frames and bytes of one sync at most."""

_SYNC = struct.Struct("!BHIQq")
_FILE, _PROBLEM, _GONE, _ERROR, _END = 1, 2, 3, 4, 5

_FETCH = struct.Struct("!BIQq")
_BEGUN, _DATA, _ENDED, _FAILED, _FINISHED = 1, 2, 3, 4, 5


class SyncDecoder:
    """Unpacks the stream of a sync.

    Args:
        max_file_bytes: No content is longer.
    """

    def __init__(self, max_file_bytes: int) -> None:
        self._max_bytes = max(max_file_bytes, ERROR_BYTES)
        self._unpacking = zlib.decompressobj()
        self._buffer = bytearray()
        self._frames = 0
        self._bytes = 0
        self.has_ended = False

    def feed(self, data: bytes) -> Iterator[list[SyncFrame]]:
        """Take the next bytes; yield the frames that they complete, in batches of bounded size.

        Raises:
            AgentFailed: This is no such stream.
            RunicorndError: What the far end says has gone wrong.
        """
        while data and not self.has_ended:
            try:
                unpacked = self._unpacking.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise broken("its stream is damaged") from error
            data = self._unpacking.unconsumed_tail
            self._bytes += len(unpacked)
            if self._bytes > TOTAL_BYTES:
                raise broken("it sends more than there can be")
            self._buffer += unpacked
            if frames := self._cut():
                yield frames
            if self._unpacking.eof and not self.has_ended:
                raise broken("its stream ends early")

    def _cut(self) -> list[SyncFrame]:
        frames: list[SyncFrame] = []
        at = 0
        with memoryview(self._buffer) as view:  # content may be large: it is copied once
            while len(view) - at >= _SYNC.size and not self.has_ended:
                kind, path_bytes, size_sent, size, modified = _SYNC.unpack_from(view, at)
                if path_bytes > PATH_BYTES or size_sent > self._max_bytes:
                    raise broken("a frame is too long")
                start = at + _SYNC.size
                end = start + path_bytes + size_sent
                if end > len(view):
                    break
                path = _text(bytes(view[start : start + path_bytes]))
                content = bytes(view[start + path_bytes : end])
                frames.append(self._frame(kind, path, content, size, modified))
                at = end
        del self._buffer[:at]
        self._frames += len(frames)
        if self._frames > FRAMES_LIMIT:
            raise broken("it sends more than there can be")
        return frames

    def _frame(self, kind: int, path: str, content: bytes, size: int, modified: int) -> SyncFrame:
        if kind == _FILE:
            if size != len(content):
                raise broken("a file has another size than it says")
            return MetadataFile(path, size, modified, content)
        if kind == _PROBLEM:
            return MetadataFile(path, min(size, 2**63 - 1), 0, None, content.decode(errors="replace"))
        if kind == _GONE:
            return MetadataGone(path)
        if kind == _ERROR:
            raise failure(content)
        if kind != _END:
            raise broken("a frame of no known kind")
        self.has_ended = True
        return SyncEnded(is_complete=True, token=_text(content[:TOKEN_BYTES]) or None)


class FetchDecoder:
    """Cuts the stream of file contents. Content is handed on as it comes, without another copy.

    Args:
        wanted: What was asked for: nothing else, and no byte more, is taken.
    """

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self._wanted = wanted
        self._index = 0
        self._left = -1  # Bytes that the file still has to send; negative before it has begun.
        self._piece = 0  # Bytes of the present frame that are still to come.
        self._rest = b""
        self.has_ended = False

    def feed(self, data: bytes) -> Iterator[FetchFrame]:
        """Take the next bytes; yield the frames that they complete.

        Raises:
            AgentFailed: This is no such stream.
        """
        data, at = (self._rest + data if self._rest else data), 0
        while not self.has_ended and at < len(data):
            if self._piece:
                whole = at == 0 and len(data) <= self._piece
                taken = data if whole else _cut(data, at, min(len(data), at + self._piece))
                at += len(taken)
                self._piece -= len(taken)
                yield FileData(taken)
                continue
            used, frame = self._frame(data, at)
            if not used:
                break
            at += used
            if frame is not None:
                yield frame
        self._rest = data[at:]

    def _frame(self, data: bytes, at: int) -> tuple[int, FetchFrame | None]:
        """The next frame's bytes, 0 when some are missing, and what it says; None when content follows."""
        if len(data) - at < _FETCH.size:
            return 0, None
        kind, index, size, modified = _FETCH.unpack_from(data, at)
        if kind == _FINISHED and self._index == len(self._wanted):
            self.has_ended = True
            return _FETCH.size, None
        if index != self._index or index >= len(self._wanted):
            raise broken("a file that is not its turn")
        if kind == _FAILED:
            return self._failed(data, at + _FETCH.size, size)
        return _FETCH.size, self._follow(kind, index, size, modified)

    def _follow(self, kind: int, index: int, size: int, modified: int) -> FetchFrame | None:
        wanted = self._wanted[index]
        if kind == _BEGUN and self._left < 0:
            self._left = max(0, wanted.size - wanted.offset)
            return FileBegun(index, min(size, 2**63 - 1), modified)
        if kind == _DATA and 0 < size <= self._left:
            self._left -= size
            self._piece = size
            return None
        if kind == _ENDED and self._left == 0:
            self._next()
            return FileEnded(index)
        raise broken("a frame out of turn")

    def _failed(self, data: bytes, start: int, size: int) -> tuple[int, FetchFrame | None]:
        if size > ERROR_BYTES:
            raise broken("a frame is too long")
        if len(data) - start < size:
            return 0, None
        failed = FileFailed(self._index, failure(data[start : start + size]))
        self._next()
        return _FETCH.size + size, failed

    def _next(self) -> None:
        self._index += 1
        self._left = -1


def _cut(data: bytes, start: int, end: int) -> bytes | memoryview:
    return data[start:end] if end - start < VIEW_BYTES else memoryview(data)[start:end]


def failure(said: bytes) -> RunicorndError:
    """What the far end says has gone wrong, as one of our errors.

    Raises:
        AgentFailed: It cannot be understood.
    """
    return raised(read(said, WireError))


def _text(raw: bytes | bytearray) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise broken("a text that is no Unicode") from error
