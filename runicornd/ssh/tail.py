"""The end of what a program complains about."""

from __future__ import annotations

LIMIT_BYTES = 4096


class Tail:
    """Keeps the last 4 KiB of a stream of bytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        """Take more; the beginning is forgotten."""
        self._bytes += data[-LIMIT_BYTES:]
        del self._bytes[:-LIMIT_BYTES]

    def text(self) -> str:
        """What was kept, decoded, with its lines; control characters are shown as ``?``."""
        lines = bytes(self._bytes).decode("utf-8", "replace").replace("\t", " ").splitlines()
        return "\n".join(
            "".join(character if character.isprintable() else "?" for character in line) for line in lines
        )
