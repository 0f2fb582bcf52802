"""What a command prints: JSON for programs, errors for both."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runicornctl.render import Paint, block, clean

if TYPE_CHECKING:
    from runicornctl.failure import Failure

SCHEMA = 1


def print_json(value: object) -> None:
    """Print one JSON value on standard output, in ASCII: no terminal can be steered by it."""
    import json  # noqa: PLC0415 - only commands that print JSON pay for it

    import msgspec  # noqa: PLC0415 - the same

    print(json.dumps(msgspec.to_builtins(value), indent=2))  # noqa: T201 - this is the output


def print_result(value: object, **more: object) -> None:
    """Print a result of the daemon as the versioned JSON object that programs read."""
    import msgspec  # noqa: PLC0415 - only commands that print JSON pay for it

    fields = msgspec.to_builtins(value)
    print_json({"schema": SCHEMA, **fields, **more})


def report(failure: Failure, *, as_json: bool) -> None:
    """Tell why a command failed: message and hint on standard error, and as JSON if that was asked for."""
    if as_json:
        error = {
            "kind": failure.kind,
            "message": failure.message,
            "hint": failure.hint,
            "context": failure.context,
        }
        print_json({"schema": SCHEMA, "error": error})
    paint = Paint(sys.stderr)
    say(f"{paint('red', 'error:')} {block(failure.message, '  ')}")
    if failure.hint:
        say(f"{paint('cyan', 'hint:')}  {block(failure.hint, '  ')}")


def say(line: str) -> None:
    """Print a line for people on standard error. The caller has cleaned it."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is the output


def warn(text: str) -> None:
    """Print a warning for people on standard error."""
    say(f"{Paint(sys.stderr)('yellow', 'warning:')} {clean(text)}")
