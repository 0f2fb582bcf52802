"""Taking the time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(work: Callable[[], object]) -> float:
    """How long it took; what it returns is dropped."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
