"""What is searched: the text that is kept of an artifact or a run, and what a user's words ask of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

MAX_TEXT = 64 * 1024
MAX_WORDS = 16
# Scripts that are written without spaces: each letter is a word, so that any part of a phrase is found.
_UNSPACED = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")
_NO_TEXT: frozenset[type] = frozenset({bool, type(None)})
_FLAT = _NO_TEXT | {str, int, float}
_ANY_LETTER = re.compile(r"[^\W_]")


def searchable(texts: Iterable[str]) -> str:
    """Join texts, each once, up to a bound."""
    if isinstance(texts, list) and sum(map(len, texts)) <= MAX_TEXT:
        return _spaced("\n".join(filter(None, dict.fromkeys(texts))))
    kept: dict[str, None] = {}
    room = MAX_TEXT
    for text in texts:
        if text and text not in kept:
            kept[text[:room]] = None
            room -= len(text)
            if room <= 0:
                break
    return _spaced("\n".join(kept))


def texts_of(value: object) -> Iterator[str]:
    """Yield the keys, texts and numbers of a JSON value, whatever its depth."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case bool() | None:
                pass
            case str() as text:
                yield text
            case int() | float() as number:
                yield str(number)
            case dict() as fields:
                yield from fields
                waiting.extend(reversed(fields.values()))
            case list() | tuple() as items:
                waiting.extend(reversed(items))


def texts_of_version(
    aliases: Iterable[str], tags: Iterable[str], description: str, metadata: Mapping[str, object]
) -> list[str]:
    """Return all that a version is found by, but for its artifact's name and type."""
    return [*aliases, *tags, description, *_texts_of_fields(metadata)]


def _texts_of_fields(fields: Mapping[str, object]) -> Iterable[str]:
    """As ``texts_of``; quickly, when nothing is nested."""
    values: Collection[object] = fields.values()
    kinds = set(map(type, values))
    if not kinds <= _FLAT:
        return texts_of(fields)
    if kinds & _NO_TEXT:
        values = [value for value in values if type(value) not in _NO_TEXT]
    return (*fields, *map(str, values))


def match_of(search: str) -> str | None:
    """Turn a user's words into an FTS5 expression: all of them, each the beginning of a word.

    Each is quoted, so nothing in it is syntax. None when nothing in it can be found; empty words are left
    out.
    """
    asked = [word for word in search.replace("\0", " ").split() if _ANY_LETTER.search(word)][:MAX_WORDS]
    if not asked:
        return None
    return " ".join('"' + _spaced(word).replace('"', '""') + '" *' for word in asked)


def _spaced(text: str) -> str:
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)
