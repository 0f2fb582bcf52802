"""``completion``: the script that teaches a shell our words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HELP = {
    "bash": 'eval "$(runicornctl completion bash)"',
    "zsh": 'eval "$(runicornctl completion zsh)"',
    "fish": "runicornctl completion fish | source",
}


@click.command("completion", epilog="Put into the shell's start-up file: " + "; ".join(_HELP.values()))
@click.argument("shell", type=click.Choice(sorted(_HELP)))
@click.pass_context
def completion_command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL."""
    root = ctx.find_root()
    completer = get_completion_class(shell)
    if completer is None:
        raise click.UsageError(f"click does not know {shell}", ctx)
    name = "runicornctl"
    click.echo(completer(root.command, {}, name, f"_{name.upper()}_COMPLETE").source())
