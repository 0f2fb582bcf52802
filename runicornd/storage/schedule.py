"""When a store is synced by itself: at its interval, and sooner after a failure that may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd._lib.backoff import delays

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from runicornd._lib.clock import Clock

FIRST_DELAY_S = 15.0
JITTER = 0.05


class Schedule:
    """The time of the next sync.

    It is kept in the clock's boot time, which goes on while the machine sleeps.

    Args:
        interval_s: Seconds between two syncs; None: never by itself.
        clock: The time.
        rng: For jitter, so that many stores are not synced in step.
    """

    def __init__(self, interval_s: float | None, clock: Clock, rng: random.Random) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._rng = rng
        self._due: float | None = None
        self._delays = self._backoff()

    @property
    def left_s(self) -> float | None:
        """Seconds until the next sync, 0 when it is overdue; None when none will come by itself."""
        return None if self._due is None else max(0.0, self._due - self._clock.boot_time())

    @property
    def next_at(self) -> float | None:
        """When the next sync comes by itself, in seconds since the epoch."""
        left = self.left_s
        return None if left is None else self._clock.wall() + left

    def use(self, interval_s: float | None) -> None:
        """Take another interval, counted from now."""
        self._interval_s = interval_s
        self.forgive()
        self.succeeded()

    def resume(self, last: float | None) -> None:
        """Go on after a sync of an earlier daemon, ``last`` seconds since the epoch; None: never one."""
        if self._interval_s is None:
            return
        age = self._interval_s if last is None else max(0.0, self._clock.wall() - last)
        self._plan(self._interval_s - age)

    def succeeded(self) -> None:
        """A sync has ended well, or was called off: the next one comes at the interval."""
        self.forgive()
        self._plan(self._pause())

    def failed(self, *, may_pass: bool) -> None:
        """A sync has failed: the next one comes at the interval, or after a growing pause if sooner."""
        pause = self._pause()
        if pause is not None and may_pass:
            pause = min(pause, next(self._delays))
        self._plan(pause)

    def forgive(self) -> None:
        """Begin the growing pauses afresh."""
        self._delays = self._backoff()

    def stop(self) -> None:
        """Plan nothing."""
        self._due = None

    def _pause(self) -> float | None:
        if self._interval_s is None:
            return None
        return self._interval_s * self._rng.uniform(1 - JITTER, 1 + JITTER)

    def _plan(self, pause_s: float | None) -> None:
        self._due = None if pause_s is None else self._clock.boot_time() + pause_s

    def _backoff(self) -> Iterator[float]:
        return delays(self._rng, first_s=FIRST_DELAY_S, cap_s=max(FIRST_DELAY_S, self._interval_s or 0.0))
