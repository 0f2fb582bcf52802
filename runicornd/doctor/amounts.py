"""Amounts as the doctor writes them, and when there is too little of them."""

from __future__ import annotations

LITTLE_BYTES = 1_000_000_000
LITTLE_SHARE = 0.05
NOTHING_BYTES = 1_000_000


def size(count: float) -> str:
    """Bytes for people: ``12.3 GB``, decimal units."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def is_full(free: int, size_bytes: int) -> bool:
    """Whether nothing more can be written. A size of 0 is one that nobody knows."""
    return size_bytes > 0 and free < NOTHING_BYTES


def is_low(free: int, size_bytes: int) -> bool:
    """Whether there is little room: less than 1 GB or 5 %. A small disk that is empty is not low."""
    return size_bytes > 0 and (free < min(LITTLE_BYTES, size_bytes / 2) or free < size_bytes * LITTLE_SHARE)


def seconds(duration_s: float) -> str:
    """A length of time for people: ``12 ms``, ``1.4 s``, ``3 min``, ``2.5 h``, ``4 days``."""
    if duration_s < 1:
        return f"{duration_s * 1000:.3g} ms"
    if duration_s < 120:
        return f"{duration_s:.3g} s"
    if duration_s < 2 * 3600:
        return f"{duration_s / 60:.0f} min"
    if duration_s < 48 * 3600:
        return f"{duration_s / 3600:.1f} h"
    return f"{duration_s / 86400:.0f} days"
