"""How versions are named by people, and which names may be written.

Names of artifacts, types and files come in the form in which the agent sends names
(``docs/agent-protocol.md``): a byte that is not UTF-8 is one private character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runicornd.errors import InvalidParams

PART_BYTES = 255
PATH_BYTES = 4096
ALIAS_LENGTH = 128
TAG_LENGTH = 128
VERSION_LIMIT = 999_999_999
REF_LENGTH = 600

REF_HINT = "write NAME, NAME:v3, NAME:latest or NAME:alias, with TYPE/ before it where names repeat"

_VERSION = re.compile(r"[vV]([0-9]+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ODD = re.compile("[\ud800-\udfff\uf780-\uf7ff]")
_ESCAPED = re.compile("[\udc80-\udcff]")
_PRIVATE = re.compile("[\uf780-\uf7ff]+")
_REFUSED = '/\\:*?"<>| '  # what Runicorn refuses in an alias
_PART = r"(?!\.{1,2}(?:/|\Z))[^/\\\x00-\x1f\x7f-\x9f]{1,60}"
_PLAIN_PATH = re.compile(f"{_PART}(?:/{_PART})*")
_PLAIN_LENGTH = 1000  # characters of at most four bytes each: such a path is never too long


@dataclass(frozen=True, slots=True)
class Ref:
    """``[TYPE/]NAME[:vN|:alias]``, taken apart. Neither version nor alias: the latest not deleted.

    Args:
        alias: Any word but a version; ``latest`` is one.
    """

    name: str
    type: str | None = None
    version: int | None = None
    alias: str | None = None

    def __str__(self) -> str:
        """The ref as a person writes it."""
        end = f"v{self.version}" if self.version is not None else self.alias
        start = self.name if self.type is None else f"{self.type}/{self.name}"
        return start if end is None else f"{start}:{end}"


def parse_ref(text: str) -> Ref:
    """Take a ref apart.

    Raises:
        InvalidParams: It is no ref.
    """
    if len(text) > REF_LENGTH:
        raise InvalidParams("cannot find that artifact: its name is too long", hint=REF_HINT)
    start, colon, end = text.strip().partition(":")
    head, slash, tail = start.partition("/")
    kind, name = (head, tail) if slash else (None, head)
    if wrong := (kind is not None and why_not_part(kind)) or why_not_part(name):
        raise InvalidParams(f"cannot find {text!r}: {wrong}", hint=REF_HINT)
    if not colon:
        return Ref(name, kind)
    if number := _VERSION.fullmatch(end):
        return Ref(name, kind, version=_version(text, number.group(1)))
    if not end or ":" in end or "/" in end or _CONTROL.search(end):
        why = "after the colon stands no version or alias"
        raise InvalidParams(f"cannot find {text!r}: {why}", hint=REF_HINT)
    return Ref(name, kind, alias=end)


def _version(text: str, digits: str) -> int:
    if len(digits) > len(str(VERSION_LIMIT)) or int(digits) == 0:
        why = "versions are counted from v1" if not digits.strip("0") else "no version has such a number"
        raise InvalidParams(f"cannot find {text!r}: {why}", hint=REF_HINT)
    return int(digits)


def why_not_part(part: str) -> str | None:
    """Say why a text cannot be one part of a path; None when it can."""
    if part in {"", ".", ".."}:
        return f"{part!r} is no name"
    if "/" in part or "\\" in part:
        return "a name has a slash or backslash in it"
    if _CONTROL.search(part):
        return "a name has a control character in it"
    if name_bytes(part) > PART_BYTES:
        return f"a name is longer than {PART_BYTES} bytes"
    return None


def name_bytes(name: str) -> int:
    """Count the bytes that a name has at the server. Half of a surrogate pair counts as three."""
    if name.isascii():
        return len(name)
    private = sum(len(run.group()) for run in _PRIVATE.finditer(name))
    return len(_PRIVATE.sub("", name).encode("utf-8", "surrogatepass")) + private


def wire_name(text: str) -> str:
    """Return a file name found inside of a file in the form in which the agent sends names.

    A byte that is not UTF-8 stands in ``text`` as Python writes it, as half of a surrogate pair.
    """
    if text.isascii() or not _ODD.search(text):
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
    name = _PRIVATE.sub(lambda run: _as_bytes(run.group()), raw.decode("utf-8", "surrogateescape"))
    return _ESCAPED.sub(lambda byte: chr(ord(byte.group()) - 0xDC00 + 0xF700), name)


def _as_bytes(text: str) -> str:
    return text.encode().decode("ascii", "surrogateescape")


def plain_path(path: str) -> tuple[str, str | None]:
    """Return a file's path within a folder without empty parts and dots, and why it is none, if so."""
    if len(path) <= _PLAIN_LENGTH and _PLAIN_PATH.fullmatch(path):
        return path, None
    if path.startswith("/"):
        return path, "it begins at the root of the file system"
    parts = [part for part in path.split("/") if part not in {"", "."}]
    joined = "/".join(parts)
    return joined, _why_not_parts(parts, joined)


def _why_not_parts(parts: list[str], joined: str) -> str | None:
    if not parts:
        return "it is empty"
    if ".." in parts:
        return "it leads out of its folder"
    if len(joined) > PATH_BYTES or name_bytes(joined) > PATH_BYTES:
        return f"it is longer than {PATH_BYTES} bytes"
    return next((wrong for part in parts if (wrong := why_not_part(part))), None)


def check_alias(text: str) -> str:
    """Return an alias that is to be set.

    Raises:
        InvalidParams: Runicorn would not find a version by it, or manages it itself.
    """
    wrong = _why_not_word(text, ALIAS_LENGTH)
    if wrong is None and text.lower() == "latest":
        wrong = "Runicorn sets it by itself"
    elif wrong is None and text[0] in "vV":
        wrong = "Runicorn takes what begins with v for a version number"
    elif wrong is None and (odd := next((letter for letter in text if letter in _REFUSED), None)):
        wrong = f"Runicorn allows no {'space' if odd == ' ' else odd} in it"
    if wrong:
        hint = "choose one such as production"
        raise InvalidParams(f"cannot use the alias {text!r}: {wrong}", hint=hint)
    return text


def check_tag(text: str) -> str:
    """Return a tag that is to be added.

    Raises:
        InvalidParams: It is empty, too long, or has control characters.
    """
    if wrong := _why_not_word(text, TAG_LENGTH):
        raise InvalidParams(f"cannot use the tag {text!r}: {wrong}", hint="choose a short word")
    return text


def _why_not_word(text: str, limit: int) -> str | None:
    if not text or text != text.strip():
        return "it is empty, or begins or ends with a space"
    if len(text) > limit:
        return f"it is longer than {limit} characters"
    if _CONTROL.search(text) or _ODD.search(text):
        return "it has characters that cannot be shown"
    return None
