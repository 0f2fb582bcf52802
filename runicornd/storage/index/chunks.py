"""The files of a version as the index packs them: so many to a row that one row is one page's work."""

from __future__ import annotations

import zlib
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from runicornd.storage.index.rows import pack, unpack, whole
from runicornd.storage.layouts.columns import DIGEST_BYTES, FileColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runicornd.storage.model import FileEntry

CHUNK = 1000
FileRow = tuple[str, int, str, str, float | None]
"""Path, size, digest, source and time of change."""

_COLUMNS, _PACKED_COLUMNS = b"c", b"C"
# A digest does not get smaller; many paths do.
_COMPRESS_FROM = 16 * 1024
_Columns = tuple[str, list[str], list[int], bytes, list[float | None]]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Columns).decode


def chunks_of(files: Sequence[FileEntry]) -> list[bytes]:
    """Pack a version's files by path."""
    if isinstance(files, FileColumns):
        if len(files) <= CHUNK:
            return [_packed(files)]
        return [_packed(files[start : start + CHUNK]) for start in range(0, len(files), CHUNK)]
    rows = [(file.path, whole(file.size), file.digest, file.source, file.modified) for file in files]
    rows.sort(key=itemgetter(0))
    return [pack(rows[start : start + CHUNK]) for start in range(0, len(rows), CHUNK)]


def _packed(files: FileColumns) -> bytes:
    data = _encode((files.base, files.paths, files.sizes, files.digests, files.modified))
    if len(data) < _COMPRESS_FROM:
        return _COLUMNS + data
    return _PACKED_COLUMNS + zlib.compress(data, 1)


def rows_of(data: bytes) -> list[FileRow]:
    """Give back what was packed into one row."""
    kind = data[:1]
    if kind not in (_COLUMNS, _PACKED_COLUMNS):
        listed: list[FileRow] = unpack(data)
        return listed
    plain = zlib.decompress(data[1:]) if kind == _PACKED_COLUMNS else data[1:]
    base, paths, sizes, digests, modified = _decode(plain)
    texts = [digests[at : at + DIGEST_BYTES].hex() for at in range(0, len(digests), DIGEST_BYTES)]
    sources = [base + path for path in paths]
    return list(zip(paths, sizes, texts, sources, modified, strict=True))
