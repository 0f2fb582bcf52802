"""Puts what a sync brings into the mirror: by this thread, or, when there is much of it, by a process."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from runicornd.storage.mirror import is_in_the_way
from runicornd.storage.placing import Placer, PlacerGoneError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from runicornd.storage.mirror import Mirror
    from runicornd.storage.placing import New

MANY = 1000
"""So many files are worth a process."""


class Mirroring:
    """Writes the files of one sync.

    Args:
        mirror: Where to.
    """

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._placer: Placer | None = None
        self._new: Sequence[New] = ()
        self._known: Sequence[New] = ()
        self._placing: Future[list[tuple[int, int]]] | None = None

    def expect(self, files: int) -> None:
        """So many will come. Does not wait for anything."""
        if files >= MANY and self._placer is None:
            self._placer = Placer(self._mirror.folder)

    def begin(self, new: Sequence[New], known: Sequence[New]) -> None:
        """Begin to write files that the index does not know, and some that replace others."""
        self._new, self._known = new, known
        self._placing = self._placer.place(new) if self._placer is not None and self.is_ready else None

    def finish(self) -> dict[str, str]:
        """Wait until all of it is written; return the staged names, empty for a file that is in its place.

        Raises:
            OSError: A file cannot be written.
        """
        staged = None
        if self._placing is not None:
            with contextlib.suppress(PlacerGoneError):
                staged = self._placed(self._placing.result())
        if staged is None:
            staged = {path: self._mirror.place(path, data, mtime_ns) for path, data, mtime_ns in self._new}
        for path, data, mtime_ns in self._known:
            staged[path] = self._mirror.stage(data, mtime_ns)
        self._new = self._known = ()
        return staged

    def _placed(self, failed: Sequence[tuple[int, int]]) -> dict[str, str]:
        staged = dict.fromkeys((path for path, _, _ in self._new), "")
        for place, number in failed:
            path, data, mtime_ns = self._new[place]
            error = OSError(number, os.strerror(number))
            if not is_in_the_way(error):
                raise error
            staged[path] = self._mirror.stage(data, mtime_ns)
        return staged

    def end(self) -> None:
        """No more files will come. Does not wait for anything."""
        if self._placer is not None:
            self._placer.end()

    def close(self) -> None:
        """Wait for the end of the process, if there is one. Safe to call again, from any thread."""
        if self._placer is not None:
            self._placer.close()

    @property
    def pid(self) -> int | None:
        """The process, when it has been started."""
        return None if self._placer is None else self._placer.pid

    @property
    def is_ready(self) -> bool:
        """Whether the process takes files by now."""
        return self._placer is not None and self._placer.is_ready

    @property
    def has_process(self) -> bool:
        """Whether there may be something to wait for."""
        return self._placer is not None
