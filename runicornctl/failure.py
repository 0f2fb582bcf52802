"""What a command says when it cannot do its work, and the exit code that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping


class Failure(Exception):
    """The command failed in a way that its user can understand.

    Args:
        message: "cannot X: why". Not yet escaped for a terminal.
        kind: The stable word that programs match on.
        hint: What to do next.
        code: What the shell sees.
        context: Facts for programs, as JSON values.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "failed",
        hint: str = "",
        code: int = Exit.FAILED,
        context: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.hint = hint
        self.code = code
        self.context = dict(context or {})


class DaemonNotRunning(Failure):
    """Nothing answers on the socket."""

    def __init__(self, message: str = "the daemon is not running", hint: str = "") -> None:
        super().__init__(
            message,
            kind="daemon_not_running",
            hint=hint or "start it with: runicornctl daemon start",
            code=Exit.NO_DAEMON,
        )


class ConnectionLost(Failure):
    """The daemon went away while the command talked to it."""

    def __init__(self) -> None:
        super().__init__(
            "lost the connection to the daemon",
            kind="connection_lost",
            hint="see why with: runicornctl daemon logs",
            code=Exit.NO_DAEMON,
        )


class TimedOut(Failure):
    """What was waited for did not happen in time."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, kind="timed_out", hint=hint, code=Exit.TIMED_OUT)


class NeedsInput(Failure):
    """A question waits for a person and there is no terminal to ask it at."""

    def __init__(self, message: str, hint: str, context: Mapping[str, object]) -> None:
        super().__init__(message, kind="needs_input", hint=hint, code=Exit.NEEDS_INPUT, context=context)
