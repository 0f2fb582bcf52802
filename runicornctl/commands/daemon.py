"""``daemon``: the background process and its service."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.failure import Failure
from runicornctl.groups import SuggestingGroup
from runicornctl.output import print_json
from runicornctl.reach import open_client, try_open
from runicornctl.render import age, clean
from runicornd.protocol.models import Done, Empty, ShutdownParams, StatusResult

if TYPE_CHECKING:
    from runicornctl.client import Client

_STOP_S = 30.0


@click.group("daemon", cls=SuggestingGroup, short_help="Start, stop and look at the daemon.")
def daemon_command() -> None:
    """The background process that owns connections, tunnels and viewers."""


@daemon_command.command("start")
@options.json_option
def start_command(*, as_json: bool) -> None:
    """Start the daemon, unless it runs already."""
    from runicornctl.launch import start  # noqa: PLC0415 - the other commands do not start anything

    running = try_open()
    with running or start() as client:
        status = _status(client)
    if as_json:
        print_json(_facts(status))
    else:
        words = "was running already" if running else "is running"
        click.echo(f"The daemon {words} (pid {status.daemon.pid}).")


@daemon_command.command("stop")
@click.option("--keep", is_flag=True, help="Leave the remote viewers running for the next daemon.")
@options.json_option
def stop_command(*, keep: bool, as_json: bool) -> None:
    """Stop the daemon, and with it every session's viewer unless --keep is given."""
    client = try_open()
    if client is not None:
        with client:
            client.call("daemon.shutdown", Done, ShutdownParams(keep=keep))
            if not client.wait_closed(_STOP_S):
                raise Failure(
                    f"the daemon did not end within {_STOP_S:g} s",
                    kind="daemon_unresponsive",
                    hint="see what it does with: runicornctl daemon logs",
                )
    if as_json:
        print_json({"schema": 1, "running": False})
    else:
        click.echo("The daemon was not running." if client is None else "The daemon is stopped.")


@daemon_command.command("status")
@options.json_option
def status_command(*, as_json: bool) -> None:
    """Show whether the daemon runs, and where its files are."""
    with open_client() as client:
        status = _status(client)
    if as_json:
        print_json(_facts(status))
        return
    info = status.daemon
    click.echo(f"runicornd {clean(status.version)} is running")
    rows = [
        ("pid", str(info.pid)),
        ("since", f"{age(info.started)} ago"),
        ("sessions", str(len(status.sessions))),
        ("socket", info.socket),
        ("log", info.log),
        ("config", info.config),
    ]
    for label, text in rows:
        click.echo(f"  {label:<10}{clean(text)}")


@daemon_command.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines until Ctrl-C.")
@click.option("-n", "--lines", type=click.IntRange(1, 100000), default=100, show_default=True, metavar="N")
def logs_command(*, follow: bool, lines: int) -> None:
    """Show the end of the daemon's own log."""
    from runicornctl import daemon_log  # noqa: PLC0415 - only this command reads it

    try:
        for line in daemon_log.read(daemon_log.find(), lines, follow=follow):
            click.echo(line)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


@daemon_command.command("install")
@click.option("--no-start", is_flag=True, help="Only write the file.")
def install_command(*, no_start: bool) -> None:
    """Install the daemon as a service of your account that starts when you log in."""
    from runicornctl import units  # noqa: PLC0415 - only these commands need it

    if sys.platform == "darwin":
        content = units.agent_plist(units.daemon_command(), units.kept_variables())
        units.write_file(units.agent_path(), content)
        click.echo(f"Wrote {clean(str(units.agent_path()))}")
        click.echo(f"Start it with: launchctl bootstrap gui/$(id -u) {clean(str(units.agent_path()))}")
        return
    text = units.unit_text(units.daemon_command(), units.kept_variables())
    for path, content in ((units.unit_path(), text), (units.socket_unit_path(), units.socket_unit_text())):
        units.write_file(path, content.encode())
        click.echo(f"Wrote {clean(str(path))}")
    if no_start or not units.user_manager_answers():
        click.echo("Start it with: systemctl --user daemon-reload && systemctl --user enable --now runicornd")
        return
    _enable()


def _enable() -> None:
    from runicornctl import units  # noqa: PLC0415 - only these commands need it

    running = try_open()
    if running:
        # The service could not have its place; viewers stay for it to find again.
        with running:
            running.call("daemon.shutdown", Done, ShutdownParams(keep=True))
            running.wait_closed(_STOP_S)
    problem = units.systemctl("daemon-reload") or units.systemctl("enable", "--now", units.UNIT_NAME)
    if problem:
        raise Failure(
            f"cannot start the service: {problem}",
            kind="daemon_failed",
            hint=f"see why with: journalctl --user -u {units.UNIT_NAME} -n 20",
        )
    click.echo("The service is enabled and running.")
    if hint := units.missing_agent_hint():
        click.echo(f"It does not know your ssh agent yet. To change that: {hint}")


@daemon_command.command("uninstall")
def uninstall_command() -> None:
    """Stop the service and remove it."""
    from runicornctl import units  # noqa: PLC0415 - only these commands need it

    is_mac = sys.platform == "darwin"
    installed = [] if is_mac else units.installed_units()
    can_ask = bool(installed) and units.user_manager_answers()
    # Both at once: a socket that is left would start the service again.
    if can_ask and (problem := units.systemctl("disable", "--now", *installed)):
        raise Failure(f"cannot stop the service: {problem}", kind="daemon_failed")
    paths = [units.agent_path()] if is_mac else [units.unit_path(), units.socket_unit_path()]
    removed = [path for path in paths if units.remove_file(path)]
    if not removed:
        click.echo("The service is not installed.")
        return
    if can_ask:
        units.systemctl("daemon-reload")
    for path in removed:
        click.echo(f"Removed {clean(str(path))}")
    if is_mac:
        click.echo(f"End it with: launchctl bootout gui/$(id -u)/{units.AGENT_LABEL}")


def _status(client: Client) -> StatusResult:
    return client.call("daemon.status", StatusResult, Empty())


def _facts(status: StatusResult) -> dict[str, object]:
    info = status.daemon
    return {
        "schema": 1,
        "running": True,
        "version": status.version,
        "pid": info.pid,
        "started": info.started,
        "socket": info.socket,
        "log": info.log,
        "config": info.config,
    }
