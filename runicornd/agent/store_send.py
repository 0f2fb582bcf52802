"""Sends the contents of files as they are, as fast as the way to the daemon takes them."""

import errno
import os
import struct
from typing import Iterable, Tuple

from .failures import Failure, from_os
from .store_io import Output
from .store_root import Root, time_of
from .wire import encode

BEGUN, DATA, ENDED, FAILED, FINISHED = 1, 2, 3, 4, 5
HEADER = struct.Struct("!BIQq")
"""Kind, the file's index, a size, a time. After DATA and FAILED as many bytes follow as the size says."""

BUFFER_BYTES = 1024 * 1024
SMALL_BYTES = 32 * 1024
"""Files up to this size go together; larger ones straight from the file, which copies nothing."""

MESSAGE_CHARACTERS = 4000
CHUNK_BYTES = 4 * 1024 * 1024


_NO_SENDFILE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSOCK, errno.EOPNOTSUPP)
_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)


class Changed(Exception):
    """The file is no longer what it was when it was opened."""


class FileSender:
    """Sends files one after the other. What is small waits in a buffer until more of it has come together."""

    def __init__(self, root: Root, output: Output) -> None:
        self._root = root
        self._output = output
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._used = 0
        self._can_sendfile = hasattr(os, "sendfile")

    def send(self, wanted: Iterable[Tuple[str, int, int]]) -> None:
        """Send everything: path, size and offset each."""
        for index, (path, size, offset) in enumerate(wanted):
            self._send_one(index, path, size, offset)
        self._frame(FINISHED, 0)
        self._flush()

    def _send_one(self, index: int, path: str, size: int, offset: int) -> None:
        try:
            fd, found = self._root.open(path)
            try:
                self._send_content(index, fd, found, size, offset)
            finally:
                os.close(fd)
        except Changed:
            self._fail(index, Failure("source_changed", f"cannot read {path}: it has changed"))
        except Failure as failure:
            self._fail(index, failure)
        except OSError as error:
            self._fail(index, _from_os(error, path))
        except ValueError as error:
            self._fail(index, Failure("file_missing", f"cannot read {path!r}: {error}"))

    def _send_content(self, index: int, fd: int, found: os.stat_result, size: int, offset: int) -> None:
        if found.st_size < size:
            raise Changed
        self._frame(BEGUN, index, found.st_size, time_of(found))
        while offset < size:
            end = min(size, offset + CHUNK_BYTES)
            self._frame(DATA, index, end - offset)
            if end - offset > SMALL_BYTES and self._can_sendfile:
                offset = self._pass_on(fd, offset, end)
            self._copy(fd, offset, end)
            offset = end
        after = os.fstat(fd)
        has_grown = after.st_size > found.st_size
        if after.st_size < size or (after.st_mtime_ns != found.st_mtime_ns and not has_grown):
            raise Changed
        self._frame(ENDED, index)

    def _pass_on(self, fd: int, offset: int, end: int) -> int:
        """Let the system copy from the file to the daemon; return how far it came."""
        self._flush()
        while offset < end:
            try:
                sent = os.sendfile(self._output.fd, fd, offset, end - offset)
            except BlockingIOError:
                self._output.wait()
                continue
            except OSError as error:
                self._can_sendfile = error.errno not in _NO_SENDFILE
                return offset
            if not sent:
                return offset
            offset += sent
            self._output.moved()
        return offset

    def _copy(self, fd: int, offset: int, end: int) -> None:
        """Read the rest of a promised piece into the buffer; zeros stand for what cannot be had."""
        os.lseek(fd, offset, os.SEEK_SET)
        while offset < end:
            try:
                got = os.readv(fd, [self._room(end - offset)])
            except OSError:
                self._pad(end - offset)
                raise
            if not got:
                self._pad(end - offset)
                raise Changed
            self._used += got
            offset += got

    def _pad(self, length: int) -> None:
        while length:
            room = self._room(length)
            room[:] = bytes(len(room))
            self._used += len(room)
            length -= len(room)

    def _room(self, length: int) -> "memoryview":
        """Free space in the buffer, at most ``length`` bytes of it."""
        if self._used == BUFFER_BYTES:
            self._flush()
        return self._buffer[self._used : self._used + length]

    def _frame(self, kind: int, index: int, size: int = 0, modified: int = 0) -> None:
        if self._used + HEADER.size > BUFFER_BYTES:
            self._flush()
        HEADER.pack_into(self._buffer, self._used, kind, index, size, modified)
        self._used += HEADER.size

    def _fail(self, index: int, failure: Failure) -> None:
        said = encode(Failure(failure.kind, failure.message[:MESSAGE_CHARACTERS]).as_json())
        self._frame(FAILED, index, len(said))
        if self._used + len(said) > BUFFER_BYTES:
            self._flush()
        self._buffer[self._used : self._used + len(said)] = said
        self._used += len(said)

    def _flush(self) -> None:
        self._output.write(self._buffer[: self._used])
        self._used = 0


def _from_os(error: OSError, path: str) -> Failure:
    if error.errno in _MISSING:
        return Failure("file_missing", f"cannot read {path}: {os.strerror(error.errno or 0)}")
    return from_os(error, f"read {path}")
