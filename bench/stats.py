"""The few statistics of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ENOUGH_FOR_PERCENTILES = 10
ENOUGH_FOR_P95 = 20
ENOUGH_FOR_P99 = 200


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them is, linear between neighbours; there must be one at least."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return quantile(values, 0.5)


def summary(values: Sequence[float]) -> dict[str, float]:
    """Count, median, spread, and the 95th and 99th percentiles where there are values enough for them."""
    if not values:
        return {"count": 0}
    numbers = {
        "count": len(values),
        "median": median(values),
        "min": min(values),
        "p10": quantile(values, 0.1),
        "p90": quantile(values, 0.9),
        "max": max(values),
    }
    if len(values) >= ENOUGH_FOR_P95:
        numbers["p95"] = quantile(values, 0.95)
    if len(values) >= ENOUGH_FOR_P99:
        numbers["p99"] = quantile(values, 0.99)
    return numbers


def spread(values: Sequence[float]) -> tuple[str, float, float]:
    """The name and the ends of the spread: p10 to p90, or min to max of a few values."""
    if len(values) < ENOUGH_FOR_PERCENTILES:
        return "min to max", min(values), max(values)
    return "p10 to p90", quantile(values, 0.1), quantile(values, 0.9)
