"""Stores in words."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from runicornctl import render
from runicornctl.live import bar
from runicornctl.quantities import ago, counted, interval, moment, rate, size
from runicornctl.render import Paint, Table, block, clean, duration, width

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.protocol.models import (
        Store,
        StoreLeft,
        StoreProblemsResult,
        SyncProgress,
        SyncReport,
    )

_LOOKS = {
    "idle": ("●", "*", "green"),
    "syncing": ("◌", "~", "yellow"),
    "waiting": ("?", "?", "yellow"),
    "failed": ("✗", "x", "red"),
    "disconnected": ("○", "-", "dim"),
}
_DOING = {
    "connecting": "Connecting to",
    "scanning": "Looking at",
    "receiving": "Syncing",
    "indexing": "Indexing",
}
_LABEL_COLUMNS = 12
EMPTY = "No stores. Begin with: runicornctl store add TARGET"


def state_of(store: Store) -> tuple[str, str]:
    """Return a store's state with its symbol, and its colour."""
    fancy, plain, colour = _LOOKS.get(store.state, ("○", "-", "dim"))
    return f"{Paint(sys.stdout).symbol(fancy, plain)} {store.state}", colour


def table_of(stores: Iterable[Store]) -> list[str]:
    """Return the lines of a list of stores; an arrow marks the one in use."""
    arrow = Paint(sys.stdout).symbol("→", ">")
    table = Table(["", "STORE", "STATE", "ARTIFACTS", "VERSIONS", "RUNS", "SYNCED", "SYNC", "TARGET"])
    for store in stores:
        table.add(
            arrow if store.in_use else "",
            store.name,
            state_of(store),
            f"{store.artifacts:,}",
            f"{store.versions:,}",
            f"{store.runs:,}",
            ago(store.last_sync.at) if store.last_sync else "never",
            interval(store.interval_s),
            store.target,
        )
    return list(table.lines())


def details(store: Store) -> list[str]:
    """Return everything about one store."""
    paint = Paint(sys.stdout)
    state, colour = state_of(store)
    lines = [f"{paint('bold', clean(store.name))}  {paint(colour, state)}" + (" (in use)" * store.in_use), ""]
    rows = [
        ("where", "this machine" if store.is_local else store.target),
        ("root", store.root or "not known before the first sync"),
        ("has", _holdings(store)),
        ("takes", f"{size(store.metadata_bytes)} of metadata, {size(store.downloads_bytes)} of downloads"),
        ("synced", _synced(store.last_sync)),
        ("sync", _schedule(store)),
    ]
    if store.detail:
        rows.append(("waits for", store.detail))
    lines += [labelled(label, text) for label, text in rows]
    if store.progress:
        lines += ["", *progress_lines(store)]
    return lines + problem(store)


def labelled(label: str, text: str) -> str:
    """Return one fact under its label."""
    return f"  {Paint(sys.stdout)('dim', label)}{' ' * (_LABEL_COLUMNS - width(label))}{clean(text)}"


def problem(store: Store) -> list[str]:
    """Return why the store is where it is, if there is a reason."""
    return ["", *render.problem(store.error.message, store.error.hint)] if store.error else []


def progress(store: Store) -> tuple[list[str], str]:
    """Return the lines that show a sync that runs, and its news for where lines cannot be replaced."""
    phase = store.progress.phase if store.progress else "connecting"
    place = store.target if phase == "connecting" else store.name
    return progress_lines(store), f"{_DOING.get(phase, 'Syncing')} {clean(place)}"


def progress_lines(store: Store) -> list[str]:
    """Return the bar, with what is being received."""
    shown = store.progress
    if shown is None or shown.phase in {"connecting", "scanning"}:
        return [f"{_DOING[shown.phase if shown else 'connecting']} {clean(store.target)} …"]
    share = bar(shown.files_done, shown.files_total)
    counts = f"({shown.files_done:,}/{_total(shown)} files)"
    head = f"{share} {counts}  {size(shown.bytes_done)}"
    if shown.rate:
        head += f"  {rate(shown.rate)}"
    return [head, f"current: {clean(shown.current)}"] if shown.current else [head]


def synced(store: Store) -> str:
    """Return what a sync that has just ended did."""
    report = store.last_sync
    if report is None:
        return f"{clean(store.name)} has not been synced."
    took = duration(report.seconds)
    return f"Synced {clean(store.name)} in {took}: {_changes(report)}. It has {_holdings(store)}."


def unreadable(store: Store) -> str | None:
    """Return a warning about entries that could not be read, if there are any."""
    if not store.unreadable:
        return None
    entries = "1 entry" if store.unreadable == 1 else f"{store.unreadable:,} entries"
    return f"{entries} of {store.name} could not be read whole: runicornctl store problems {store.name}"


def problems(found: StoreProblemsResult) -> list[str]:
    """Return what of a store cannot be read, and why, with how many more there are."""
    paint = Paint(sys.stdout)
    lines = []
    for one in found.problems:
        what = {"run": "run ", "file": ""}.get(one.kind, "")
        lines.append(f"{paint('red', '!')} {what}{clean(one.label)}: {block(one.reason, '  ')}")
        if one.path != one.label:
            lines.append(f"  {paint('dim', clean(one.path))}")
    return lines


def left(kept: StoreLeft) -> list[str]:
    """Return what a store that was forgotten has left, and how that is cleared."""
    if not kept.downloads:
        return []
    versions = counted(kept.downloads, "downloaded version")
    name = shlex.quote(clean(kept.store))
    return [
        f"Kept {versions}, {size(kept.downloads_bytes)}, in {clean(kept.path)}",
        f"To remove them, too: runicornctl cache clear --removed --store {name}",
    ]


def _total(shown: SyncProgress) -> str:
    return "?" if shown.files_total is None else f"{shown.files_total:,}"


def _changes(report: SyncReport) -> str:
    if not report.changed and not report.removed:
        return "nothing has changed"
    parts = [f"{counted(report.changed, 'file')} changed"] if report.changed else []
    if report.removed:
        parts.append(f"{report.removed:,} removed")
    return f"{', '.join(parts)} ({size(report.received_bytes)} received)"


def _holdings(store: Store) -> str:
    text = (
        f"{counted(store.artifacts, 'artifact')} in {counted(store.versions, 'version')},"
        f" {counted(store.runs, 'run')}"
    )
    return f"{text}; {store.unreadable:,} unreadable" if store.unreadable else text


def _synced(report: SyncReport | None) -> str:
    if report is None:
        return "never"
    return f"{moment(report.at)}, took {duration(report.seconds)}: {_changes(report)}"


def _schedule(store: Store) -> str:
    text = interval(store.interval_s)
    if store.next_sync is None:
        return text
    # A time that has come already is one that is about to be used.
    return f"{text}, next at {moment(store.next_sync).partition(' (')[0][-5:]}"
