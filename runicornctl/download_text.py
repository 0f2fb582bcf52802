"""Downloads in words."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runicornctl.live import bar
from runicornctl.quantities import ago, counted, rate, size
from runicornctl.render import Paint, Table, clean, duration, problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.protocol.models import Download

AT_REST = frozenset({"done", "failed", "cancelled"})
_LOOKS = {
    "waiting": ("?", "?", "yellow"),
    "running": ("◌", "~", "yellow"),
    "verifying": ("◌", "~", "yellow"),
    "done": ("✓", "+", "green"),
    "failed": ("✗", "x", "red"),
}
_SHOWN_FILES = 4


def downloads_table(downloads: Iterable[Download]) -> list[str]:
    """Return the lines of a list of downloads, with why those that failed did."""
    table = Table(["ID", "STATE", "ARTIFACT", "STORE", "FILES", "SIZE", "DONE", "RATE", "SINCE", "TO"])
    shown = list(downloads)
    for one in shown:
        table.add(
            one.id,
            state_of(one),
            one.ref,
            one.store,
            f"{one.files_done:,}/{one.files_total:,}",
            size(one.bytes_total),
            percent(one),
            rate(one.rate) if one.rate and one.state not in AT_REST else "-",
            ago(one.since),
            one.to,
        )
    heading, *rows = table.lines()
    lines = [heading]
    for one, row in zip(shown, rows, strict=True):
        lines.append(row)
        if one.detail:
            lines.append(f"  {clean(one.detail)}")
        if one.error:
            lines += problem(one.error.message, one.error.hint)
    return lines


def progress(one: Download) -> tuple[list[str], str]:
    """Return the lines that show a download that runs, and its news for where lines cannot be replaced."""
    doing = {"waiting": "Waiting to download", "verifying": "Verifying"}.get(one.state, "Downloading")
    text = f"{doing} {clean(one.ref)}" + (f": {clean(one.detail)}" if one.detail else "")
    news = text.partition("; next try")[0]  # the seconds are for those who see them count
    head = (
        f"{bar(one.bytes_done, one.bytes_total if one.files_total else None)}"
        f"  {one.files_done:,}/{counted(one.files_total, 'file')}"
        f"  {size(one.bytes_done)} / {size(one.bytes_total)}"
    )
    if one.rate:
        head += f"  {rate(one.rate)}"
    if one.left_s is not None and one.state == "running":
        head += f"  {duration(one.left_s)} left"
    files = [
        f"  {clean(file.path)}  {_share(file.done, file.size)}"
        for file in one.active[:_SHOWN_FILES]
        if one.files_total > 1
    ]
    return [text, head, *files], news


def finished(one: Download) -> list[str]:
    """Return what a person wants to know about a download that is done."""
    fetched = counted(one.files_done - one.skipped, "file")
    text = (
        f"Downloaded {clean(one.ref)}: {fetched}, {size(one.bytes_total)} in all, sizes and SHA-256 checked."
    )
    if not one.files_total:
        text = f"{clean(one.ref)} has no files in its store."
    elif one.skipped and one.files_done == one.skipped:
        text = f"{clean(one.ref)} was here already: {counted(one.skipped, 'file')}, {size(one.bytes_total)}."
    elif one.skipped:
        text += f" {counted(one.skipped, 'file')} of it were here already."
    lines = [text]
    if one.detail:
        lines.append(clean(one.detail))
    lines += [f"not fetched, because it is outside the store: {clean(uri)}" for uri in one.references[:20]]
    left = len(one.references) - 20
    return lines + ([f"… and {left:,} more references"] if left > 0 else [])


def state_of(one: Download) -> tuple[str, str]:
    """Return a download's state with its symbol, and its colour."""
    fancy, plain, colour = _LOOKS.get(one.state, ("○", "-", "dim"))
    return f"{Paint(sys.stdout).symbol(fancy, plain)} {one.state}", colour


def percent(one: Download) -> str:
    """Return how much of it is here."""
    return _share(one.bytes_done, one.bytes_total)


def _share(done: int, total: int) -> str:
    return f"{min(100, int(100 * done / total))}%" if total else "100%"
