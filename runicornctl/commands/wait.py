"""``wait``: until a session is where it shall be."""

from __future__ import annotations

import click

from runicornctl import options
from runicornctl.follow import Follower
from runicornctl.output import print_result
from runicornctl.reach import open_client
from runicornctl.render import clean
from runicornctl.world import World
from runicornd.protocol.models import Session, SubjectParams


@click.command("wait")
@options.session_argument
@click.option("--for", "state", type=click.Choice(["ready", "stopped"]), default="ready", show_default=True)
@options.json_option
@options.timeout_option(120.0, "How long to wait.")
def wait_command(session: str, *, state: str, as_json: bool, timeout_s: float) -> None:
    """Wait until a session is ready or stopped.

    Fails at once when a session that shall be ready has failed or is stopped. A session that waits for
    an answer is waited for: somebody may give it.
    """
    with open_client() as client:
        world = World(client)
        found = client.call("sessions.get", Session, SubjectParams(session))
        world.sessions.setdefault(found.id, found)
        follower = Follower(world, steps=None, questioner=None)
        if state == "ready":
            last = follower.until_ready(found.id, timeout_s)
        else:
            last = follower.until_stopped(found.id, timeout_s)
    if as_json:
        print_result(last)
    else:
        click.echo(f"{clean(last.id)} is {clean(last.state)}.")
