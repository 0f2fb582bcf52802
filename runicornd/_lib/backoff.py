"""How long to wait before each next try."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator


def delays(
    rng: random.Random, *, first_s: float = 0.1, factor: float = 2.0, cap_s: float = 30.0
) -> Iterator[float]:
    """Yield delays in seconds without end: they grow by ``factor`` up to ``cap_s``.

    Each one is drawn from the upper half of its range, so that many links do not try in step.
    """
    ceiling = min(first_s, cap_s)
    while True:
        yield rng.uniform(ceiling / 2, ceiling)
        ceiling = min(ceiling * factor, cap_s)
