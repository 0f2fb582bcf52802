"""Sends the metadata that the daemon's mirror does not have, compressed while the next files are read."""

import errno
import os
import queue
import struct
import threading
import zlib
from typing import Callable, Dict, Iterable, List, Optional, Tuple

from .failures import Failure
from .store_io import Output
from .store_root import Root, time_of
from .store_scan import Most, Scan
from .wire import encode, to_wire

FILE, PROBLEM, GONE, ERROR, END = 1, 2, 3, 4, 5
HEADER = struct.Struct("!BHIQq")
"""Kind, bytes of the path, bytes of the content, size, time; path and content follow."""

BATCH_BYTES = 256 * 1024
BATCHES_AHEAD = 4
PATH_BYTES = 16384


def compare(scan: Scan, known: Iterable[Tuple[str, int, int]]) -> List[str]:
    """Take what is known out of ``scan.found``; return the paths that are no more."""
    gone = []
    for path, size, modified in known:
        folder, _slash, name = path.rpartition("/")
        files = scan.found.get(folder, {})
        if name not in files:
            if not _is_below(folder, scan):
                gone.append(path)
        elif files[name] == (size, modified):
            del files[name]
    return gone


def _is_below(folder: str, scan: Scan) -> bool:
    """Whether a folder is, or is in, one that could not be read."""
    while scan.unreadable and folder:
        if folder in scan.unreadable:
            return True
        folder = folder.rpartition("/")[0]
    return False


def totals(found: Dict[str, Dict[str, Tuple[int, int]]]) -> Tuple[int, int]:
    """Return how many files there are, and how many bytes of them will be sent."""
    sizes = [size if modified else 0 for files in found.values() for size, modified in files.values()]
    return len(sizes), sum(sizes)


class Sender:
    """Sends frames; a thread compresses and writes what has come together."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._batch = bytearray()
        self._waiting: queue.Queue[Optional[bytearray]] = queue.Queue(BATCHES_AHEAD)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def send(self, kind: int, path: str = "", content: bytes = b"", size: int = 0, modified: int = 0) -> None:
        """Queue a frame; waits when the reader is slow."""
        name = to_wire(path).encode()
        if len(name) > PATH_BYTES:
            return  # No system has such a path: it was put together of links.
        self._batch += HEADER.pack(kind, len(name), len(content), size, modified)
        self._batch += name
        rest = memoryview(content)
        while True:
            self._batch += rest[:BATCH_BYTES]
            rest = rest[BATCH_BYTES:]
            if len(self._batch) >= BATCH_BYTES:
                self._waiting.put(self._batch)
                self._batch = bytearray()
            if not rest:
                return

    def finish(self) -> None:
        """Wait until everything is written."""
        self._waiting.put(self._batch)
        self._waiting.put(None)
        self._thread.join()

    def _write(self) -> None:
        packing = zlib.compressobj(1)
        while True:
            batch = self._waiting.get()
            packed = packing.flush() if batch is None else packing.compress(batch)
            self._output.write(memoryview(packed))
            if batch is None:
                return


def send_changes(scan: Scan, gone: List[str], most: Most, sender: Sender) -> None:
    """Send what ``compare`` left, then the end; an error in its place when the root is no more."""
    reading = Reading(scan.root, most, sender.send)
    try:
        for path in gone:
            sender.send(GONE, path)
        # What belongs to one artifact comes together: the daemon reads it while the next one is on its way.
        for folder in sorted(scan.found, key=lambda folder: folder.split("/")):
            for name, (size, modified) in scan.found[folder].items():
                path = f"{folder}/{name}" if folder else name
                if modified:
                    reading.send(path)
                else:
                    sender.send(PROBLEM, path, scan.problems.get(path, "").encode(), size)
        scan.root.check()
        sender.send(END, content=(scan.token if reading.is_settled and scan.token else "").encode())
    except Failure as failure:
        sender.send(ERROR, content=encode(failure.as_json()))
    except Exception as error:  # Whatever it is, somebody waits for the end.
        broken = Failure("agent_failed", f"cannot read the store: {error!r}")
        sender.send(ERROR, content=encode(broken.as_json()))
    finally:
        sender.finish()


class Reading:
    """Reads files and sends them; one that cannot be read has a problem, and is tried again next time.

    ``is_settled`` tells whether nothing can have changed but what a new scan would see.
    """

    def __init__(self, root: Root, most: Most, send: "Callable[..., None]") -> None:
        self.is_settled = True
        self._root = root
        self._most = most
        self._send = send

    def send(self, path: str) -> None:
        """Read one file, twice when it changes meanwhile, and send it or its problem."""
        try:
            for _ in range(2):
                found, data = self._read(path)
                if data is None:
                    why = f"larger than {self._most.of(path)} bytes"
                    return self._send(PROBLEM, path, why.encode(), found.st_size)
                if len(data) == found.st_size:
                    return self._send(FILE, path, data, found.st_size, time_of(found))
            why = "it changes while it is read"
            self.is_settled = False
        except OSError as error:
            if error.errno == errno.ENOENT:
                return self._lose(path)
            why = os.strerror(error.errno or 0)
            self.is_settled = self.is_settled and error.errno in (errno.EACCES, errno.EPERM)
        except Failure as failure:
            why = failure.message
            self.is_settled = False
        return self._send(PROBLEM, path, why.encode("utf-8", "replace"))

    def _lose(self, path: str) -> None:
        """A file that was deleted since the scan; or the root was, which is no deletion."""
        self._root.check()
        self._send(GONE, path)

    def _read(self, path: str) -> "Tuple[os.stat_result, Optional[bytes]]":
        """What the file is after it was read, and its content; a size that does not fit shows a change."""
        fd, before = self._root.open(path)
        try:
            if before.st_size > self._most.of(path):
                return before, None
            data = os.read(fd, before.st_size + 1)
            while data and len(data) < before.st_size:
                more = os.read(fd, before.st_size + 1 - len(data))
                if not more:
                    break
                data += more
            after = os.fstat(fd)
        finally:
            os.close(fd)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            return after, data + b"+" if len(data) == after.st_size else data
        return after, data
