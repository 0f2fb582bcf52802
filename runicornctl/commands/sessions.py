"""``open``, ``stop`` and ``restart``: what is done with a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.bring_up import BringUp
from runicornctl.browser import open_browser
from runicornctl.failure import Failure
from runicornctl.follow import outcome
from runicornctl.output import print_result, say
from runicornctl.reach import open_client
from runicornctl.render import clean
from runicornctl.session_text import print_session
from runicornctl.terminal import Terminal
from runicornd.protocol.models import Done, Session, SubjectParams

if TYPE_CHECKING:
    from runicornctl.client import Client

# Ending a viewer takes 15 s at most when the host does not answer.
_STOP_S = 45.0


@click.command("open")
@options.session_argument
@options.json_option
def open_command(session: str, *, as_json: bool) -> None:
    """Open the browser at a session's address."""
    with open_client() as client:
        found = client.call("sessions.get", Session, SubjectParams(session))
    if found.url is None:
        raise outcome(found)
    if as_json:
        print_result(found)
    else:
        click.echo(clean(found.url))
    if not open_browser(found.url) and not as_json:
        say("There is no browser to open here; the address is above.")


@click.command("stop", short_help="Stop a session and its viewer.")
@options.session_argument
@click.option("--forget", is_flag=True, help="Forget the session too: its port, environment and root.")
@options.json_option
def stop_command(session: str, *, forget: bool, as_json: bool) -> None:
    """Stop a session: its viewer on the host ends, its local address closes."""
    with open_or_start() as client:
        stopped = client.call("sessions.stop", Session, SubjectParams(session), timeout_s=_STOP_S)
        if forget:
            _forget(client, stopped.id)
    if as_json:
        print_result(stopped)
        return
    words = "stopped and forgotten" if forget else "stopped"
    click.echo(f"{clean(stopped.id)} is {words}.")
    if stopped.detail:
        say(clean(stopped.detail))


def _forget(client: Client, session_id: str) -> None:
    try:
        client.call("sessions.remove", Done, SubjectParams(session_id), timeout_s=_STOP_S)
    except Failure as failure:
        if failure.kind != "unknown_session":  # one that never worked was forgotten as it stopped
            raise


@click.command("restart")
@options.session_argument
@options.json_option
@options.timeout_option(120.0, "How long to wait; the time you take to answer does not count.")
def restart_command(session: str, *, as_json: bool, timeout_s: float) -> None:
    """Start the viewer of a session afresh, at the same address."""
    with open_or_start() as client:
        attempt = BringUp(client, Terminal.find(as_json=as_json))
        ready = attempt.run("sessions.restart", SubjectParams(session), timeout_s=timeout_s)
    if as_json:
        print_result(ready)
    else:
        print_session(ready)
