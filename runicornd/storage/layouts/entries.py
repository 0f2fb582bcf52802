"""The files and references that a manifest lists, each of them checked by itself."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from runicornd.storage.layouts.content import clean, digest, moment, one_line, whole, word
from runicornd.storage.model import FileEntry, ReferenceEntry
from runicornd.storage.names import plain_path, wire_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runicornd.storage.layouts.content import Problems

FILES_LIMIT = 200_000
"""The most files of one version: what is beyond does not fit in memory."""

URI_LIMIT = 4096
REFERENCES_LIMIT = 10_000
SUM_LIMIT = 2**63 - 1


class LeftOut:
    """Counts the entries that were left out, and keeps why the first of them was."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._count = 0
        self._first = ""

    def note(self, name: object, why: str) -> None:
        """One entry is left out."""
        if not self._count:
            self._first = f"{one_line(name, 80)!r}: {why}" if isinstance(name, str) else why
        self._count += 1

    def tell(self, problems: Problems) -> None:
        """Say how many there were, if any."""
        if self._count == 1:
            problems.add(f"{self._file}: one entry was left out ({self._first})")
        elif self._count:
            problems.add(f"{self._file}: {self._count} entries were left out (the first: {self._first})")

    def __bool__(self) -> bool:
        return self._count > 0


Listed = tuple[object, object, object, object]
"""What stands in a manifest of a file: path, size, SHA-256 and time of change, all unchecked."""


def file_entries(
    listed: Iterable[Listed], source: Callable[[str, str], str], left_out: LeftOut, problems: Problems
) -> tuple[FileEntry, ...]:
    """Check a manifest's files; return them by path. What cannot be one is left out.

    Args:
        listed: The entries; at most `FILES_LIMIT` of them are looked at.
        source: Gives the place of a file's content, relative to the root, by its path and digest; empty
            when it has none.
        left_out: Is told of every entry that is left out.
        problems: Is told of digests that are none.
    """
    entries: list[FileEntry] = []
    for index, (path, size, sha, modified) in enumerate(listed):
        if index >= FILES_LIMIT:
            left_out.note(None, f"only the first {FILES_LIMIT:,} are read")
            break
        name, wrong = plain_path(wire_name(path)) if isinstance(path, str) else ("", "it has no path")
        length = whole(size)
        if wrong or length is None:
            left_out.note(path, wrong or "its size is no number of bytes")
            continue
        known = digest(sha)
        place = source(name, known)
        if not place:
            left_out.note(path, "it has no SHA-256 to find it by")
            continue
        if not known:
            problems.add("manifest.json: a file has no valid SHA-256")
        entries.append(FileEntry(name, length, known, place, moment(modified)))
    return _without_conflicts(entries, left_out)


def _without_conflicts(entries: list[FileEntry], left_out: LeftOut) -> tuple[FileEntry, ...]:
    """Keep the first entry of a path, and no file where a folder has to be."""
    if len(entries) < 2:
        return tuple(entries)
    # With the separator sorted before everything else, what is below a path follows it at once.
    keyed = sorted(((entry.path.replace("/", "\0"), entry) for entry in entries), key=itemgetter(0))
    kept: list[FileEntry] = []
    last = ""
    for key, entry in keyed:
        if kept and key == last:
            left_out.note(entry.path, "it is listed twice")
            continue
        if kept and key.startswith(last + "\0"):
            left_out.note(kept.pop().path, "it is a file and a folder")
        kept.append(entry)
        last = key
    return tuple(kept)


def total(sizes: Iterable[int | None]) -> int:
    """Add sizes up, without the unknown ones; the sum stays within 64 bits."""
    return min(sum([size for size in sizes if size and size > 0]), SUM_LIMIT)


def reference_entries(listed: object, left_out: LeftOut) -> tuple[ReferenceEntry, ...]:
    """Check a manifest's references; what has no address is left out."""
    if not isinstance(listed, list):
        if listed is not None:
            left_out.note(None, "the references are no list")
        return ()
    entries: list[ReferenceEntry] = []
    for item in listed[:REFERENCES_LIMIT]:
        fields: dict[str, Any] = item if isinstance(item, dict) else {}
        uri = clean(fields.get("uri"), URI_LIMIT)
        if not uri:
            left_out.note(None, "a reference has no address")
            continue
        entries.append(ReferenceEntry(uri, whole(fields.get("size")), word(fields.get("checksum"))))
    if len(listed) > REFERENCES_LIMIT:
        left_out.note(None, f"only the first {REFERENCES_LIMIT:,} references are read")
    return tuple(entries)
