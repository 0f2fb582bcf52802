"""Where a page ended, as an opaque text that is looked at before it is believed."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from zlib import crc32

import msgspec

from runicornd.errors import InvalidParams

_MOST = 2**63


def write_cursor(question: tuple[object, ...], *place: str | float) -> str:
    """Write where a page ended; ``question`` is what the page was of."""
    data = msgspec.json.encode([_stamp(question), *place])
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_cursor(text: str, question: tuple[object, ...], kinds: tuple[type, ...]) -> tuple[Any, ...]:
    """Return the place.

    Args:
        text: The cursor.
        question: What is asked now; it must be what the cursor's page was of.
        kinds: The type of each part of the place; a float may be a whole number.

    Raises:
        InvalidParams: It is no cursor of ours, or belongs to another question.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        stamp, *place = msgspec.json.decode(data, type=list[str | int | float])
    except (binascii.Error, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise _broken() from error
    if stamp != _stamp(question) or len(place) != len(kinds):
        raise _broken()
    for part, kind in zip(place, kinds, strict=True):
        is_number = isinstance(part, int | float) and -_MOST <= part < _MOST
        if not (is_number if kind is float else isinstance(part, kind) and (kind is str or is_number)):
            raise _broken()
    return tuple(place)


def _stamp(question: tuple[object, ...]) -> int:
    return crc32(repr(question).encode("utf-8", "surrogatepass"))


def _broken() -> InvalidParams:
    return InvalidParams(
        "cannot show the next page: the cursor is not one of this list",
        hint="begin again without a cursor",
    )
