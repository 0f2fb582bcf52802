"""What a metadata file held, read without trust.

Bytes come in, plain JSON values go out: finite, of bounded depth and size, every text valid Unicode.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

if TYPE_CHECKING:
    from runicornd.errors import JsonValue

CONTENT_LIMIT = 32 * 1024 * 1024
"""The most bytes of one file that are read at all, whatever the settings let through."""

SLOW_LIMIT = 8 * 1024 * 1024
"""The most bytes of a file that Python has to decode, whose objects take many times as much memory."""

MANY_BYTES = 1024 * 1024
MANY_VALUES = 1_500_000
"""The most values in a file of more than ``MANY_BYTES`` that is read into plain objects, which are large."""

MANY_OBJECTS = 1_200_000

TEXT_LIMIT = 10_000
KEY_LIMIT = 500
WORD_LIMIT = 255
LIST_LIMIT = 1_000
DEPTH_LIMIT = 32
VALUES_LIMIT = 20_000
LATEST = 253_402_300_799.0
"""The end of the year 9999, in seconds since the epoch: what calendars can show."""

WHOLE_LIMIT = 2**53
"""Below it every whole number is exact in every program that reads JSON."""

_INT_LIMIT = 2**63
_UNPAIRED = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_NOT_FINITE = {"NaN": "NaN", "Infinity": "Infinity", "-Infinity": "-Infinity"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is there and whose content is not: too large, unreadable, not a regular file.

    Args:
        reason: Completes "versions.json was not read: …".
    """

    reason: str


Content = bytes | Skipped


class Unreadable(Exception):
    """The content is not what it has to be; the text completes "metadata.json …"."""


def decode(content: Content | None, form: type[T], *, is_lean: bool = False) -> T:
    """Decode a JSON object into a struct whose fields are all optional, with NaN and broken text allowed.

    Args:
        content: The file.
        form: The struct.
        is_lean: The form has a type for all that there may be many of, so that more of it fits.

    Raises:
        Unreadable: It is missing, was skipped, is too large, no JSON, too deep, or of another form.
    """
    data = _present(content)
    if data.count(b"{") > MANY_OBJECTS if is_lean else _has_many(data):
        raise Unreadable("has too many values")
    try:
        return msgspec.json.decode(data, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # Python writes NaN, too, and msgspec is right to refuse it: once more, slowly
    try:
        return msgspec.convert(_slowly(data), form)
    except msgspec.ValidationError as error:
        raise Unreadable(f"is of another form: {error}") from error


def _present(content: Content | None) -> bytes:
    if content is None:
        raise Unreadable("is missing")
    if isinstance(content, Skipped):
        raise Unreadable(f"was not read: {one_line(content.reason)}")
    if len(content) > CONTENT_LIMIT:
        raise Unreadable(f"is larger than {CONTENT_LIMIT // 1024 // 1024} MiB")
    return content


def _has_many(data: bytes) -> bool:
    """Whether there may be too many values: each follows a comma, or is the first of its list or object."""
    return len(data) > MANY_BYTES and sum(map(data.count, (b",", b"[", b"{"))) > MANY_VALUES


def _slowly(data: bytes) -> object:
    if len(data) > SLOW_LIMIT or _has_many(data):
        raise Unreadable("is no JSON, or of another form")
    try:
        text = data.decode("utf-8", "surrogateescape")
        loaded: object = json.loads(text, parse_constant=_NOT_FINITE.get, object_hook=_with_clean_keys)
    except RecursionError as error:
        raise Unreadable("is nested too deeply") from error
    except ValueError as error:
        raise Unreadable(f"is no JSON: {one_line(str(error))}") from error
    return loaded


def _with_clean_keys(found: dict[str, object]) -> dict[str, object]:
    if all(map(str.isascii, found)):
        return found
    return {_UNPAIRED.sub("\ufffd", key): value for key, value in found.items()}


def clean(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """Return a text as valid Unicode, cut to a number of characters; None when it is no text."""
    if not isinstance(value, str):
        return None
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    return value if value.isascii() else _UNPAIRED.sub("\ufffd", value)


def word(value: object, limit: int = WORD_LIMIT) -> str | None:
    """Return a short text without control characters; None when it is not one, or is empty."""
    if not isinstance(value, str) or not value or len(value) > limit or _CONTROL.search(value):
        return None
    return value if value.isascii() else _UNPAIRED.sub("\ufffd", value)


def words(value: object) -> tuple[str, ...]:
    """Return the words of a list, each once; what is none is left out."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(text for item in value[:LIST_LIMIT] if (text := word(item))))


def one_line(text: str, limit: int = 120) -> str:
    """Return a text for a message: one line, without control characters, not long."""
    return clean(_CONTROL.sub("?", text[: limit + 1]), limit) or ""


def whole(value: object) -> int | None:
    """Return a number that is whole and not negative; None for everything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < WHOLE_LIMIT:
        return None
    return value


def moment(value: object) -> float | None:
    """Return a time in seconds since the epoch; None when it is none that a calendar has."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LATEST:
        return None
    return float(value)


def digest(value: object) -> str:
    """Return a SHA-256 in lower-case hexadecimal, or nothing when the value is not one."""
    return value.lower() if isinstance(value, str) and _DIGEST.fullmatch(value) else ""


def bounded(value: object) -> dict[str, JsonValue]:
    """Return a JSON object whose depth, texts and number of values are bounded, and that can be encoded.

    What is no number of JSON becomes a text. What exceeds a bound is replaced by an ellipsis, or left out.
    """
    if not isinstance(value, dict) or not value:
        return {}
    room = _Room()
    bounded = room.fit(value, 0)
    return bounded if isinstance(bounded, dict) else {}


class _Room:
    """Counts the values that are still allowed."""

    def __init__(self) -> None:
        self._left = VALUES_LIMIT

    def fit(self, value: object, depth: int) -> JsonValue:
        self._left -= 1
        if isinstance(value, str):
            return clean(value) or ""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if -_INT_LIMIT <= value < _INT_LIMIT else one_line(str(value))
        if isinstance(value, float):
            return value if math.isfinite(value) else str(value)
        if depth >= DEPTH_LIMIT:
            return "…"
        return self._fit_many(value, depth + 1)

    def _fit_many(self, value: object, depth: int) -> JsonValue:
        if isinstance(value, dict):
            pairs: dict[str, JsonValue] = {}
            for key, item in value.items():
                if self._left <= 0:
                    break
                pairs[clean(key, KEY_LIMIT) or ""] = self.fit(item, depth)
            return pairs
        items: list[JsonValue] = []
        for item in value if isinstance(value, list) else ():
            if self._left <= 0:
                break
            items.append(self.fit(item, depth))
        return items


class Problems:
    """Collects what was wrong with one entry, and says it in one bounded text."""

    LIMIT = 4

    def __init__(self) -> None:
        self._said: list[str] = []
        self._more = 0

    def add(self, text: str) -> None:
        """Note one thing; the same thing twice counts once."""
        if text in self._said:
            return
        if len(self._said) < self.LIMIT:
            self._said.append(text)
        else:
            self._more += 1

    @property
    def text(self) -> str | None:
        """All of it; None when there was nothing."""
        if not self._said:
            return None
        return "; ".join(self._said) + (f"; and {self._more} more" if self._more else "")
