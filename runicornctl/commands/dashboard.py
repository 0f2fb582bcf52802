"""``dashboard``: the page in the browser, and who may use it."""

from __future__ import annotations

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.browser import open_browser
from runicornctl.output import print_result, say
from runicornctl.render import clean
from runicornd.protocol.models import DashboardLink, DashboardToken, Done, Empty


@click.command("dashboard", short_help="Open the dashboard in the browser.")
@click.option("--no-browser", is_flag=True, help="Only print the link.")
@click.option("--token", "for_programs", is_flag=True, help="Print a token for programs (REST) instead.")
@click.option("--revoke", is_flag=True, help="Log out every page and program instead.")
@options.json_option
def dashboard_command(*, no_browser: bool, for_programs: bool, revoke: bool, as_json: bool) -> None:
    """Open the dashboard by a link that lets one browser in, once, within two minutes."""
    if for_programs and revoke:
        raise click.UsageError("--token and --revoke exclude each other", click.get_current_context())
    if revoke:
        _revoke(as_json=as_json)
    elif for_programs:
        _token(as_json=as_json)
    else:
        _open(as_json=as_json, with_browser=not no_browser)


def _open(*, as_json: bool, with_browser: bool) -> None:
    with open_or_start() as client:
        link = client.call("dashboard.link", DashboardLink, Empty())
    if as_json:
        print_result(link)
    else:
        click.echo(clean(link.url))
    if with_browser and not open_browser(link.url) and not as_json:
        say("There is no browser to open here; the link is above, good once and for two minutes.")


def _token(*, as_json: bool) -> None:
    with open_or_start() as client:
        made = client.call("dashboard.token", DashboardToken, Empty())
    if as_json:
        print_result(made)
    else:
        click.echo(clean(made.token))


def _revoke(*, as_json: bool) -> None:
    with open_or_start() as client:
        done = client.call("dashboard.revoke", Done, Empty())
    if as_json:
        print_result(done)
    else:
        click.echo("Every page and program is logged out.")
