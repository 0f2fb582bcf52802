"""``logs``: what the viewer of a session writes."""

from __future__ import annotations

import signal
import sys

import click

from runicornctl import options
from runicornctl.follow import AT_REST
from runicornctl.output import print_result, say
from runicornctl.reach import open_client
from runicornctl.render import clean, log_line
from runicornctl.world import World
from runicornd.protocol.models import LogsParams, LogsResult, Session, SubjectParams

_LOGS_S = 60.0
_LOOK_S = 60.0


@click.command("logs")
@options.session_argument
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until the session ends.")
@click.option("-n", "--lines", type=click.IntRange(1, 10000), default=100, show_default=True, metavar="N")
@options.json_option
def logs_command(session: str, *, follow: bool, lines: int, as_json: bool) -> None:
    """Show the end of the log of a session's viewer."""
    if follow and as_json:
        raise click.UsageError("--json prints one value and cannot follow", click.get_current_context())
    with open_client() as client:
        if not follow:
            result = client.call("sessions.logs", LogsResult, LogsParams(session, lines), timeout_s=_LOGS_S)
            _show(result, as_json=as_json)
            return
        found = client.call("sessions.get", Session, SubjectParams(session))
        world = World(client, topics=(f"log:{found.id}",))
        params = LogsParams(found.id, lines)
        result = client.call("sessions.logs", LogsResult, params, timeout_s=_LOGS_S, on_event=world.take)
        # What was pushed before that answer is part of it.
        world.lines.clear()
        try:
            _show(result, as_json=False)
            _follow(world, found.id)
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)


def _show(result: LogsResult, *, as_json: bool) -> None:
    if as_json:
        print_result(result)
        return
    for line in result.lines:
        click.echo(log_line(line))


def _follow(world: World, session_id: str) -> None:
    while True:
        for line in world.lines:
            click.echo(log_line(line))
        world.lines.clear()
        session = world.sessions.get(session_id)
        if session is None or session.state in AT_REST:
            state = session.state if session else "gone"
            say(f"({clean(session_id)} is {clean(state)})")
            return
        world.next(_LOOK_S)
