"""Checks as a person reads them: one line each as it ends, with the next step below it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runicornctl.render import Paint, block, clean, fit, is_dumb, terminal_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from runicornd.protocol.models import Check

_CLEAR = "\r\x1b[2K"
_TITLE_COLUMNS = 15
_MARKS = {
    "ok": ("✓", "+", "green"),
    "warning": ("!", "!", "yellow"),
    "failure": ("✗", "x", "red"),
    "skipped": ("-", "-", "dim"),
    "running": ("…", ".", "cyan"),
}


class Findings:
    """Prints checks as they come. At a terminal the one that is being made is shown as well.

    Args:
        is_quiet: Print nothing: the output is JSON.
        stream: Where; None for standard output.
    """

    def __init__(self, *, is_quiet: bool, stream: TextIO | None = None) -> None:
        self._is_quiet = is_quiet
        self._stream = stream or sys.stdout
        self._paint = Paint(self._stream)
        self._is_live = self._stream.isatty() and not is_dumb()
        self._shown: set[str] = set()
        self._is_drawn = False

    def show(self, check: Check) -> None:
        """Show a check that has begun or ended; one that was shown as ended is not shown again."""
        if self._is_quiet or check.name in self._shown:
            return
        if check.verdict != "running":
            self._shown.add(check.name)
            self.pause()
            self._write("\n".join(self._lines(check)) + "\n")
        elif self._is_live:
            columns = (terminal_columns(self._stream) or 80) - 1
            text = fit(clean(check.title), columns - 4)
            self._write(f"{_CLEAR}{self._mark(check)} {text} {self._paint.symbol('…', '...')}")
            self._is_drawn = True

    def finish(self, checks: Sequence[Check]) -> None:
        """Show what was not shown yet, and what it all comes to."""
        for check in checks:
            self.show(check)
        if not self._is_quiet:
            self.pause()
            self._write(f"\n{summary(checks)}\n")

    def pause(self) -> None:
        """Clear the line of the check that is being made, so that something else can be printed."""
        if self._is_drawn:
            self._write(_CLEAR)
            self._is_drawn = False

    def _lines(self, check: Check) -> list[str]:
        indent = " " * (_TITLE_COLUMNS + 3)
        title = clean(check.title).ljust(_TITLE_COLUMNS)
        finding = block(check.finding, indent)
        is_dim = check.verdict == "skipped"
        text = f"{title} {self._paint('dim', finding) if is_dim else finding}".rstrip()
        lines = [f"{self._mark(check)} {text}"]
        if check.hint:
            arrow = self._paint("cyan", self._paint.symbol("→", "->"))
            lines.append(f"{indent}{arrow} {block(check.hint, indent + '  ')}")
        return lines

    def _mark(self, check: Check) -> str:
        fancy, plain, style = _MARKS[check.verdict]
        return self._paint(style, self._paint.symbol(fancy, plain))

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def summary(checks: Sequence[Check]) -> str:
    """Return what all checks come to, in a few words."""
    failures = sum(check.verdict == "failure" for check in checks)
    warnings = sum(check.verdict == "warning" for check in checks)
    parts = [_count(failures, "failure"), _count(warnings, "warning")]
    found = " and ".join(part for part in parts if part)
    return f"{found}." if found else "Nothing is wrong."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""
