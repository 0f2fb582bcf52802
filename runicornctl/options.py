"""Arguments and options that several commands share, with what the shell offers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

F = TypeVar("F", bound="Callable[..., object]")

# Whoever waits longer wants a service, not a command.
MAX_SECONDS = 86400.0


class _Text(click.types.StringParamType):
    """A text that says something: an empty one mostly comes from a variable that is not set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401 - click's signature
        """Return the text as it is."""
        text = str(super().convert(value, param, ctx))
        if not text:
            self.fail("it is empty", param, ctx)
        return text


TEXT = _Text()


def _targets(_ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.targets(word)


def _sessions(_ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.sessions(word)


def _saved(_ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.saved_hosts(word)


def target_argument(function: F) -> F:
    """Add ``TARGET``: an OpenSSH alias, ``[user@]host[:port]``, a saved host, or ``local``."""
    return click.argument("target", type=TEXT, shell_complete=_targets)(function)


def saved_host_argument(function: F) -> F:
    """Add ``NAME`` of a saved host."""
    return click.argument("name", type=TEXT, shell_complete=_saved)(function)


def session_argument(function: F) -> F:
    """Add ``SESSION``: an id, or a target that has one session only."""
    return click.argument("session", type=TEXT, metavar="SESSION|TARGET", shell_complete=_sessions)(function)


def subject_argument(function: F) -> F:
    """Add an optional session or target."""
    argument = click.argument("subject", metavar="[SESSION|TARGET]", required=False, shell_complete=_sessions)
    return argument(function)


def json_option(function: F) -> F:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")(function)


def timeout_option(default_s: float, what: str) -> Callable[[F], F]:
    """Add ``--timeout`` in seconds; what it limits is for the help."""
    return click.option(
        "--timeout",
        "timeout_s",
        type=click.FloatRange(0, MAX_SECONDS, min_open=True),
        default=default_s,
        show_default=True,
        metavar="SECONDS",
        help=what,
    )


def identity_options(function: F) -> F:
    """Add ``--identity`` and ``--paste-key``."""
    function = click.option(
        "--paste-key",
        is_flag=True,
        help="Read a private key from the terminal (not shown) or from standard input. It is kept in"
        " memory only.",
    )(function)
    return click.option("--identity", "-i", metavar="FILE", help="Private key to try before all others.")(
        function
    )
