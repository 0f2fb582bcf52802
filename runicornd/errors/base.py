"""The root of all errors, and the values that their facts are."""

from __future__ import annotations

from typing import ClassVar

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class RunicorndError(Exception):
    """The root of the tree. ``str()`` of it is the message.

    Args:
        message: "cannot X: why", one sentence or a few lines, safe to show.
        hint: What the user can do next.
        context: Facts as JSON values, for programs.
    """

    kind: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "", **context: JsonValue) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.context = context
