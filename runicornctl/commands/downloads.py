"""``downloads``: files on their way to this machine."""

from __future__ import annotations

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.download_text import downloads_table
from runicornctl.groups import SuggestingGroup
from runicornctl.output import print_result
from runicornctl.render import clean
from runicornd.protocol.models import Download, DownloadNameParams, DownloadsResult, Empty

_CANCEL_S = 60.0


@click.group("downloads", cls=SuggestingGroup, short_help="See and end downloads.")
def downloads_command() -> None:
    """Downloads, which go on in the daemon. Begin one with 'artifacts pull'."""


@downloads_command.command("list")
@options.json_option
def list_command(*, as_json: bool) -> None:
    """List downloads, newest first; those that ended are shown for a while."""
    with open_or_start() as client:
        result = client.call("downloads.list", DownloadsResult, Empty())
    if as_json:
        print_result(result)
    elif result.downloads:
        click.echo("\n".join(downloads_table(result.downloads)))
    else:
        click.echo("No downloads. Begin one with: runicornctl artifacts pull NAME")


@downloads_command.command("cancel")
@options.download_argument
@options.json_option
def cancel_command(download: str, *, as_json: bool) -> None:
    """End a download. Files that are whole stay, and are not fetched again."""
    with open_or_start() as client:
        params = DownloadNameParams(download)
        last = client.call("downloads.cancel", Download, params, timeout_s=_CANCEL_S)
    if as_json:
        print_result(last)
    else:
        click.echo(f"The download {clean(last.id)} of {clean(last.ref)} is {clean(last.state)}.")
