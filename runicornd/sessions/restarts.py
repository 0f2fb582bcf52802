"""How often a viewer is started again before we give up."""

from __future__ import annotations

from dataclasses import dataclass, field

# Seconds before each restart in a row; after the last one the session fails.
DELAYS_S = (0.0, 1.0, 2.0, 4.0)
STABLE_S = 120.0


@dataclass(slots=True)
class RestartBudget:
    """Counts restarts in a row; a viewer that stays ready for ``stable_s`` seconds fills it again.

    Args:
        delays_s: Seconds to wait before each restart in a row.
        stable_s: How long a viewer must have been ready to count as stable.
    """

    delays_s: tuple[float, ...] = DELAYS_S
    stable_s: float = STABLE_S
    _used: int = field(default=0)

    def next_delay(self, ready_for_s: float) -> float | None:
        """Return how long to wait before the next start, in seconds, or None when it is used up.

        Args:
            ready_for_s: How long the viewer that just went away had been ready.
        """
        if ready_for_s >= self.stable_s:
            self._used = 0
        if self._used >= len(self.delays_s):
            return None
        self._used += 1
        return self.delays_s[self._used - 1]

    def refill(self) -> None:
        """Start counting again, because a person asked for the restart."""
        self._used = 0
