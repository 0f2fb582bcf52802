"""Imports that leave out what nobody here needs: somebody waits for them."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def without(name: str) -> Iterator[None]:
    """Within the block a library seems not to be installed, unless it is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment] # Python takes this for "there is none"
    try:
        yield
    finally:
        del sys.modules[name]
