"""``runicornctl``: the table of commands, and the one place where errors become exit codes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from runicornctl import VERSION
from runicornctl.failure import Failure
from runicornctl.groups import LazyGroup
from runicornd.protocol.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "runicornctl"
DEBUG = "RUNICORNCTL_DEBUG"
INTERRUPTED = 130
_COMMANDS = {
    "connect": "connect",
    "status": "status",
    "open": "sessions",
    "stop": "sessions",
    "restart": "sessions",
    "logs": "logs",
    "wait": "wait",
    "envs": "envs",
    "hosts": "hosts",
    "forward": "forward",
    "dashboard": "dashboard",
    "doctor": "doctor",
    "store": "store",
    "artifacts": "artifacts",
    "runs": "runs",
    "downloads": "downloads",
    "cache": "cache",
    "daemon": "daemon",
    "demo": "demo",
    "completion": "completion",
    "rpc": "rpc",
}


class App(LazyGroup):
    """The whole command line. Whatever goes wrong ends as a message and an exit code here."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 - click's signature
        **extra: Any,  # noqa: ANN401 - click's signature
    ) -> Any:  # noqa: ANN401 - click's signature
        """Run the command that the words name, and leave with its exit code."""
        words = list(sys.argv[1:] if args is None else args)
        _write_whatever_comes()
        try:
            code = super().main(words, prog_name or NAME, complete_var, standalone_mode=False, **extra)
        except Exception as exc:  # noqa: BLE001 - the last stop: no traceback reaches a user
            code = _explain(exc, as_json=_wants_json(words))
        sys.exit(int(code or 0))

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; a reader that went away is noticed here, where click deals with it."""
        result = super().invoke(ctx)
        sys.stdout.flush()
        return result


def _explain(exc: Exception, *, as_json: bool) -> int:
    from runicornctl.output import report  # noqa: PLC0415 - only what fails pays for it

    failure = _as_failure(exc)
    if isinstance(exc, click.UsageError) and exc.ctx is not None:
        click.echo(exc.ctx.get_usage(), err=True)
    if os.environ.get(DEBUG, "0") not in {"", "0"}:
        import traceback  # noqa: PLC0415 - only for those who ask

        traceback.print_exception(exc)
    with contextlib.suppress(BrokenPipeError):
        report(failure, as_json=as_json)
    return int(failure.code)


def _as_failure(exc: Exception) -> Failure:
    match exc:
        case Failure():
            return exc
        case click.UsageError():
            hint = f"see: {exc.ctx.command_path} --help" if exc.ctx else ""
            return Failure(exc.format_message(), kind="usage", hint=hint, code=Exit.USAGE)
        case click.ClickException():
            return Failure(exc.format_message())
        case click.Abort():
            return Failure("cancelled", kind="cancelled", code=INTERRUPTED)
        case _:
            return Failure(
                f"a mistake in {NAME} itself: {type(exc).__name__}: {exc}",
                kind="internal",
                hint=f"set {DEBUG}=1 to see where; the daemon's log is shown by: {NAME} daemon logs",
            )


def _wants_json(words: list[str]) -> bool:
    """Whether JSON was asked for; also known when the words could not be parsed."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _write_whatever_comes() -> None:
    """Let no character that the locale cannot write end a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


cli = App(
    name=NAME,
    modules={name: f"runicornctl.commands.{module}" for name, module in _COMMANDS.items()},
    help="Keeps the viewers of remote training servers open at stable local addresses, and their artifacts"
    " at hand.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 3 daemon not running, 4 daemon of another version,"
    " 5 a question waits for an answer, 6 timed out.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
click.version_option(VERSION, "-V", "--version", prog_name=NAME)(cli)


def main() -> None:
    """Run the command line and leave with its exit code."""
    cli.main()
