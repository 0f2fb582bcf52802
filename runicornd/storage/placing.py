"""Puts the many files of a first sync into the mirror, by a process of its own.

Making a file is four calls of the system, and each of them gives Python's lock away. Beside a thread that
reads metadata and an event loop, all three would wait for one another most of the time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from runicornd.storage.mirror import Mirror, is_in_the_way

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from typing import BinaryIO

    New = tuple[str, bytes, int]

STUCK_S = 120.0
END_S = 3.0
COUNT = struct.Struct("!I")
FILE = struct.Struct("!HIq")
"""A group is a count, then of each file the bytes of its path, of its content, its time (ns), and both."""

FAILED = struct.Struct("!II")
"""The answer is a count, then of each file that could not be written its place in the group, and errno."""

_READY = b"\n"
_F_SETPIPE_SZ = 1031
_PIPE_BYTES = 1024 * 1024


class PlacerGoneError(Exception):
    """The process has ended, or does not answer."""


class Placer:
    """The process, and the thread that waits for it. ``close`` it.

    Args:
        folder: The store's folder in the cache.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._thread = ThreadPoolExecutor(1, "mirror-placer")
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = self._thread.submit(self._start)
        self._last: Future[Any] = self._starting

    @property
    def is_ready(self) -> bool:
        """Whether files may be given to it now; it takes a moment to start, and may fail to."""
        return self._starting.done() and self._starting.exception() is None and self._process is not None

    @property
    def pid(self) -> int | None:
        """Its process id, while there is one."""
        return None if self._process is None else self._process.pid

    def place(self, files: Sequence[New]) -> Future[list[tuple[int, int]]]:
        """Have files written that are not there; the result has those that were not, with errno.

        After an errno that is not about a name in the way, the rest of the group was not looked at. The
        future raises ``PlacerGoneError``: any of them may be written, or not.
        """
        self._last = placing = self._thread.submit(self._place, files)
        return placing

    def end(self) -> None:
        """Tell it that no more files will come; does not wait."""
        self._last = self._thread.submit(self._end_input)

    def close(self) -> None:
        """Wait for its end; after three seconds it is ended by force. Safe to call again."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        wait([self._last], END_S)
        process, self._process = self._process, None
        if process is not None and not self._last.done():
            process.kill()  # whoever talks to it hears of that
        self._thread.shutdown()
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _end_input(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "runicornd.storage.placing", str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        sending = self._pipe(is_input=True)
        os.set_blocking(sending, False)
        with contextlib.suppress(OSError):
            fcntl.fcntl(sending, _F_SETPIPE_SZ, _PIPE_BYTES)
        self._receive(len(_READY))

    def _place(self, files: Sequence[New]) -> list[tuple[int, int]]:
        parts = [COUNT.pack(len(files))]
        for path, data, mtime_ns in files:
            name = path.encode()
            parts += (FILE.pack(len(name), len(data), mtime_ns), name, data)
        try:
            self._send(b"".join(parts))
            (count,) = COUNT.unpack(self._receive(COUNT.size))
            return list(FAILED.iter_unpack(self._receive(count * FAILED.size)))
        except OSError as error:
            raise PlacerGoneError from error

    def _pipe(self, *, is_input: bool) -> int:
        process = self._process
        pipe = None if process is None else process.stdin if is_input else process.stdout
        if pipe is None:
            raise PlacerGoneError
        return pipe.fileno()

    def _send(self, data: bytes) -> None:
        pipe = self._pipe(is_input=True)
        rest = memoryview(data)
        while rest:
            _, writable, _ = select.select([], [pipe], [], STUCK_S)
            if not writable:
                raise PlacerGoneError
            with contextlib.suppress(BlockingIOError):
                rest = rest[os.write(pipe, rest) :]

    def _receive(self, size: int) -> bytes:
        pipe = self._pipe(is_input=False)
        data = b""
        while len(data) < size:
            readable, _, _ = select.select([pipe], [], [], STUCK_S)
            more = os.read(pipe, size - len(data)) if readable else b""
            if not more:
                raise PlacerGoneError
            data += more
        return data


def serve(folder: Path, asked: BinaryIO, told: BinaryIO) -> None:
    """Be the process: write groups of files until there are no more."""
    mirror = Mirror(folder)
    told.write(_READY)
    told.flush()
    while len(head := asked.read(COUNT.size)) == COUNT.size:
        failed = _write_group(mirror, asked, COUNT.unpack(head)[0])
        told.write(COUNT.pack(len(failed)) + b"".join(FAILED.pack(*one) for one in failed))
        told.flush()


def _write_group(mirror: Mirror, asked: BinaryIO, count: int) -> list[tuple[int, int]]:
    failed: list[tuple[int, int]] = []
    is_stopped = False
    for place in range(count):
        name_bytes, size, mtime_ns = FILE.unpack(asked.read(FILE.size))
        name, data = asked.read(name_bytes), asked.read(size)
        if is_stopped or len(data) < size:  # the daemon is gone, or the disk is full
            continue
        try:
            mirror.put(name.decode(), data, mtime_ns)
        except OSError as error:
            failed.append((place, error.errno or 0))
            is_stopped = not is_in_the_way(error)
    return failed


if __name__ == "__main__":
    from pathlib import Path

    with contextlib.suppress(struct.error, BrokenPipeError, KeyboardInterrupt):
        serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
