"""The two ends of a store's stream: what the daemon sends, and the way to it."""

import contextlib
import fcntl
import os
import select
import threading
import time
import zlib
from typing import Iterator, Tuple

from .failures import Failure
from .wire import LINE_LIMIT, from_wire

PACKED_LIMIT = 256 * 1024 * 1024
PIECE = 256 * 1024
PIPE_BYTES = 1024 * 1024
STUCK_S = 900.0
"""After so long without a byte taken, nobody reads any more."""

_F_SETPIPE_SZ = 1031  # fcntl.F_SETPIPE_SZ, which Python has since 3.10 only


class Input:
    """What comes in, read by a thread from the beginning on: its end means that nobody wants us any more."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._heard = bytearray()
        self._changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def line(self) -> bytes:
        """Wait for a line; return it without its end."""
        searched = 0
        with self._changed:
            while True:
                end = self._heard.find(b"\n", searched)
                if end >= 0:
                    return self._take(end + 1)[:-1]
                searched = len(self._heard)
                if searched > LINE_LIMIT:
                    raise Failure("invalid_params", "cannot read the request: a line without an end")
                self._changed.wait()

    def packed(self, size: int) -> bytes:
        """Wait for so many bytes; return them."""
        if not 0 <= size <= PACKED_LIMIT:
            raise Failure("invalid_params", "cannot read the request: its list is too long")
        with self._changed:
            self._changed.wait_for(lambda: len(self._heard) >= size)
            return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._heard[:size])
        del self._heard[:size]
        return taken

    def _read(self) -> None:
        data = b"-"
        while data and len(self._heard) <= PACKED_LIMIT + LINE_LIMIT:
            try:
                data = os.read(self._fd, PIECE)
            except OSError:
                break
            with self._changed:
                self._heard += data
                self._changed.notify_all()
        os._exit(1)


def entries(packed: bytes) -> Iterator[Tuple[str, int, int]]:
    """Yield the entries of a packed list: a path in the system's form, and two numbers.

    Raises:
        Failure: ``invalid_params``.
    """
    unpacking = zlib.decompressobj()
    rest = b""
    try:
        while packed and not unpacking.eof:
            fields = (rest + unpacking.decompress(packed, PIECE)).split(b"\0")
            packed = unpacking.unconsumed_tail
            kept = (len(fields) - 1) // 3 * 3
            rest = b"\0".join(fields[kept:])
            for at in range(0, kept, 3):
                yield from_wire(fields[at].decode()), int(fields[at + 1]), int(fields[at + 2])
    except (zlib.error, ValueError):
        raise Failure("invalid_params", "cannot read the request: its list is broken")
    if rest or not unpacking.eof:
        raise Failure("invalid_params", "cannot read the request: its list is cut")


class Output:
    """The way to the daemon. A reader who is gone ends this process."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        with contextlib.suppress(OSError):
            fcntl.fcntl(fd, _F_SETPIPE_SZ, PIPE_BYTES)
        self._moved = time.monotonic()

    def watch(self) -> None:
        """From now on, end this process when nobody reads."""
        threading.Thread(target=self._watch, daemon=True).start()

    def write(self, data: "memoryview") -> None:
        """Write all of it."""
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                self.wait()
            except OSError:
                os._exit(1)
            self.moved()

    def wait(self) -> None:
        """Wait until some of it can be taken."""
        select.select([], [self.fd], [], STUCK_S)

    def moved(self) -> None:
        """Note that somebody still reads, or that there is nothing to be read yet."""
        self._moved = time.monotonic()

    def _watch(self) -> None:
        while True:
            time.sleep(STUCK_S / 10)
            if time.monotonic() - self._moved > STUCK_S:
                os._exit(1)
