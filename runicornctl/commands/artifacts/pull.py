"""``artifacts pull``: a version's files, fetched to this machine."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.download_work import DownloadWork
from runicornctl.output import print_result
from runicornctl.render import clean
from runicornctl.terminal import Terminal
from runicornd.protocol.models import DownloadParams

if TYPE_CHECKING:
    from runicornd.protocol.models import Download

_PULL_S = options.MAX_SECONDS


@click.command("pull", short_help="Download a version's files.")
@options.ref_argument
@click.option(
    "--file",
    "files",
    type=options.TEXT,
    multiple=True,
    metavar="GLOB",
    help="Only files whose path matches, such as '*.pth'; may be repeated.",
)
@click.option(
    "--to",
    type=options.TEXT,
    metavar="DIR",
    help="The folder that the files come into; default: the store's own in the cache.",
)
@click.option("--no-wait", is_flag=True, help="Do not watch; it goes on in the background anyhow.")
@options.store_option
@options.json_option
@options.timeout_option(_PULL_S, "How long to watch. The download goes on after it.")
def pull_command(
    ref: str,
    *,
    files: tuple[str, ...],
    to: str | None,
    no_wait: bool,
    store: str | None,
    as_json: bool,
    timeout_s: float,
) -> None:
    """Download a version's files, checked by size and SHA-256.

    A download that was interrupted goes on where it was, and files that are here already are not fetched
    again. Ctrl-C leaves it to the background; 'downloads cancel' ends it.
    """
    # Not resolved: a link to a folder is the name that the user knows it by.
    folder = str(Path(to).expanduser().absolute()) if to else None
    params = DownloadParams(ref, store=store, files=list(files), to=folder)
    with open_or_start() as client:
        work = DownloadWork(client, Terminal.find(as_json=as_json), is_quiet=as_json)
        begun = work.begin(params)
        last = begun if no_wait else work.follow(begun, timeout_s)
    if as_json:
        print_result(last)
    elif no_wait:
        click.echo(
            f"Downloading {clean(last.ref)} as {clean(last.id)}; see it with: runicornctl downloads list"
        )
    else:
        _show(last)


def _show(done: Download) -> None:
    from runicornctl.download_text import finished  # noqa: PLC0415 - --json and --no-wait go without

    click.echo("\n".join([*finished(done), clean(_plain(done.to))]))


def _plain(path: str) -> str:
    """The path as a shell takes it."""
    return shlex.quote(path)
