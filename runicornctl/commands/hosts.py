"""``hosts``: saved hosts and host keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runicornctl import options
from runicornctl.autostart import open_or_start
from runicornctl.failure import Failure, NeedsInput
from runicornctl.follow import asking_for
from runicornctl.groups import SuggestingGroup
from runicornctl.output import print_json, print_result, say
from runicornctl.questions import Questioner, agrees
from runicornctl.reach import open_client
from runicornctl.render import Table, clean
from runicornctl.terminal import Terminal
from runicornctl.world import World
from runicornd.protocol.models import (
    Done,
    Empty,
    HostCheckResult,
    HostNameParams,
    HostSaveParams,
    HostsResult,
    TargetParams,
    TrustParams,
    UntrustResult,
)

if TYPE_CHECKING:
    from runicornctl.client import Client

_CHECK_S = 60.0


@click.group("hosts", cls=SuggestingGroup)
def hosts_command() -> None:
    """Saved hosts, and which host keys are trusted."""


@hosts_command.command("list")
@options.json_option
def list_command(*, as_json: bool) -> None:
    """List saved hosts and the aliases of your OpenSSH configuration."""
    with open_client() as client:
        hosts = client.call("hosts.list", HostsResult, Empty())
    if as_json:
        print_result(hosts)
        return
    if not hosts.saved and not hosts.aliases:
        click.echo("No hosts. Save one with: runicornctl hosts add NAME [user@]host[:port]")
        return
    states = {link.target: link.state for link in hosts.links}
    table = Table(["TARGET", "ADDRESS", "FROM", "LINK", "KEY"])
    for saved in hosts.saved:
        table.add(saved.name, saved.address, "saved", states.get(saved.name, "-"), saved.identity_file or "-")
    for alias in hosts.aliases:
        table.add(alias, "-", "ssh config", states.get(alias, "-"), "-")
    click.echo("\n".join(table.lines()))


@hosts_command.command("add")
@click.argument("name")
@click.argument("address", metavar="[USER@]HOST[:PORT]")
@click.option("--identity", "-i", metavar="FILE", help="Private key to try before all others.")
@options.json_option
def add_command(name: str, address: str, *, identity: str | None, as_json: bool) -> None:
    """Save a host under NAME, or replace it."""
    key = str(Path(identity).expanduser().absolute()) if identity else None
    with open_or_start() as client:
        client.call("hosts.save", Done, HostSaveParams(name=name, address=address, identity_file=key))
    if as_json:
        print_json({"schema": 1, "name": name, "address": address, "identity_file": key})
    else:
        click.echo(f"Saved {clean(name)}. Connect with: runicornctl connect {clean(name)}")


@hosts_command.command("remove")
@options.saved_host_argument
@options.json_option
def remove_command(name: str, *, as_json: bool) -> None:
    """Forget the saved host NAME; its sessions go on."""
    with open_or_start() as client:
        client.call("hosts.forget", Done, HostNameParams(name=name))
    if as_json:
        print_json({"schema": 1, "name": name, "removed": True})
    else:
        click.echo(f"Forgot {clean(name)}.")


@hosts_command.command("check", short_help="Show the host key of TARGET, and whether it is trusted.")
@options.target_argument
@options.json_option
def check_command(target: str, *, as_json: bool) -> None:
    """Show the host key of TARGET and whether it is trusted; nobody is logged in."""
    with open_or_start() as client:
        check = _check(client, target, as_json=as_json)
    if as_json:
        print_result(check)
    else:
        _show(check)


@hosts_command.command("trust", short_help="Trust the host key that TARGET shows now.")
@options.target_argument
@click.option(
    "--fingerprint", metavar="SHA256:…", help="The fingerprint that you expect; nothing is asked then."
)
@options.json_option
def trust_command(target: str, *, fingerprint: str | None, as_json: bool) -> None:
    """Trust the host key that TARGET shows now, after you have compared its fingerprint.

    Also one that has changed, because the server was set up anew.
    """
    with open_or_start() as client:
        check = _check(client, target, as_json=as_json)
        if check.verdict != "trusted" or (fingerprint and fingerprint != check.shown.fingerprint):
            _insist_trustable(check, fingerprint)
            if not fingerprint:
                _confirm(check, as_json=as_json)
            params = TrustParams(target=target, fingerprint=check.shown.fingerprint)
            client.call("hosts.trust", Done, params, timeout_s=_CHECK_S)
            if check.verdict == "changed":
                _name_old_keys(_check(client, target, as_json=as_json))
    if as_json:
        print_result(check, verdict="trusted")
    else:
        click.echo(f"The key of {clean(target)} is trusted: {clean(check.shown.fingerprint)}")


@hosts_command.command("untrust")
@options.target_argument
@options.json_option
def untrust_command(target: str, *, as_json: bool) -> None:
    """Forget the trusted host keys of TARGET. Files of your own are only named."""
    with open_or_start() as client:
        result = client.call("hosts.untrust", UntrustResult, TargetParams(target=target))
    if as_json:
        print_result(result)
        return
    for key in result.removed:
        click.echo(f"Forgot {clean(key.type)} {clean(key.fingerprint)}")
    if not result.removed:
        click.echo(f"No key of {clean(target)} was trusted by runicornd.")
    for file in result.elsewhere:
        path = file.rpartition(":")[0] if file.rpartition(":")[2].isdecimal() else file
        say(f"{clean(file)} lists it as well; remove it there with: ssh-keygen -R … -f {clean(path)}")


def _check(client: Client, target: str, *, as_json: bool) -> HostCheckResult:
    """Look at the key; a jump host on the way there may ask for a password."""
    world, questioner = World(client), Questioner(client, Terminal.find(as_json=as_json))
    on_event = asking_for(world, questioner, target, others=set(world.prompts))
    return client.call(
        "hosts.check", HostCheckResult, TargetParams(target=target), timeout_s=_CHECK_S, on_event=on_event
    )


def _show(check: HostCheckResult) -> None:
    click.echo(f"{clean(check.target)} ({clean(check.address)}): host key {clean(check.verdict)}")
    click.echo(f"  shown  {clean(check.shown.type)} {clean(check.shown.fingerprint)}")
    for key in check.known:
        click.echo(f"  known  {clean(key.type)} {clean(key.fingerprint)}  {clean(key.source)}")


def _name_old_keys(check: HostCheckResult) -> None:
    """Name the user's own files that list another key, which is trusted as well for that."""
    for key in check.known:
        if key.fingerprint != check.shown.fingerprint:
            say(f"{clean(key.source)} still lists the old key; remove that line to trust it no longer")


def _insist_trustable(check: HostCheckResult, fingerprint: str | None) -> None:
    shown = check.shown.fingerprint
    if check.verdict == "revoked":
        raise Failure(f"cannot trust {check.target}: its key {shown} is revoked", kind="host_key_revoked")
    if fingerprint and fingerprint != shown:
        raise Failure(
            f"cannot trust {check.target}: it shows {shown}, not {fingerprint}",
            kind="host_key_changed",
            hint="find out which one is right before you go on",
            context={"shown": shown, "expected": fingerprint},
        )


def _confirm(check: HostCheckResult, *, as_json: bool) -> None:
    terminal = Terminal.find(as_json=as_json)
    shown = check.shown
    known = [key.fingerprint for key in check.known]
    if terminal is None:
        instead = f", and not {', '.join(known)} as before" if known else ""
        raise NeedsInput(
            f"cannot trust {check.target} unseen: it shows {shown.type} {shown.fingerprint}{instead}",
            hint=f"compare it, then: runicornctl hosts trust {check.target}"
            f" --fingerprint {shown.fingerprint}",
            context={"shown": shown.fingerprint, "known": known},
        )
    terminal.show(f"{clean(check.target)} ({clean(check.address)}) shows the key")
    terminal.show(f"  {clean(shown.type)} {clean(shown.fingerprint)}")
    if check.known:
        terminal.show("and not the one that is known. Somebody may be in between. Known is")
    for key in check.known:
        terminal.show(f"  {clean(key.type)} {clean(key.fingerprint)}  {clean(key.source)}")
    new = "new one" if check.known else "fingerprint"
    terminal.show(f"Is the {new} what the server's administrator gave you?")
    if not agrees(terminal):
        raise Failure(f"did not trust {check.target}", kind="host_key_unknown")
