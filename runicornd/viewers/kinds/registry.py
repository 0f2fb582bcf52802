"""The viewer kinds by name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from runicornd.errors import UnknownViewer
from runicornd.viewers.kinds.runicorn import Runicorn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.viewers.kinds.base import ViewerKind


class Kinds:
    """Finds a viewer kind by the name that the user typed."""

    def __init__(self, kinds: Iterable[ViewerKind]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        return tuple(sorted(self._kinds))

    def get(self, name: str) -> ViewerKind:
        """Return the kind with that name.

        Raises:
            UnknownViewer: There is none; the hint says which there are and which was perhaps meant.
        """
        kind = self._kinds.get(name)
        if kind is not None:
            return kind
        known = ", ".join(self.names())
        close = difflib.get_close_matches(name.lower(), self._kinds, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnknownViewer(
            f"cannot find a viewer {name!r}: there is no such kind", hint=f"{hint}known kinds: {known}"
        )


def standard_kinds() -> Kinds:
    """The kinds that come with this release."""
    return Kinds([Runicorn()])
