"""``rpc``: any method of the daemon, for scripts and for the curious."""

from __future__ import annotations

import json
import sys

import click

from runicornctl import options
from runicornctl.failure import Failure
from runicornctl.output import SCHEMA, print_json
from runicornctl.reach import open_client
from runicornd.protocol.exits import Exit
from runicornd.protocol.framing import MAX_LINE_BYTES


@click.command("rpc", short_help="Call a method of the daemon and print its result.")
@click.argument("method")
@click.argument("params", default="{}", metavar="[PARAMS|-]")
@options.timeout_option(60.0, "How long to wait for the answer.")
def rpc_command(method: str, params: str, *, timeout_s: float) -> int:
    """Call METHOD with PARAMS, a JSON object ('-' reads it), and print the result as JSON.

    'runicornctl rpc rpc.discover' describes all methods. An error is printed as JSON on standard error.
    """
    given = _parsed(sys.stdin.read(MAX_LINE_BYTES) if params == "-" else params)
    try:
        with open_client() as client:
            result = client.call_raw(method, given, timeout_s=timeout_s)
    except Failure as failure:
        _complain(failure)
        is_answer = failure.code in {Exit.FAILED, Exit.NEEDS_INPUT}
        return int(Exit.FAILED if is_answer else failure.code)
    print_json(json.loads(result or b"null"))
    return int(Exit.OK)


def _parsed(text: str) -> object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise click.UsageError(f"PARAMS is not JSON: {exc}", click.get_current_context()) from exc
    if not isinstance(value, dict):
        raise click.UsageError("PARAMS is not a JSON object", click.get_current_context())
    return value


def _complain(failure: Failure) -> None:
    error = {
        "kind": failure.kind,
        "message": failure.message,
        "hint": failure.hint,
        "context": failure.context,
    }
    print(json.dumps({"schema": SCHEMA, "error": error}, indent=2), file=sys.stderr)  # noqa: T201 - the output
