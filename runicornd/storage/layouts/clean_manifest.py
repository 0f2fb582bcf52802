"""The short way through a manifest in which nothing is odd, which is nearly every one.

Its files are checked all at once, by what C does with one long text. Whatever is not as it should be is
left to the long way, which says what is wrong with which of them.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Annotated

import msgspec

from runicornd.storage.layouts.columns import FileColumns
from runicornd.storage.layouts.content import LATEST, MANY_OBJECTS, WHOLE_LIMIT
from runicornd.storage.layouts.entries import FILES_LIMIT
from runicornd.storage.names import PART_BYTES

_BETWEEN = "\\"  # No path of ours has one, so that nothing can be taken for the end of a path but the end.
_DOTS = re.compile(r"[/\\]\.{1,2}[/\\]")
_EMPTY = ("//", "/\\", "\\/", "\\\\")
_DIGESTS = re.compile(r"(?:sha256:[0-9a-fA-F]{64}\n)+")
_AT_ONCE = 1000
_DIGEST_LINE = len("sha256:") + 64 + 1


class _File(msgspec.Struct, gc=False):
    path: str
    size: Annotated[int, msgspec.Meta(ge=0, lt=WHOLE_LIMIT)]
    digest: str
    modified_at: Annotated[float, msgspec.Meta(ge=0, le=LATEST)] | None = None


class _Manifest(msgspec.Struct):
    files: list[_File]
    references: msgspec.Raw = msgspec.Raw(b"null")


_DECODER = msgspec.json.Decoder(_Manifest)


def read_clean(content: bytes, base: str) -> tuple[FileColumns, bytes] | None:
    """Return the files and the references as they stand there; None when the long way has to be taken.

    Args:
        content: The manifest, of a size that is read at all.
        base: What the files' sources begin with.
    """
    if content.count(b"{") > MANY_OBJECTS:
        return None
    try:
        manifest = _DECODER.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    files = manifest.files
    if not files or len(files) > FILES_LIMIT:
        return None
    files.sort(key=attrgetter("path"))
    paths = [file.path for file in files]
    digests = _digests(files)
    if digests is None or not _are_plain(paths) or _has_conflicts(paths):
        return None
    columns = FileColumns(
        base, paths, [file.size for file in files], digests, [file.modified_at for file in files]
    )
    return columns, bytes(manifest.references)


def _digests(files: list[_File]) -> bytes | None:
    """All of them, when each is one: so many lines of that length are only so many digests."""
    found = []
    for start in range(0, len(files), _AT_ONCE):
        said = [file.digest for file in files[start : start + _AT_ONCE]]
        lines = "\n".join(said) + "\n"
        if len(lines) != _DIGEST_LINE * len(said) or not _DIGESTS.fullmatch(lines):
            return None
        found.append(bytes.fromhex(lines.replace("sha256:", "")))
    return b"".join(found)


def _are_plain(paths: list[str]) -> bool:
    """Whether every path is short, of letters that can be shown, and has no empty part and no dots."""
    joined = _BETWEEN + _BETWEEN.join(paths) + _BETWEEN
    return (
        joined.isascii()
        and joined.isprintable()
        and joined.count(_BETWEEN) == len(paths) + 1
        and max(map(len, paths)) <= PART_BYTES
        and not any(map(joined.__contains__, _EMPTY))
        and not (("/." in joined or "\\." in joined) and _DOTS.search(joined))
    )


def _has_conflicts(paths: list[str]) -> bool:
    """Whether a path is there twice, or is a file and a folder."""
    found = set(paths)
    if len(found) != len(paths):
        return True
    if len({path.count("/") for path in paths}) == 1:  # what is in a file would be deeper than it
        return False
    folders = {path.rpartition("/")[0] for path in paths}
    above = folders
    while above := {folder.rpartition("/")[0] for folder in above} - folders:
        folders |= above
    return not folders.isdisjoint(found)
