"""``store``: storage roots that are mirrored to this machine."""

from __future__ import annotations

import shlex

import click

from runicornctl import options, store_text
from runicornctl.autostart import open_or_start
from runicornctl.commands.connect import auth_of
from runicornctl.failure import Failure
from runicornctl.groups import SuggestingGroup
from runicornctl.output import print_result, say, warn
from runicornctl.quantities import interval as interval_text
from runicornctl.render import clean
from runicornctl.sync_work import SyncWork
from runicornctl.terminal import Terminal
from runicornd.protocol.exits import Exit
from runicornd.protocol.models import (
    Empty,
    Store,
    StoreAddParams,
    StoreChangeParams,
    StoreLeft,
    StoreNameParams,
    StoreParams,
    StoreProblemsParams,
    StoreProblemsResult,
    StoreRemoveParams,
    StoresResult,
    SyncParams,
)

_SYNC_S = 3600.0
_CLOSE_S = 60.0
# Files are removed one by one, and those that stay are counted.
_REMOVE_S = 600.0
_PAGE = 500
_timeout = options.timeout_option(
    _SYNC_S, "How long to watch; the time you take to answer does not count. The sync goes on after it."
)
_interval = click.option(
    "--interval", type=options.INTERVAL, metavar="TIME", help="Sync so often, such as 10m or 1h."
)
_no_auto = click.option("--no-auto", is_flag=True, help="Sync only when asked.")


@click.group("store", cls=SuggestingGroup, short_help="Mirror storage roots, to browse them offline.")
def store_command() -> None:
    """Runicorn storage roots whose metadata are mirrored to this machine.

    Artifacts and runs are then listed and searched at once, also without a connection.
    """


@store_command.command("list")
@options.json_option
def list_command(*, as_json: bool) -> None:
    """List all stores; the one in use is marked."""
    with open_or_start() as client:
        stores = client.call("stores.list", StoresResult, Empty())
    if as_json:
        print_result(stores)
    else:
        click.echo("\n".join(store_text.table_of(stores.stores)) if stores.stores else store_text.EMPTY)


@store_command.command("add")
@options.target_argument
@click.option(
    "--root", type=options.TEXT, metavar="DIR", help="Storage root; default: what Runicorn uses there."
)
@click.option("--name", type=options.TEXT, help="What to call the store; default: as the target.")
@_interval
@_no_auto
@options.identity_options
@options.json_option
@_timeout
def add_command(
    target: str,
    *,
    root: str | None,
    name: str | None,
    interval: float | None,
    no_auto: bool,
    identity: str | None,
    paste_key: bool,
    as_json: bool,
    timeout_s: float,
) -> None:
    """Mirror a storage root of TARGET, and sync it for the first time.

    TARGET is an OpenSSH alias, [user@]host[:port], a saved host, or 'local' for this machine.
    """
    _insist_one(interval, no_auto=no_auto)
    terminal = Terminal.find(as_json=as_json)
    params = StoreAddParams(
        target=target,
        name=name,
        root=root,
        interval_s=interval,
        is_automatic=not no_auto,
        auth=auth_of(identity, terminal, paste_key=paste_key),
    )
    with open_or_start() as client:
        work = SyncWork(client, terminal, is_quiet=as_json)
        begun = work.begin("stores.add", params)
        if begun.state == "idle" and begun.last_sync is None:
            begun = work.begin("stores.sync", SyncParams(store=begun.name, wait=False))
        if name is not None and begun.name != name:
            warn(f"that root is mirrored already, as the store {begun.name}")
        try:
            store = work.follow(begun, timeout_s)
        except Failure as failure:
            if begun.last_sync is None and failure.code == Exit.FAILED:
                stays = f"it is tried again; to forget it: runicornctl store remove {shlex.quote(begun.name)}"
                failure.hint = f"{failure.hint}; {stays}" if failure.hint else stays
            raise
    _show_synced(store, as_json=as_json)


@store_command.command("sync")
@options.optional_store_argument
@click.option("--cancel", is_flag=True, help="End the sync that runs; the mirror stays as it was.")
@options.identity_options
@options.json_option
@_timeout
def sync_command(
    name: str | None,
    *,
    cancel: bool,
    identity: str | None,
    paste_key: bool,
    as_json: bool,
    timeout_s: float,
) -> None:
    """Bring the mirror of a store up to date; only what has changed crosses."""
    terminal = Terminal.find(as_json=as_json)
    with open_or_start() as client:
        if cancel:
            store = client.call("stores.cancel", Store, StoreParams(name), timeout_s=_CLOSE_S)
            _say(store, f"No sync of {clean(store.name)} runs.", as_json=as_json)
            return
        auth = auth_of(identity, terminal, paste_key=paste_key)
        work = SyncWork(client, terminal, is_quiet=as_json)
        begun = work.begin("stores.sync", SyncParams(store=name, wait=False, auth=auth))
        store = work.follow(begun, timeout_s)
    _show_synced(store, as_json=as_json)


@store_command.command("status")
@options.optional_store_argument
@options.json_option
def status_command(name: str | None, *, as_json: bool) -> None:
    """Show everything about a store."""
    with open_or_start() as client:
        store = client.call("stores.status", Store, StoreParams(name))
    if as_json:
        print_result(store)
    else:
        click.echo("\n".join(store_text.details(store)))
        if text := store_text.unreadable(store):
            warn(text)


@store_command.command("use", short_help="Let commands without --store mean the store NAME.")
@options.store_argument
@options.json_option
def use_command(name: str, *, as_json: bool) -> None:
    """Let commands without --store mean the store NAME; 'local' is this machine's own root."""
    with open_or_start() as client:
        store = client.call("stores.use", Store, StoreNameParams(name), timeout_s=_CLOSE_S)
    place = "this machine" if store.is_local else store.target
    _say(store, f"Commands now mean the store {clean(store.name)} (on {clean(place)}).", as_json=as_json)


@store_command.command("set", short_help="Change how often the store NAME is synced.")
@options.store_argument
@_interval
@_no_auto
@options.json_option
def set_command(name: str, *, interval: float | None, no_auto: bool, as_json: bool) -> None:
    """Change how often the store NAME is synced by itself."""
    _insist_one(interval, no_auto=no_auto)
    if interval is None and not no_auto:
        raise click.UsageError("give --interval or --no-auto", click.get_current_context())
    with open_or_start() as client:
        store = client.call("stores.change", Store, StoreChangeParams(name, interval))
    often = interval_text(store.interval_s)
    _say(store, f"{clean(store.name)} is synced {often}.", as_json=as_json)


@store_command.command("connect", short_help="Talk to a store's machine again.")
@options.optional_store_argument
@options.json_option
@_timeout
def connect_command(name: str | None, *, as_json: bool, timeout_s: float) -> None:
    """Talk to a store's machine again after 'store disconnect', and sync."""
    terminal = Terminal.find(as_json=as_json)
    with open_or_start() as client:
        work = SyncWork(client, terminal, is_quiet=as_json)
        store = work.follow(work.begin("stores.connect", StoreParams(name)), timeout_s)
    _show_synced(store, as_json=as_json)


@store_command.command("disconnect", short_help="Leave a store's machine alone; the mirror stays.")
@options.optional_store_argument
@options.json_option
def disconnect_command(name: str | None, *, as_json: bool) -> None:
    """Leave a store's machine alone: nothing is synced, downloaded or changed there.

    The mirror stays, so that artifacts and runs are listed and shown as before.
    """
    with open_or_start() as client:
        store = client.call("stores.disconnect", Store, StoreParams(name), timeout_s=_CLOSE_S)
    _say(store, f"{clean(store.name)} is disconnected; its mirror stays.", as_json=as_json)


@store_command.command("remove")
@options.store_argument
@click.option("--delete-downloads", is_flag=True, help="Delete what was downloaded from it as well.")
@options.json_option
def remove_command(name: str, *, delete_downloads: bool, as_json: bool) -> None:
    """Forget the store NAME and its mirror. At its machine nothing changes."""
    with open_or_start() as client:
        store = client.call("stores.status", Store, StoreParams(name))
        params = StoreRemoveParams(store.name, keep_files=not delete_downloads)
        left = client.call("stores.remove", StoreLeft, params, timeout_s=_REMOVE_S)
    if as_json:
        print_result(left)
    else:
        click.echo("\n".join([f"Forgot {clean(store.name)}.", *store_text.left(left)]))


@store_command.command("problems")
@options.optional_store_argument
@click.option("--limit", type=click.IntRange(1, _PAGE), default=50, show_default=True, metavar="N")
@click.option("--all", "is_all", is_flag=True, help="All, not only the first.")
@options.json_option
def problems_command(name: str | None, *, limit: int, is_all: bool, as_json: bool) -> None:
    """Show what of a store cannot be read whole, and why. Everything else of it is fine."""
    params = StoreProblemsParams(name, _PAGE if is_all else limit)
    with open_or_start() as client:
        found = client.call("stores.problems", StoreProblemsResult, params)
        while is_all and found.next is not None:
            params.cursor = found.next
            page = client.call("stores.problems", StoreProblemsResult, params)
            found.problems += page.problems
            found.next = page.next
    if as_json:
        print_result(found)
        return
    if not found.problems:
        click.echo(f"Everything of {clean(found.store)} could be read.")
        return
    click.echo("\n".join(store_text.problems(found)))
    if found.next is not None:
        more = max(1, found.total - len(found.problems))
        say(f"\n{more:,} more; see them with --all.")


def _insist_one(interval: float | None, *, no_auto: bool) -> None:
    if interval is not None and no_auto:
        raise click.UsageError("give --interval or --no-auto, not both", click.get_current_context())


def _say(store: Store, text: str, *, as_json: bool) -> None:
    if as_json:
        print_result(store)
    else:
        click.echo(text)


def _show_synced(store: Store, *, as_json: bool) -> None:
    if as_json:
        print_result(store)
        return
    click.echo(store_text.synced(store))
    if text := store_text.unreadable(store):
        warn(text)
