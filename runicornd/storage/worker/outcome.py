"""What went wrong with which files, as one error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runicornd.errors import JsonValue, RunicorndError

LISTED = 20


class Outcome:
    """Gathers failures; ``unproven`` counts files without a digest."""

    def __init__(self) -> None:
        self.unproven = 0
        self._count = 0
        self._failures: list[tuple[str, RunicorndError]] = []

    def add(self, path: str, error: RunicorndError) -> None:
        """A file could not be had."""
        self._count += 1
        if len(self._failures) < LISTED:
            self._failures.append((path, error))

    def error(self) -> RunicorndError | None:
        """One error for all of them, of the first one's kind; None when there is none."""
        if not self._failures:
            return None
        _, first = self._failures[0]
        files: list[JsonValue] = [path for path, _ in self._failures]
        if self._count == 1:
            return type(first)(first.message, hint=first.hint, **{**first.context, "files": files})
        return type(first)(
            f"cannot finish the download: {self._count} files failed; the first one: {first.message}",
            hint=first.hint,
            **{**first.context, "files": files, "failed": self._count},
        )

    def detail(self) -> str:
        """What is remarkable about the rest."""
        if not self.unproven:
            return ""
        files = "1 file has" if self.unproven == 1 else f"{self.unproven} files have"
        return f"{files} no digest in the manifest; only the size was checked"
