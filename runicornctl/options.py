"""Arguments and options that several commands share, with what the shell offers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from runicornctl.quantities import parsed_interval, parsed_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

F = TypeVar("F", bound="Callable[..., object]")

# Whoever waits longer wants a service, not a command.
MAX_SECONDS = 86400.0
# As the daemon takes them.
MIN_INTERVAL_S = 10.0
MAX_INTERVAL_S = 7 * 86400.0


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


def _stores(_ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.stores(word)


def _refs(ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.refs(word, ctx.params.get("store"))


def _downloads(_ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.downloads(word)


def _forwards(_ctx: click.Context, _param: click.Parameter, word: str) -> list[CompletionItem]:
    from runicornctl import completing  # noqa: PLC0415 - only the shell pays for it

    return completing.forwards(word)


def target_argument(function: F) -> F:
    """Add ``TARGET``: an OpenSSH alias, ``[user@]host[:port]``, a saved host, or ``local``."""
    return click.argument("target", type=TEXT, shell_complete=_targets)(function)


def optional_target_argument(function: F) -> F:
    """Add a ``TARGET`` that may be left out."""
    argument = click.argument("target", type=TEXT, required=False, shell_complete=_targets)
    return argument(function)


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


def store_argument(function: F) -> F:
    """Add ``NAME`` of a store."""
    return click.argument("name", type=TEXT, shell_complete=_stores)(function)


def optional_store_argument(function: F) -> F:
    """Add an optional ``NAME`` of a store; without it the store in use is meant."""
    return click.argument("name", type=TEXT, required=False, shell_complete=_stores)(function)


def store_option(function: F) -> F:
    """Add ``--store``; without it the store in use is meant."""
    option = click.option(
        "--store",
        type=TEXT,
        metavar="NAME",
        shell_complete=_stores,
        help="The store that is meant; by default the one in use.",
    )
    return option(function)


def ref_argument(function: F) -> F:
    """Add ``REF``: ``NAME``, ``NAME:v3``, ``NAME:ALIAS``, each also with ``TYPE/`` before it."""
    return click.argument("ref", type=TEXT, shell_complete=_refs)(function)


def download_argument(function: F) -> F:
    """Add ``ID`` of a download."""
    return click.argument("download", type=TEXT, metavar="ID", shell_complete=_downloads)(function)


def close_forward_option(function: F) -> F:
    """Add ``--close ID`` of a forward."""
    option = click.option(
        "--close",
        "close_id",
        type=TEXT,
        metavar="ID",
        shell_complete=_forwards,
        help="Close the forward of that id.",
    )
    return option(function)


class _Quantity(click.types.StringParamType):
    """A size or a time as people write it."""

    def __init__(self, name: str, parse: Callable[[str], float]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Return bytes or seconds."""
        try:
            return self._parse(value) if isinstance(value, str) else value
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


def _sync_interval(text: str) -> float:
    """Return seconds. Raises ValueError."""
    seconds = parsed_interval(text)
    if not MIN_INTERVAL_S <= seconds <= MAX_INTERVAL_S:
        raise ValueError(f"{text!r} is not between 10s and 7d")
    return seconds


SIZE = _Quantity("size", parsed_size)
INTERVAL = _Quantity("interval", _sync_interval)


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
