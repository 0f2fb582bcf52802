"""``envs``: the Python environments of a host."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.commands.connect import auth_of
from runicornctl.follow import asking_for
from runicornctl.output import print_result, say
from runicornctl.questions import Questioner
from runicornctl.render import Paint, Table, block, clean
from runicornctl.terminal import Terminal
from runicornctl.world import World
from runicornd.protocol.models import EnvsParams, EnvsResult

if TYPE_CHECKING:
    from runicornd.protocol.models import Environment


@click.command("envs", short_help="List the Python environments of TARGET.")
@options.target_argument
@click.option("--viewer", metavar="KIND", help="Viewer kind that shall run in them; default: runicorn.")
@options.identity_options
@options.json_option
@options.timeout_option(120.0, "How long to wait; the time you take to answer does not count.")
def envs_command(
    target: str,
    *,
    viewer: str | None,
    identity: str | None,
    paste_key: bool,
    as_json: bool,
    timeout_s: float,
) -> None:
    """List the Python environments of TARGET and say in which of them a viewer can run."""
    terminal = Terminal.find(as_json=as_json)
    params = EnvsParams(target=target, viewer=viewer, auth=auth_of(identity, terminal, paste_key=paste_key))
    with open_or_start() as client:
        on_event = asking_for(World(client), Questioner(client, terminal), target)
        on_event(None)
        result = client.call("envs.list", EnvsResult, params, timeout_s=timeout_s, on_event=on_event)
    if as_json:
        print_result(result)
    else:
        _show(result)


def _show(result: EnvsResult) -> None:
    if not result.environments:
        click.echo(f"No Python environment was found on {clean(result.target)}.")
        return
    paint = Paint(sys.stdout)
    yes, no = paint.symbol("✓", "+"), paint.symbol("✗", "-")
    table = Table(["", "NAME", "KIND", "PYTHON", "RUNICORN", "STORAGE ROOT", "PATH"])
    for env in result.environments:
        mark = (yes, "green") if env.usable else (no, "red")
        version = env.runicorn_version or ("not installed", "dim")
        root = env.storage_root or "-"
        table.add(mark, env.name, env.kind, env.python_version or "?", version, root, env.python)
    click.echo("\n".join(table.lines()))
    _explain([env for env in result.environments if not env.usable])
    chosen = [env.name for env in result.environments if env.python == result.chosen]
    if chosen:
        say(f"\n'connect' takes {clean(chosen[0])}.")


def _explain(unusable: list[Environment]) -> None:
    for env in unusable:
        click.echo(f"\n{clean(env.name)}: {block(env.reason, '  ')}")
        if env.fix:
            click.echo(f"  {clean(env.fix)}")
