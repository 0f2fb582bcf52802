"""``demo``: a made-up host with real runs, for a first look without a server."""

from __future__ import annotations

import os
import sys

import click


@click.command(
    "demo",
    short_help="Try it all with a demo host on this machine.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS]")
def demo_command(words: tuple[str, ...]) -> None:
    """Start a demo host on this machine, connect to it and print the viewer's address.

    Options go to the demo itself: 'runicornctl demo --help' shows them.
    """
    # In place of this process: its output, its signals and its exit code are the demo's own.
    sys.stdout.flush()
    sys.stderr.flush()
    # -P: a file in the folder of the moment must not stand in for a module.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "runicornd.demo", *words])  # noqa: S606 - no shell
