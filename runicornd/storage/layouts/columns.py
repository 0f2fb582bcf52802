"""The files of a version as columns: a hundred thousand of them take a third of the memory of records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from runicornd.storage.model import FileEntry

DIGEST_BYTES = 32


class FileColumns(Sequence[FileEntry]):
    """Files by path, each with a SHA-256, all below one place. Compares as its records do.

    Args:
        base: What their sources begin with; the paths follow.
        paths, sizes, modified: One for each file.
        digests: The bytes of all digests.
    """

    __slots__ = ("base", "digests", "modified", "paths", "sizes")

    def __init__(
        self, base: str, paths: list[str], sizes: list[int], digests: bytes, modified: list[float | None]
    ) -> None:
        self.base = base
        self.paths = paths
        self.sizes = sizes
        self.digests = digests
        self.modified = modified

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, index: int) -> FileEntry: ...
    @overload
    def __getitem__(self, index: slice) -> FileColumns: ...
    def __getitem__(self, index: int | slice) -> FileEntry | FileColumns:
        if isinstance(index, slice):
            start, end, _ = index.indices(len(self))
            return self._part(start, end)
        place = range(len(self))[index]
        path, digest = self.paths[place], self.digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
        return FileEntry(path, self.sizes[place], digest.hex(), self.base + path, self.modified[place])

    def _part(self, start: int, end: int) -> FileColumns:
        return FileColumns(
            self.base,
            self.paths[start:end],
            self.sizes[start:end],
            self.digests[start * DIGEST_BYTES : end * DIGEST_BYTES],
            self.modified[start:end],
        )

    def __iter__(self) -> Iterator[FileEntry]:
        return (self[place] for place in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self.base, len(self), self.digests))
