"""How much the far end may send before we have taken it: what each path needs, little in all.

A channel's window (RFC 4254, section 5.2) has to hold what is on its way: the bandwidth of the path times its
round trip. It is also what waits in memory for a reader who stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LINK_BYTES = 64 * 1024 * 1024
MOST_BYTES = 24 * 1024 * 1024
START_BYTES = 1024 * 1024
LEAST_BYTES = 64 * 1024
NEAR_S = 0.015
"""For a shorter round trip the first window is enough for a line of a gigabit. A larger one would let
others wait behind what is on its way, and let sshd gather more than it handles well."""

GROWTH = 4
SHARE = 64
"""A new channel begins with at most this part of what is left."""


class Allowance:
    """What all channels of one link share.

    Args:
        total: Bytes of all windows together. When they are spent, a new channel still gets ``LEAST_BYTES``.
        round_trip_s: About how long a question to the server takes; ``measured`` tells better.
    """

    def __init__(self, total: int = LINK_BYTES, round_trip_s: float = 0.0) -> None:
        self.round_trip_s = round_trip_s
        self.left = total
        self._kept = total // 4

    def measured(self, seconds: float) -> None:
        """A question was answered after so long; the quickest answer has the least of other work in it."""
        self.round_trip_s = min(self.round_trip_s or seconds, seconds)

    def take(self, wanted: int) -> int:
        """Take that much for growing, or what may be taken; a quarter is kept for the beginning of others."""
        taken = max(0, min(wanted, self.left - self._kept))
        self.left -= taken
        return taken

    def take_first(self) -> int:
        """What a new channel begins with; at least ``LEAST_BYTES``, whatever is left."""
        size = max(LEAST_BYTES, min(START_BYTES, self.left // SHARE))
        self.left -= size
        return size

    def give_back(self, size: int) -> None:
        """A channel of that window has ended."""
        self.left += size


class Window:
    """The window of one channel. It grows while it is what holds the sender up.

    Args:
        allowance: What the link's channels share.
        clock: Monotonic, in seconds.
    """

    def __init__(self, allowance: Allowance, clock: Callable[[], float]) -> None:
        self.size = allowance.take_first()
        self._allowance = allowance
        self._clock = clock
        self._received = 0
        self._since = 0.0

    def received(self, count: int) -> int:
        """Hear of received bytes; return by how much the window is larger now.

        Half of a window that comes in less than a round trip is a sender who was waiting for more room. A
        reader who is slower than the path delays this by his own pace, and so keeps his window small.
        """
        if not self._received:
            self._since = self._clock()
        self._received += count
        if self._received < self.size // 2:
            return 0
        self._received = 0
        round_trip_s = self._allowance.round_trip_s
        took_s = self._clock() - self._since
        if self.size >= MOST_BYTES or round_trip_s < NEAR_S or took_s >= round_trip_s:
            return 0
        more = self._allowance.take(min(self.size * GROWTH, MOST_BYTES) - self.size)
        self.size += more
        return more

    def close(self) -> None:
        """The channel has ended. Safe to call again."""
        size, self.size = self.size, 0
        self._allowance.give_back(size)
