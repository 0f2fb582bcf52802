"""Stores and downloads that run, as ``status`` shows them below the sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornctl.download_text import AT_REST, percent, state_of
from runicornctl.quantities import ago, rate, size
from runicornctl.render import Table, clean, duration, problem
from runicornctl.store_text import progress_lines
from runicornctl.store_text import state_of as state_of_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runicornd.protocol.models import Download, Store


def sections(stores: Iterable[Store], downloads: Iterable[Download], now: float) -> list[list[str]]:
    """Return the lines of each section that there is something for; ``now`` is in seconds since the epoch."""
    known = sorted(stores, key=lambda store: store.name)
    running = [each for each in downloads if each.state not in AT_REST]
    parts = []
    if known:
        parts.append(_stores(known, now))
    if running:
        parts.append(_downloads(running))
    return parts


def _stores(stores: Sequence[Store], now: float) -> list[str]:
    table = Table(["STORE", "STATE", "ARTIFACTS", "SYNCED", "TARGET"])
    for store in stores:
        table.add(
            store.name,
            state_of_store(store),
            f"{store.artifacts:,}",
            ago(store.last_sync.at, now) if store.last_sync else "never",
            store.target,
        )
    notes = [_store_notes(store) for store in stores]
    return _with_notes(table, notes)


def _store_notes(store: Store) -> list[str]:
    if store.progress:
        return [f"  {progress_lines(store)[0]}"]
    if store.error:
        return problem(store.error.message, store.error.hint)
    return [f"  {clean(store.detail)}"] if store.detail else []


def _downloads(downloads: Sequence[Download]) -> list[str]:
    table = Table(["DOWNLOAD", "STATE", "ARTIFACT", "SIZE", "DONE", "RATE", "LEFT", "STORE"])
    for one in downloads:
        table.add(
            one.id,
            state_of(one),
            one.ref,
            size(one.bytes_total),
            percent(one),
            rate(one.rate) if one.rate else "-",
            "-" if one.left_s is None else duration(one.left_s),
            one.store,
        )
    return _with_notes(table, [[f"  {clean(one.detail)}"] if one.detail else [] for one in downloads])


def _with_notes(table: Table, notes: Iterable[Sequence[str]]) -> list[str]:
    heading, *rows = table.lines()
    lines = [heading]
    for row, more in zip(rows, notes, strict=True):
        lines += [row, *more]
    return lines
