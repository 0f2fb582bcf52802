"""An artifact as its versions add up to it: what lists show of it, and what it is found by."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from runicornd.storage.index.rows import listed, whole
from runicornd.storage.index.words import searchable, texts_of_version

if TYPE_CHECKING:
    from runicornd.storage.model import Version

SEARCHED_VERSIONS = 200
"""The highest versions, whose words an artifact is found by."""


class Summary:
    """Adds up the versions of an artifact, which come lowest first."""

    def __init__(self, type_: str, name: str) -> None:
        self.versions = 0
        self._type = type_
        self._name = name
        self._shown: Version | None = None
        self._problem = ""
        self._texts: deque[list[str]] = deque(maxlen=SEARCHED_VERSIONS)

    def add(self, version: Version) -> None:
        """Count one more."""
        self.versions += 1
        shown = self._shown
        if shown is None or version.deleted is None or shown.deleted is not None:
            self._shown = version
        self._problem = max(self._problem, version.problem or "")
        self._texts.append(
            texts_of_version(version.aliases, version.tags, version.description, version.metadata)
        )

    def row(self) -> tuple[object, ...]:
        """Return ``ARTIFACT_COLUMNS``; there is a version."""
        shown = self._shown
        assert shown is not None
        return (
            self._type,
            self._name,
            shown.key.version,
            self.versions,
            whole(shown.size_bytes),
            len(shown.files),
            shown.created,
            shown.updated,
            shown.deleted is not None,
            shown.problem or self._problem or None,
            shown.description,
            listed(shown.tags),
            listed(shown.aliases),
        )

    def words(self) -> str:
        """Return the text that is searched: the highest version's first."""
        return searchable(list(chain((self._name, self._type), *reversed(self._texts))))
