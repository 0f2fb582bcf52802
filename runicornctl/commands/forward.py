"""``forward``: tunnels by hand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.commands.connect import auth_of
from runicornctl.failure import Failure
from runicornctl.follow import asking_for
from runicornctl.output import print_result, say
from runicornctl.overview import forwards_table
from runicornctl.questions import Questioner
from runicornctl.render import clean
from runicornctl.terminal import Terminal
from runicornctl.world import World
from runicornd.protocol.exits import Exit
from runicornd.protocol.models import (
    Done,
    Empty,
    Forward,
    ForwardNameParams,
    ForwardOpenParams,
    ForwardsResult,
)

if TYPE_CHECKING:
    from runicornctl.client import Client

_WAIT_S = 30.0


@click.command("forward", short_help="Forward a local port to a port or socket of TARGET.")
@options.optional_target_argument
@click.argument("spec", type=options.TEXT, required=False)
@options.identity_options
@click.option("--list", "wants_list", is_flag=True, help="List all forwards.")
@options.close_forward_option
@options.json_option
def forward_command(
    target: str | None,
    spec: str | None,
    *,
    identity: str | None,
    paste_key: bool,
    wants_list: bool,
    close_id: str | None,
    as_json: bool,
) -> None:
    """Forward a port of this machine to SPEC, as TARGET sees it, until it is closed.

    SPEC is [LOCAL:]PORT, [LOCAL:]HOST:PORT or [LOCAL:]/SOCKET. The forward lives on in the daemon, also
    when the connection is lost and when the daemon is started again.
    """
    chosen = [wants_list, close_id is not None, target is not None]
    if chosen.count(True) != 1 or (target is not None and spec is None):
        raise click.UsageError("name TARGET and SPEC, or --list, or --close ID", click.get_current_context())
    with open_or_start() as client:
        if wants_list:
            _list(client, as_json=as_json)
        elif close_id is not None:
            _close(client, close_id, as_json=as_json)
        else:
            terminal = Terminal.find(as_json=as_json)
            auth = auth_of(identity, terminal, paste_key=paste_key)
            params = ForwardOpenParams(target=target or "", spec=spec or "", auth=auth)
            _open(client, params, terminal, as_json=as_json)


def _open(client: Client, params: ForwardOpenParams, terminal: Terminal | None, *, as_json: bool) -> None:
    world = World(client)
    opened = client.call("forwards.open", Forward, params, on_event=world.take)
    world.forwards.setdefault(opened.id, opened)
    questioner = Questioner(client, terminal) if terminal else None
    last = _settled(client, world, opened, questioner)
    if as_json:
        print_result(last)
    else:
        click.echo(f"{clean(last.address or '-')} leads to {clean(last.remote)} of {clean(last.target)}.")
        say(f"Close it with: runicornctl forward --close {clean(last.id)}")
    if last.error is not None:
        raise Failure(last.error.message, kind=last.error.kind, hint=last.error.hint, code=_code(last))


def _settled(client: Client, world: World, opened: Forward, questioner: Questioner | None) -> Forward:
    """Return the forward once it is ready or says why not; at the latest after some seconds.

    The time that a person takes to answer does not count.
    """
    asks = asking_for(world, questioner, opened.target) if questioner else None
    until = time.monotonic() + _WAIT_S + (asks(None) if asks else 0.0)
    while (last := world.forwards.get(opened.id, opened)).state == "connecting":
        left = until - time.monotonic()
        if left <= 0:
            break
        if (event := client.next_event(left)) is None:
            continue
        if asks:
            until += asks(event)
        else:
            world.take(event)
    return last


def _code(forward: Forward) -> Exit:
    return Exit.NEEDS_INPUT if forward.error and forward.error.kind == "needs_input" else Exit.FAILED


def _list(client: Client, *, as_json: bool) -> None:
    result = client.call("forwards.list", ForwardsResult, Empty())
    if as_json:
        print_result(result)
    elif result.forwards:
        click.echo("\n".join(forwards_table(result.forwards)))
    else:
        click.echo("No forwards. Open one with: runicornctl forward TARGET PORT")


def _close(client: Client, forward_id: str, *, as_json: bool) -> None:
    done = client.call("forwards.close", Done, ForwardNameParams(forward_id))
    if as_json:
        print_result(done)
    else:
        click.echo(f"{clean(forward_id)} is closed.")
