"""``status``: what lives, how it is, and what it waits for."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.output import print_result
from runicornctl.reach import open_client
from runicornd.protocol.models import StatusParams, StatusResult

if TYPE_CHECKING:
    from runicornctl.world import World

# Only what counts up on the screen needs a clock; everything else comes as events.
_REDRAW_S = 1.0
_QUIET_S = 3600.0
# Many events at once are one redraw.
_GATHER_S = 0.05


@click.command("status")
@options.subject_argument
@click.option("--watch", "-w", is_flag=True, help="Show changes as they happen, until Ctrl-C.")
@options.json_option
def status_command(subject: str | None, *, watch: bool, as_json: bool) -> None:
    """Show sessions, hosts, stores and downloads that run, or those of one. Never starts the daemon."""
    if watch and as_json:
        raise click.UsageError("--json prints one value and cannot watch", click.get_current_context())
    with open_client() as client:
        status = client.call("daemon.status", StatusResult, StatusParams(subject=subject))
        if as_json:
            print_result(status)
            return
        if not watch:
            _show(status, subject)
            return
        from runicornctl.world import World  # noqa: PLC0415 - the plain status starts faster without

        _watch(World(client), subject)


def _show(status: StatusResult, subject: str | None) -> None:
    from runicornctl.overview import overview  # noqa: PLC0415 - JSON is faster without

    prompts = {prompt.id: prompt for prompt in status.prompts}
    lines = overview(
        status.sessions,
        status.hosts,
        prompts,
        forwards=status.forwards,
        stores=status.stores,
        downloads=status.downloads,
    )
    click.echo("\n".join(lines if subject else lines + _dashboard(status)))


def _watch(world: World, subject: str | None) -> None:
    from runicornctl.render import is_dumb  # noqa: PLC0415 - as above

    with contextlib.suppress(KeyboardInterrupt):
        if sys.stdout.isatty() and not is_dumb():
            _watch_on_screen(world, subject)
        else:
            _watch_in_lines(world, subject)
    sys.exit(128 + signal.SIGINT)


def _watch_on_screen(world: World, subject: str | None) -> None:
    """Draw on a screen of its own, where long lines are cut, and leave the old one as it was."""
    sys.stdout.write("\x1b[?1049h\x1b[?25l\x1b[?7l")
    try:
        while True:
            _redraw(_lines(world, subject))
            if world.next(_REDRAW_S):
                _gather(world)
    finally:
        sys.stdout.write("\x1b[?7h\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()


def _watch_in_lines(world: World, subject: str | None) -> None:
    """Print what changed; its times need no clock."""
    last: list[str] = []
    while True:
        lines = _lines(world, subject)
        if lines != last:
            click.echo("\n".join([*lines, ""]))
            sys.stdout.flush()
        last = lines
        if world.next(_QUIET_S):
            _gather(world)


def _gather(world: World) -> None:
    deadline = time.monotonic() + _GATHER_S
    while (left := deadline - time.monotonic()) > 0 and world.next(left):
        pass


def _lines(world: World, subject: str | None) -> list[str]:
    from runicornctl.overview import overview  # noqa: PLC0415 - as above

    sessions = [each for each in world.sessions.values() if subject in {None, each.id, each.target}]
    targets = {subject, *(each.target for each in sessions)}
    hosts = [each for each in world.hosts.values() if subject is None or each.target in targets]
    asked = {each.prompt for each in sessions} | {each.prompt for each in hosts}
    prompts = {
        key: each
        for key, each in world.prompts.items()
        if subject is None or each.target in targets or key in asked
    }
    forwards = [
        each for each in world.forwards.values() if subject in {None, each.id} or each.target in targets
    ]
    stores = [
        each for each in world.stores.values() if subject in {None, each.name} or each.target in targets
    ]
    names = {each.name for each in stores}
    downloads = [each for each in world.downloads.values() if subject is None or each.store in names]
    return overview(sessions, hosts, prompts, forwards=forwards, stores=stores, downloads=downloads)


def _dashboard(status: StatusResult) -> list[str]:
    served = status.dashboard
    if served is None:
        return ["", "Dashboard: not served (why, if that is not your choice: runicornctl daemon logs)"]
    return ["", f"Dashboard: {served.url} (open it with: runicornctl dashboard)"]


def _redraw(lines: list[str]) -> None:
    """Draw over the last picture without clearing first, which would flicker."""
    height = _height()
    shown = (
        lines if len(lines) < height else [*lines[: height - 2], f"… {len(lines) - height + 2} more lines"]
    )
    body = "".join(f"{line}\x1b[K\n" for line in shown)
    sys.stdout.write(f"\x1b[H{body}\x1b[J")
    sys.stdout.flush()


def _height() -> int:
    import shutil  # noqa: PLC0415 - as above

    return max(4, shutil.get_terminal_size().lines)
