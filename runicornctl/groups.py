"""Groups of commands: an unknown word gets a suggestion, and only the command that runs is imported."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class SuggestingGroup(click.Group):
    """A group that answers a misspelt command with the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; raise ``UsageError`` with a suggestion when there is none."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            from difflib import get_close_matches  # noqa: PLC0415 - only who mistypes pays for it

            close = get_close_matches(name, self.list_commands(ctx), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            raise click.UsageError(f"no such command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(SuggestingGroup):
    """A group whose commands live in modules that are imported when they are used.

    Args:
        modules: The module of each command, in the order of the help; it has the command under its
            name.
    """

    def __init__(self, *, modules: Mapping[str, str], **attributes: object) -> None:
        super().__init__(**attributes)  # type: ignore[arg-type]  # click's own keywords, passed through
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return all names."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command's module and return the command; None when there is none of that name."""
        module = self._modules.get(cmd_name)
        if module is None:
            return None
        return cast(click.Command, getattr(import_module(module), f"{cmd_name}_command"))
