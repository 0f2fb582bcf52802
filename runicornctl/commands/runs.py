"""``runs``: the runs of a store, from its mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runicornctl import artifact_text, options
from runicornctl.autostart import open_or_start
from runicornctl.groups import SuggestingGroup
from runicornctl.output import print_result, say
from runicornctl.quantities import counted
from runicornctl.render import clean
from runicornd.protocol.models import Run, RunParams, RunsParams, RunsResult

if TYPE_CHECKING:
    from runicornctl.client import Client

_PAGE = 500


@click.group("runs", cls=SuggestingGroup, short_help="Browse the runs of a store.")
def runs_command() -> None:
    """The runs of a store, from its mirror."""


@runs_command.command("list")
@click.argument("words", nargs=-1)
@click.option(
    "--status", type=options.TEXT, metavar="STATUS", help="Only with this status, such as finished."
)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, metavar="N")
@click.option("--all", "is_all", is_flag=True, help="All, not only the newest.")
@options.store_option
@options.json_option
def list_command(
    words: tuple[str, ...],
    *,
    status: str | None,
    limit: int,
    is_all: bool,
    store: str | None,
    as_json: bool,
) -> None:
    """List runs, newest first, or those that all WORDS are found in."""
    params = RunsParams(store=store, search=" ".join(words), status=status, limit=limit)
    with open_or_start() as client:
        page = _all_pages(client, params) if is_all else client.call("runs.list", RunsResult, params)
    if as_json:
        print_result(page)
        return
    if not page.runs:
        click.echo("No run matches." if words or status else f"{clean(page.store)} has no runs.")
        return
    click.echo("\n".join(artifact_text.runs_table(page.runs)))
    if page.next is not None and page.total > len(page.runs):
        say(f"\n{counted(page.total - len(page.runs), 'more run')}; see them with --all, or search.")


@runs_command.command("show")
@click.argument("run", type=options.TEXT)
@options.store_option
@options.json_option
def show_command(run: str, *, store: str | None, as_json: bool) -> None:
    """Show a run, named by its id or the beginning of it."""
    with open_or_start() as client:
        shown = client.call("runs.get", Run, RunParams(run, store))
    if as_json:
        print_result(shown)
    else:
        click.echo("\n".join(artifact_text.run_lines(shown)))


def _all_pages(client: Client, params: RunsParams) -> RunsResult:
    params.limit = _PAGE
    whole = page = client.call("runs.list", RunsResult, params)
    while page.next is not None:
        params.cursor = page.next
        page = client.call("runs.list", RunsResult, params)
        whole.runs += page.runs
    whole.next = None
    return whole
