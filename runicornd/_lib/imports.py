"""Imports that leave out what nobody here needs: somebody waits for them."""

from __future__ import annotations

import contextlib
import gc
import os
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


@contextlib.contextmanager
def quick(**variables: str) -> Iterator[None]:
    """Within the block these environment variables have these values, and the collector rests.

    Nothing that is imported becomes garbage: it is looked through neither now nor later.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
