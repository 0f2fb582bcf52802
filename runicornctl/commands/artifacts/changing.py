"""``artifacts delete``, ``restore``, ``alias`` and ``tag``: done at the store itself."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.changing import make_change
from runicornctl.commands.artifacts.confirming import confirm_deletion
from runicornctl.output import print_result, say
from runicornctl.quantities import size
from runicornctl.render import clean
from runicornctl.terminal import Terminal
from runicornd.protocol.models import (
    AliasParams,
    Artifact,
    ArtifactParams,
    Changed,
    DeleteParams,
    TagParams,
)

if TYPE_CHECKING:
    from runicornd.protocol.models import Params


@click.command("delete", short_help="Delete a version at its store.")
@options.ref_argument
@click.option("--permanently", is_flag=True, help="Delete its files for good, and free their space.")
@click.option("--yes", is_flag=True, help="Do not ask; with --permanently give --confirm as well.")
@click.option("--confirm", type=options.TEXT, metavar="NAME", help="The artifact's name, for --permanently.")
@options.store_option
@options.json_option
def delete_command(
    ref: str, *, permanently: bool, yes: bool, confirm: str | None, store: str | None, as_json: bool
) -> None:
    """Delete a version at its store: by default softly, so that 'artifacts restore' brings it back."""
    terminal = Terminal.find(as_json=as_json)
    with open_or_start() as client:
        found = client.call("artifacts.get", Artifact, ArtifactParams(ref, store))
        name = confirm_deletion(found, terminal, permanently=permanently, is_sure=yes, confirm=confirm)
        exact = f"{found.type}/{found.name}:v{found.version}"
        params = DeleteParams(exact, store=found.store, permanently=permanently, confirm=name)
        changed = make_change(client, terminal, "artifacts.delete", params, store=found.store)
    _show(changed, as_json=as_json)
    if not as_json and not permanently and changed.changed:
        click.echo(f"Bring it back with: runicornctl artifacts restore {clean(shlex.quote(exact))}")


@click.command("restore", short_help="Undo a soft delete.")
@options.ref_argument
@options.store_option
@options.json_option
def restore_command(ref: str, *, store: str | None, as_json: bool) -> None:
    """Bring a softly deleted version back, at its store."""
    _change("artifacts.restore", ArtifactParams(ref, store), store, as_json=as_json)


@click.command("alias", short_help="Set or remove an alias of a version.")
@options.ref_argument
@click.argument("alias", type=options.TEXT, metavar="NAME")
@click.option("--remove", is_flag=True, help="Remove the alias instead.")
@options.store_option
@options.json_option
def alias_command(ref: str, alias: str, *, remove: bool, store: str | None, as_json: bool) -> None:
    """Let the alias NAME mean this version; the version that had it loses it."""
    params = AliasParams(ref, alias, store=store, remove=remove)
    _change("artifacts.alias", params, store, as_json=as_json)


@click.command("tag", short_help="Add and remove tags of a version.")
@options.ref_argument
@click.argument("tags", nargs=-1, metavar="[+]TAG…")
@click.option("--remove", "removed", multiple=True, metavar="TAG", help="Remove this tag; may be repeated.")
@options.store_option
@options.json_option
def tag_command(
    ref: str, tags: tuple[str, ...], *, removed: tuple[str, ...], store: str | None, as_json: bool
) -> None:
    """Add TAGs to a version."""
    added = [tag.removeprefix("+") for tag in tags]
    if not all([*added, *removed]) or not (added or removed):
        raise click.UsageError("give a tag to add, or --remove TAG", click.get_current_context())
    params = TagParams(ref, store=store, add=added, remove=list(removed))
    _change("artifacts.tag", params, store, as_json=as_json)


def _change(method: str, params: Params, store: str | None, *, as_json: bool) -> None:
    terminal = Terminal.find(as_json=as_json)
    with open_or_start() as client:
        changed = make_change(client, terminal, method, params, store=store)
    _show(changed, as_json=as_json)


def _show(changed: Changed, *, as_json: bool) -> None:
    if as_json:
        print_result(changed)
        return
    freed = f" Freed {size(changed.freed_bytes)}." if changed.freed_bytes else ""
    click.echo(f"{clean(changed.message).rstrip('.')}.{freed}")
    if changed.hint:
        say(clean(changed.hint))
