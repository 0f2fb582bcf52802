"""``cache``: what mirrors and downloads take of this machine's disk."""

from __future__ import annotations

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.cache_text import cache_table, freed_text
from runicornctl.failure import Failure, NeedsInput
from runicornctl.groups import SuggestingGroup
from runicornctl.output import print_result
from runicornctl.questions import agrees
from runicornctl.terminal import Terminal
from runicornd.protocol.models import (
    CacheCleanupParams,
    CacheClearParams,
    CacheFreed,
    CacheInfo,
    Empty,
)

# Sizes are counted and files deleted one by one.
_CACHE_S = 600.0


@click.group("cache", cls=SuggestingGroup, short_help="See and free what mirrors and downloads take.")
def cache_command() -> None:
    """What mirrors and downloads take of this machine's disk."""


@cache_command.command("info")
@options.json_option
def info_command(*, as_json: bool) -> None:
    """Show what each store takes."""
    with open_or_start() as client:
        info = client.call("cache.info", CacheInfo, Empty(), timeout_s=_CACHE_S)
    if as_json:
        print_result(info)
    else:
        click.echo("\n".join(cache_table(info)))


@cache_command.command("cleanup", short_help="Remove the downloads that were used longest ago.")
@click.option("--limit", type=options.SIZE, metavar="SIZE", help="Until the rest takes no more than this.")
@click.option("--removed", is_flag=True, help="Also what removed stores have left.")
@options.json_option
def cleanup_command(*, limit: int | None, removed: bool, as_json: bool) -> None:
    """Remove the downloads that were used longest ago until the rest fits the limit.

    Never one that is in use, or whose version is no longer at its store. What removed stores have left
    neither counts nor goes without --removed: it may be the only copy.
    """
    with open_or_start() as client:
        params = CacheCleanupParams(limit, removed)
        freed = client.call("cache.cleanup", CacheFreed, params, timeout_s=_CACHE_S)
    _show(freed, as_json=as_json)


@cache_command.command("clear", short_help="Remove mirrors, to be made afresh by the next sync.")
@click.option("--downloads", is_flag=True, help="Remove downloads too.")
@click.option("--removed", is_flag=True, help="Remove instead what removed stores have left.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.store_option
@options.json_option
def clear_command(*, downloads: bool, removed: bool, yes: bool, store: str | None, as_json: bool) -> None:
    """Remove the mirrors of all stores, or of one. The next sync makes them afresh.

    With --removed: the downloads that stores have left which were removed, all of them or those of one.
    """
    if not yes:
        _confirm(_doomed(store, downloads=downloads, removed=removed), as_json=as_json)
    with open_or_start() as client:
        params = CacheClearParams(store=store, downloads=downloads, removed=removed)
        freed = client.call("cache.clear", CacheFreed, params, timeout_s=_CACHE_S)
    _show(freed, as_json=as_json)


def _show(freed: CacheFreed, *, as_json: bool) -> None:
    if as_json:
        print_result(freed)
    else:
        click.echo(freed_text(freed))


def _doomed(store: str | None, *, downloads: bool, removed: bool) -> str:
    if removed:
        return f"what the removed store {store} has left" if store else "what removed stores have left"
    what = "the mirror and the downloads" if downloads else "the mirror"
    return f"{what} of {store}" if store else f"{what} of all stores"


def _confirm(what: str, *, as_json: bool) -> None:
    terminal = Terminal.find(as_json=as_json)
    if terminal is None:
        raise NeedsInput(f"cannot clear {what} unasked", hint="confirm it with --yes", context={})
    terminal.show(f"This removes {what} from this machine; at the stores nothing changes.")
    if not agrees(terminal):
        raise Failure("cleared nothing: you said no", kind="not_confirmed")
