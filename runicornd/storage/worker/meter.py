"""How far a download is and how fast it goes, and how fast all may go together."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from runicornd.storage.downloads.model import Totals

if TYPE_CHECKING:
    from runicornd._lib.clock import Clock

RATE_WINDOW_S = 5.0
# What an unused limit may gather.
BURST_S = 0.5


class Meter:
    """Counts one download.

    Args:
        files, size: Of all of it; ``size`` in bytes.

    ``received`` counts what came over the link, also what had to be thrown away.
    """

    def __init__(self, clock: Clock, files: int, size: int) -> None:
        self._clock = clock
        self._files = files
        self._size = size
        self._samples: deque[tuple[float, int]] = deque([(clock.monotonic(), 0)])
        self.received = 0
        self.files_done = 0
        self.bytes_done = 0
        self.skipped = 0

    def fetched(self, size: int) -> None:
        """Bytes came over the link."""
        self.received += size
        self.bytes_done += size

    def expect(self, size: int) -> None:
        """So much more is part of it than was known."""
        self._size += size

    @property
    def totals(self) -> Totals:
        """The counts now."""
        return Totals(
            files_done=self.files_done,
            files_total=self._files,
            bytes_done=max(0, min(self.bytes_done, self._size)),
            bytes_total=self._size,
            skipped=self.skipped,
        )

    def rate(self) -> float:
        """Bytes a second over the last seconds. Call it a few times a second."""
        now = self._clock.monotonic()
        self._samples.append((now, self.received))
        while len(self._samples) > 2 and self._samples[0][0] < now - RATE_WINDOW_S:
            self._samples.popleft()
        began, before = self._samples[0]
        return (self.received - before) / (now - began) if now > began else 0.0


class Bucket:
    """A token bucket: lets so many bytes a second through on average.

    Args:
        rate: Bytes a second; 0 is no limit.
    """

    def __init__(self, clock: Clock, rate: float = 0.0) -> None:
        self._clock = clock
        self._rate = rate
        self._tokens = 0.0
        self._filled = clock.monotonic()

    @property
    def rate(self) -> float:
        """Bytes a second; 0 is no limit."""
        return self._rate

    def limit(self, rate: float) -> None:
        """Let this hold from now on."""
        self._fill()
        self._rate = rate
        self._tokens = min(self._tokens, 0.0)

    def take(self, size: int) -> float:
        """Take so many bytes; return how many seconds to wait before they may be used."""
        if not self._rate:
            return 0.0
        self._fill()
        self._tokens -= size
        return max(0.0, -self._tokens / self._rate)

    def _fill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(self._tokens + (now - self._filled) * self._rate, self._rate * BURST_S)
        self._filled = now
