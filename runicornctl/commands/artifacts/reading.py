"""``artifacts list``, ``show`` and ``lineage``: answered by the mirror, also without a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from runicornctl import artifact_text, options
from runicornctl.autostart import open_or_start
from runicornctl.output import print_result, say
from runicornctl.quantities import ago, counted
from runicornctl.render import clean
from runicornd.protocol.models import (
    Artifact,
    ArtifactParams,
    ArtifactsParams,
    ArtifactsResult,
    FilesParams,
    FilesResult,
    Lineage,
    LineageParams,
)

if TYPE_CHECKING:
    from runicornctl.client import Client

Sort = Literal["updated", "created", "name", "size", "versions"]
_PAGE = 500


@click.command("list", short_help="List and search artifacts.")
@click.argument("words", nargs=-1)
@click.option("--type", "kind", type=options.TEXT, metavar="TYPE", help="Only this type, such as model.")
@click.option("--search", metavar="WORDS", default="", help="The same as WORDS.")
@click.option(
    "--sort",
    type=click.Choice(["updated", "created", "name", "size", "versions"]),
    default="updated",
    show_default=True,
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--deleted", is_flag=True, help="Also artifacts of which all versions are deleted.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, metavar="N")
@click.option("--all", "is_all", is_flag=True, help="All, not only the first ones.")
@options.store_option
@options.json_option
def list_command(
    words: tuple[str, ...],
    *,
    kind: str | None,
    search: str,
    sort: Sort,
    reverse: bool,
    deleted: bool,
    limit: int,
    is_all: bool,
    store: str | None,
    as_json: bool,
) -> None:
    """List artifacts, or those that all WORDS are found in.

    A word is looked for at the beginning of the words of names, types, descriptions, tags, aliases and
    metadata.
    """
    params = ArtifactsParams(store=store, type=kind, sort=sort, deleted=deleted, limit=limit)
    params.search = " ".join([*words, *([search] if search else [])])
    if reverse:
        params.order = "down" if sort == "name" else "up"
    with open_or_start() as client:
        page = (
            _all_pages(client, params) if is_all else client.call("artifacts.list", ArtifactsResult, params)
        )
    if as_json:
        print_result(page)
    else:
        _show_page(page, is_filtered=bool(params.search or kind))


@click.command("show")
@options.ref_argument
@click.option("--files", "with_files", is_flag=True, help="List all files, with their whole digests.")
@options.store_option
@options.json_option
def show_command(ref: str, *, with_files: bool, store: str | None, as_json: bool) -> None:
    """Show a version: its metadata, files, references, history, and the runs that made and used it."""
    with open_or_start() as client:
        if with_files:
            _show_files(client, ref, store, as_json=as_json)
            return
        shown = client.call("artifacts.get", Artifact, ArtifactParams(ref, store))
    if as_json:
        print_result(shown)
    else:
        click.echo("\n".join(artifact_text.artifact_lines(shown)))


@click.command("lineage")
@options.ref_argument
@click.option("--up", is_flag=True, help="Only where it comes from.")
@click.option("--down", is_flag=True, help="Only what was made with it.")
@click.option("--depth", type=click.IntRange(1, 50), default=3, show_default=True, metavar="N")
@options.store_option
@options.json_option
def lineage_command(ref: str, *, up: bool, down: bool, depth: int, store: str | None, as_json: bool) -> None:
    """Show where a version comes from and what was made with it, over runs and artifacts."""
    from runicornctl.lineage_text import tree_lines  # noqa: PLC0415 - only this command draws trees

    direction: Literal["up", "down", "both"] = "both" if up == down else "up" if up else "down"
    params = LineageParams(ref, store=store, direction=direction, depth=depth)
    with open_or_start() as client:
        lineage = client.call("artifacts.lineage", Lineage, params)
    if as_json:
        print_result(lineage)
        return
    directions = ("up", "down") if direction == "both" else (direction,)
    click.echo("\n".join(tree_lines(lineage, directions)))


def _all_pages(client: Client, params: ArtifactsParams) -> ArtifactsResult:
    params.limit = _PAGE
    whole = page = client.call("artifacts.list", ArtifactsResult, params)
    while page.next is not None:
        params.cursor = page.next
        page = client.call("artifacts.list", ArtifactsResult, params)
        whole.artifacts += page.artifacts
    whole.next = None
    return whole


def _show_page(page: ArtifactsResult, *, is_filtered: bool) -> None:
    if not page.artifacts:
        click.echo("No artifact matches." if is_filtered else f"{clean(page.store)} has no artifacts.")
    else:
        click.echo("\n".join(artifact_text.artifacts_table(page.artifacts)))
    left = page.total - len(page.artifacts)
    if page.next is not None and left > 0:
        say(f"\n{counted(left, 'more artifact')}; see them with --all, or search.")
    if page.synced is None:
        say(f"\n{clean(page.store)} has never been synced: runicornctl store sync {clean(page.store)}")
    else:
        say(f"\n{clean(page.store)}, synced {ago(page.synced)} ago.")


def _show_files(client: Client, ref: str, store: str | None, *, as_json: bool) -> None:
    params = FilesParams(ref, store=store, limit=_PAGE)
    whole = page = client.call("artifacts.files", FilesResult, params)
    while page.next is not None:
        params.cursor = page.next
        page = client.call("artifacts.files", FilesResult, params)
        whole.files += page.files
    whole.next = None
    if as_json:
        print_result(whole)
    else:
        click.echo("\n".join(artifact_text.files_table(whole.files)))
