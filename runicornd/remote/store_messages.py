"""The lines of a store stream, and the lists that the daemon sends."""

from __future__ import annotations

import zlib
from itertools import islice
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta, Struct

from runicornd.remote.messages import WireError

if TYPE_CHECKING:
    from collections.abc import Iterable

PROTOCOL = 1
ENTRIES_AT_ONCE = 4096

_Count = Annotated[int, Meta(ge=0, le=2**62)]


class StoreLine(Struct):
    """A line of the far end; which fields there are says what it means."""

    store: int = 0
    scanning: _Count | None = None
    ask: str = ""
    root: Annotated[str, Meta(max_length=16384)] | None = None
    files: _Count = 0
    bytes: _Count = 0
    same: bool = False
    token: Annotated[str, Meta(max_length=64)] | None = None
    error: WireError | None = None


def packed_list(entries: Iterable[tuple[str, int, int]]) -> bytes:
    """Return paths with two numbers each as the far end reads them."""
    packing = zlib.compressobj(1)
    packed = []
    remaining = iter(entries)
    while some := list(islice(remaining, ENTRIES_AT_ONCE)):
        # No system has a path with a null character: it is missing there under another name too.
        text = "".join(f"{path.replace(chr(0), '�')}\0{one}\0{two}\0" for path, one, two in some)
        packed.append(packing.compress(text.encode("utf-8", "replace")))
    return b"".join(packed) + packing.flush()
