"""Lines of JSON, and names of files that are not UTF-8.

A byte of a name that is not UTF-8 travels as one private character, U+F700 plus the byte. A name that
holds such characters by itself travels as their bytes, each as one private character: every name has
exactly one form on the wire and comes back as it was.
"""

import json
import os
import re
import sys
from typing import Callable, Dict, List, Optional

LINE_LIMIT = 16 * 1024 * 1024

_ODD = re.compile("[\ud800-\udfff\uf780-\uf7ff]")
_PRIVATE = re.compile("[\uf780-\uf7ff]+")
_ESCAPED = re.compile("[\udc80-\udcff]")
_NAMES_ARE_UTF8 = sys.getfilesystemencoding().lower().replace("-", "") == "utf8"


def encode(message: Dict[str, object]) -> bytes:
    """Return a message as one line."""
    return json.dumps(_map(message, to_wire), separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Dict[str, object]:
    """Return the message of a line.

    Raises:
        ValueError: It is no JSON object in UTF-8, or nested too deep.
    """
    try:
        message = _map(json.loads(line.decode()), from_wire)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one error for every bad line
    return message


def _map(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_map(item, change) for item in value]
    return value


def to_wire(text: str) -> str:
    """Return a text as it travels: valid Unicode, whatever bytes a file name has."""
    if _NAMES_ARE_UTF8 and not _ODD.search(text):
        return text
    try:
        raw = os.fsencode(text)
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
    name = _PRIVATE.sub(lambda run: _escape(run.group().encode()), raw.decode("utf-8", "surrogateescape"))
    return _ESCAPED.sub(lambda byte: chr(ord(byte.group()) - 0xDC00 + 0xF700), name)


def _escape(raw: bytes) -> str:
    return raw.decode("ascii", "surrogateescape")


def from_wire(text: str) -> str:
    """Return a text that travelled as the system's functions want it."""
    if _NAMES_ARE_UTF8 and not _ODD.search(text):
        return text
    escaped = _PRIVATE.sub(lambda run: "".join(chr(ord(c) - 0xF700 + 0xDC00) for c in run.group()), text)
    try:
        return os.fsdecode(escaped.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()


class Splitter:
    """Cuts a stream of bytes into lines; one that is too long comes out as None, and costs no memory."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> List[Optional[bytes]]:
        """Take the next bytes; return the lines that they complete, without their ends."""
        *ended, rest = data.split(b"\n")
        lines = [self._end(piece) for piece in ended]
        self._keep(rest)
        return lines

    def _end(self, piece: bytes) -> Optional[bytes]:
        self._keep(piece)
        line = None if self._skipping else bytes(self._rest)
        self._rest.clear()
        self._skipping = False
        return line

    def _keep(self, piece: bytes) -> None:
        if self._skipping or len(self._rest) + len(piece) > self._limit:
            self._skipping = True
            self._rest.clear()
        else:
            self._rest += piece
