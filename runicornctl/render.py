"""Text for terminals: escaping, widths, tables and times.

``clean`` is the one place where text that a server or a file supplied is made safe to print. Whatever
builds a line from such text passes it through ``clean``, ``block`` or a table cell.
"""

from __future__ import annotations

import os
import sys
import time
import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Controls, format characters (bidirectional overrides, zero widths, tags), surrogates, line separators.
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_GAP = "  "


def clean(text: str) -> str:
    """Return the text on one line with everything that could steer a terminal spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spell(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def _spell(char: str) -> str:
    code = ord(char)
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def log_line(text: str) -> str:
    """Return one line of a log, safe to print; tabs become spaces."""
    return clean(text.expandtabs(8))


def block(text: str, indent: str = "") -> str:
    """Return text of several lines with each line cleaned, and all but the first indented."""
    lines = [log_line(line) for line in text.strip("\n").split("\n")]
    return f"\n{indent}".join(lines)


def width(text: str) -> int:
    """Return how many columns cleaned text takes: wide characters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, columns: int) -> str:
    """Return the text cut to at most ``columns`` columns, with an ellipsis where it was cut."""
    if width(text) <= columns:
        return text
    kept, used = [], 0
    for char in text:
        used += _columns(char)
        if used > columns - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if columns > 0 else ""


def duration(seconds: float) -> str:
    """Return a length of time as people say it: ``0.4s``, ``12s``, ``3m 5s``, ``2h 14m``, ``5d 3h``."""
    if seconds < 0:
        seconds = 0.0
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 86400}d {whole % 86400 // 3600}h"


def age(since: float, now: float | None = None) -> str:
    """Return how long ago a time (seconds since the epoch) was; in whole seconds."""
    seconds = (time.time() if now is None else now) - since
    return duration(seconds) if seconds >= 10 else f"{max(0, int(seconds))}s"


def terminal_columns(stream: TextIO) -> int | None:
    """Return the width of the terminal behind a stream, or None when it is none: then nothing is cut."""
    if not stream.isatty():
        return None
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        import shutil  # noqa: PLC0415 - it brings two compressors along

        columns = shutil.get_terminal_size().columns
    return columns or 80


class Paint:
    """Colours and symbols for one stream: none of the colours where they are not wanted."""

    def __init__(self, stream: TextIO) -> None:
        self.colours = stream.isatty() and not os.environ.get("NO_COLOR") and not is_dumb()
        self._unicode = _writes(stream, "✓●…⠋")

    def __call__(self, style: str, text: str) -> str:
        """Return the text in a style (``bold``, ``dim`` or a colour)."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colours and style else text

    def symbol(self, fancy: str, plain: str) -> str:
        """Return the first form where the stream can write it, else the second."""
        return fancy if self._unicode else plain


def is_dumb() -> bool:
    """Whether the terminal cannot move its cursor."""
    return os.environ.get("TERM", "") in {"", "dumb"}


def _writes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Table:
    """Rows under headings. Cells are cleaned here; a style colours a whole cell.

    Args:
        headings: One for each column.
        stream: Where it will be printed: decides on colours and on the width that it is cut to.
    """

    def __init__(self, headings: Sequence[str], stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._paint = Paint(self._stream)
        self._headings = list(headings)
        self._rows: list[tuple[list[str], list[str]]] = []

    def add(self, *cells: str | tuple[str, str]) -> None:
        """Add a row; a cell is a text, or a text and its style."""
        texts = [clean(cell if isinstance(cell, str) else cell[0]) for cell in cells]
        styles = ["" if isinstance(cell, str) else cell[1] for cell in cells]
        self._rows.append((texts, styles))

    def lines(self) -> Iterable[str]:
        """Return the printed lines, headings first, cut to the terminal."""
        rows = [(self._headings, ["dim"] * len(self._headings)), *self._rows]
        widths = [max(width(texts[column]) for texts, _ in rows) for column in range(len(self._headings))]
        widths = self._squeeze(widths)
        return [self._line(texts, styles, widths) for texts, styles in rows]

    def _squeeze(self, widths: list[int]) -> list[int]:
        """Take columns from the widest until the row fits the terminal."""
        limit = terminal_columns(self._stream)
        if limit is None:
            return widths
        spare = sum(widths) + len(_GAP) * (len(widths) - 1) - limit
        while spare > 0 and max(widths) > 6:
            widest = widths.index(max(widths))
            widths[widest] -= 1
            spare -= 1
        return widths

    def _line(self, texts: list[str], styles: list[str], widths: list[int]) -> str:
        cells = []
        for text, style, columns in zip(texts, styles, widths, strict=True):
            cut = fit(text, columns)
            cells.append(self._paint(style, cut) + " " * (columns - width(cut)))
        return _GAP.join(cells).rstrip()


def problem(message: str, hint: str) -> list[str]:
    """Return an error and what to do about it, as they stand below a table's row."""
    paint = Paint(sys.stdout)
    lines = [f"  {paint('red', 'error:')} {block(message, '    ')}"]
    if hint:
        lines.append(f"  {paint('cyan', 'hint:')}  {block(hint, '    ')}")
    return lines
