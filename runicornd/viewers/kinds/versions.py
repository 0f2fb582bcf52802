"""Which of two releases is older, by the rules of Python's version specifiers (PEP 440)."""

from __future__ import annotations

import re

_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d{1,9})!)?(?P<release>\d{1,9}(?:\.\d{1,9}){0,20})"
    r"(?:[-_.]?(?P<pre>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<pre_number>\d{0,9}))?"
    r"(?P<post>-\d{1,9}|[-_.]?(?:post|rev|r)[-_.]?\d{0,9})?"
    r"(?P<dev>[-_.]?dev[-_.]?\d{0,9})?"
    r"(?:\+[a-z0-9._-]{0,200})?",
    re.IGNORECASE,
)
_NEVER = -1
_ALWAYS = 1_000_000_000
_PRE_RANKS = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}

Key = tuple[int, tuple[int, ...], tuple[int, int], int, int]


def version_key(version: str) -> Key | None:
    """A value that sorts as releases do, or None for a text that is no version.

    Development releases come before pre-releases, these before the release, and post-releases after
    it; a local part (``+cu121``) makes no difference.
    """
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        return None
    release = [int(part) for part in match["release"].split(".")]
    while release and release[-1] == 0:
        release.pop()
    post = _number(match["post"])
    dev = _number(match["dev"])
    return (
        int(match["epoch"] or 0),
        tuple(release),
        _pre(match["pre"], match["pre_number"], before_all=dev is not None and post is None),
        _NEVER if post is None else post,
        _ALWAYS if dev is None else dev,
    )


def _pre(word: str | None, number: str | None, *, before_all: bool) -> tuple[int, int]:
    if word is not None:
        return (_PRE_RANKS[word.lower()], int(number or 0))
    return (_NEVER, 0) if before_all else (_ALWAYS, 0)


def _number(part: str | None) -> int | None:
    if part is None:
        return None
    digits = re.search(r"\d+", part)
    return int(digits[0]) if digits else 0
