"""Why something is where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc.failures import error_data

if TYPE_CHECKING:
    from runicornd.errors import RunicorndError
    from runicornd.protocol import models


def reason(error: RunicorndError | None) -> models.ErrorData | None:
    """The error of a state, if it has one."""
    return None if error is None else error_data(error)
