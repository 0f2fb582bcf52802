"""``versions.json``: what an artifact says about all its versions at once, and its aliases."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from runicornd.storage.layouts.content import LIST_LIMIT, Problems, Unreadable, decode, whole, word
from runicornd.storage.layouts.paths import VERSIONS_FILE
from runicornd.storage.names import VERSION_LIMIT

if TYPE_CHECKING:
    from runicornd.storage.layouts.content import Content

LATEST_ALIAS = "latest"
VERSIONS_LIMIT = 100_000


class Listed(msgspec.Struct):
    """An entry of the list; nothing of it is checked but its number."""

    version: Any = None
    created_at: Any = None
    created_by_run: Any = None
    size_bytes: Any = None
    status: Any = None
    aliases: Any = None


class _Index(msgspec.Struct):
    versions: Any = None
    aliases: Any = None


@dataclass(slots=True)
class VersionsIndex:
    """What could be read.

    Args:
        listed: The entries by version.
        aliases: A version's aliases; None when the file says nothing of aliases.
        problems: Of the whole file.
        twice: Versions that stand in the list more than once.
    """

    listed: dict[int, Listed] = field(default_factory=dict)
    aliases: dict[int, tuple[str, ...]] | None = None
    problems: Problems = field(default_factory=Problems)
    twice: set[int] = field(default_factory=set)
    last: int | None = None


def read_versions_index(content: Content | None) -> VersionsIndex:
    """Read the file; what is wrong stands in ``problems``."""
    index = VersionsIndex()
    try:
        raw = decode(content, _Index)
    except Unreadable as error:
        index.problems.add(f"{VERSIONS_FILE} {error}")
        return index
    _read_list(raw.versions, index)
    _read_aliases(raw.aliases, index)
    return index


def _read_list(versions: object, index: VersionsIndex) -> None:
    if not isinstance(versions, list):
        index.problems.add(f"{VERSIONS_FILE} has no list of versions")
        return
    for item in versions[:VERSIONS_LIMIT]:
        number = whole(item.get("version")) if isinstance(item, dict) else None
        if number is None or not 0 < number <= VERSION_LIMIT:
            index.problems.add(f"{VERSIONS_FILE} has an entry that is no version")
            continue
        if number in index.listed:
            index.twice.add(number)
        # The first of two is taken; the last of the list is what Runicorn calls the latest.
        index.listed.setdefault(number, msgspec.convert(item, Listed))
        index.last = number
    if len(versions) > VERSIONS_LIMIT:
        index.problems.add(f"{VERSIONS_FILE} lists more than {VERSIONS_LIMIT:,} versions")


def _read_aliases(aliases: object, index: VersionsIndex) -> None:
    if not isinstance(aliases, dict):
        index.problems.add(f"{VERSIONS_FILE} has no map of aliases")
        return
    found: dict[int, list[str]] = {}
    for alias, version in list(aliases.items())[: LIST_LIMIT * 10]:
        text, number = word(alias), whole(version)
        if text is None or not number or number > VERSION_LIMIT:
            index.problems.add(f"{VERSIONS_FILE} has an alias of no version")
            continue
        found.setdefault(number, []).append(text)
    if not any(LATEST_ALIAS in texts for texts in found.values()) and index.last is not None:
        found.setdefault(index.last, []).insert(0, LATEST_ALIAS)
    index.aliases = {number: tuple(texts) for number, texts in found.items()}
