"""Lines that are drawn again and again: a bar that grows, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from runicornctl.render import Paint, fit, is_dumb, terminal_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

BAR_COLUMNS = 20
_REDRAW_S = 0.05


class Live:
    """Some lines at the bottom of the terminal. Where the cursor cannot be moved only news are printed.

    Args:
        stream: Where they are shown.
        is_quiet: Shows nothing, for output that programs read.
    """

    def __init__(self, stream: TextIO | None = None, *, is_quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._is_quiet = is_quiet
        self._is_live = self._stream.isatty() and not is_dumb()
        self._drawn = 0
        self._drawn_at = 0.0
        self._told: set[str] = set()

    def draw(self, lines: Sequence[str], news: str) -> None:
        """Show the lines in the place of those before.

        Args:
            lines: Cleaned; cut to the terminal here.
            news: What is printed instead where lines cannot be replaced, once for each different text.
        """
        if self._is_quiet:
            return
        if not self._is_live:
            if news not in self._told:
                self._write(f"{news}\n")
            self._told.add(news)
            return
        now = time.monotonic()
        if now - self._drawn_at < _REDRAW_S and len(lines) == self._drawn:
            return
        self._drawn_at = now
        columns = (terminal_columns(self._stream) or 80) - 1
        body = "".join(f"\x1b[2K{fit(line, columns)}\n" for line in lines)
        self._write(f"{self._home()}{body}\x1b[J")
        self._drawn = len(lines)

    def clear(self) -> None:
        """Take the lines away, so that something else can be printed; the next call shows them again."""
        if self._drawn:
            self._write(f"{self._home()}\x1b[J")
        self._drawn = 0
        self._drawn_at = 0.0

    def _home(self) -> str:
        return f"\x1b[{self._drawn}A\r" if self._drawn else "\r"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def bar(done: float, total: float | None, stream: TextIO | None = None) -> str:
    """Return ``[████████░░░░] 75%``; without a total, or with nothing to do, an empty or a full one."""
    symbol = Paint(stream or sys.stderr).symbol
    share = 0.0 if total is None else 1.0 if total <= 0 else min(1.0, max(0.0, done / total))
    filled = int(share * BAR_COLUMNS)
    full, empty = symbol("█", "#"), symbol("░", "-")
    return f"[{full * filled}{empty * (BAR_COLUMNS - filled)}] {int(share * 100)}%"
