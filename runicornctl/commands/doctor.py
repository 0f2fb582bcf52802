"""``doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from runicornctl import VERSION, options
from runicornctl.autostart import open_or_start
from runicornctl.commands.connect import auth_of
from runicornctl.failure import ConnectionLost, Failure
from runicornctl.findings import Findings
from runicornctl.follow import asking_for
from runicornctl.output import print_result
from runicornctl.questions import Questioner
from runicornctl.reach import try_open
from runicornctl.terminal import Terminal
from runicornctl.world import World
from runicornd.protocol.errors import METHOD_NOT_FOUND
from runicornd.protocol.models import Check, DoctorParams, DoctorResult, DoctorTick

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornctl.client import Client
    from runicornd.protocol.models import Event

_TOPIC = "doctor"
_DAEMON = "daemon"
_RESTART = "restart it; viewers go on: runicornctl daemon stop --keep, then: runicornctl daemon start"


@click.command("doctor", short_help="Look for what is wrong with TARGET, or with the daemon.")
@options.optional_target_argument
@options.identity_options
@options.json_option
@options.timeout_option(600.0, "How long to wait; the time you take to answer does not count.")
def doctor_command(
    target: str | None,
    *,
    identity: str | None,
    paste_key: bool,
    as_json: bool,
    timeout_s: float,
) -> int:
    """Look at everything that connecting to TARGET needs, from its configuration to its clock.

    Without TARGET, look at the daemon: its configuration, folders, socket, files and service; also when it
    is not running. Ends with 1 when something has failed.
    """
    findings = Findings(is_quiet=as_json)
    if target is None:
        result = _this_machine(findings, timeout_s)
    else:
        terminal = Terminal.find(as_json=as_json)
        run = secrets.token_hex(8)
        auth = auth_of(identity, terminal, paste_key=paste_key)
        params = DoctorParams(target=target, run=run, auth=auth, ask=terminal is not None)
        with open_or_start() as client:
            result = _target(client, params, terminal, findings, timeout_s)
    findings.finish(result.checks)
    if as_json:
        print_result(result)
    return 1 if result.verdict == "failure" else 0


def _target(
    client: Client, params: DoctorParams, terminal: Terminal | None, findings: Findings, timeout_s: float
) -> DoctorResult:
    """Let the daemon look at a target, with its questions asked on the way."""
    world = World(client)
    questions: Callable[[Event | None], float] | None = None
    if terminal is not None:
        questions = asking_for(world, Questioner(client, terminal), params.target or "")
        questions(None)

    def on_event(event: Event) -> float:
        if event.topic == _TOPIC:
            _show(event, params.run, findings)
        elif questions is not None:
            findings.pause()
            return questions(event)
        return 0.0

    return client.call("doctor.run", DoctorResult, params, timeout_s=timeout_s, on_event=on_event)


def _show(event: Event, run: str | None, findings: Findings) -> None:
    tick = msgspec.convert(event.data, DoctorTick)
    if tick.run == run:
        findings.show(tick.check)


def _this_machine(findings: Findings, timeout_s: float) -> DoctorResult:
    """Ask the daemon about itself, or look from outside where it cannot be asked."""
    try:
        client = try_open()
        if client is not None:
            with client:
                return _asked(client, findings, timeout_s)
    except Failure as failure:
        return _from_outside(_check_of(failure))
    return _from_outside()


def _asked(client: Client, findings: Findings, timeout_s: float) -> DoctorResult:
    World(client)
    run = secrets.token_hex(8)
    other = _other_version(client)

    def on_event(event: Event) -> None:
        # The daemon knows nothing of our version.
        if event.topic == _TOPIC and not (other and _is_of_daemon(event)):
            _show(event, run, findings)

    try:
        params = DoctorParams(run=run)
        result = client.call("doctor.run", DoctorResult, params, timeout_s=timeout_s, on_event=on_event)
    except Failure as failure:
        if failure.kind != METHOD_NOT_FOUND:
            raise
        return _from_outside(other)
    return _with(result, other) if other else result


def _is_of_daemon(event: Event) -> bool:
    return msgspec.convert(event.data, DoctorTick).check.name == _DAEMON


def _other_version(client: Client) -> Check | None:
    """The check that replaces the daemon's own where its version is not ours."""
    if client.daemon.version == VERSION:
        return None
    return Check(
        name=_DAEMON,
        title="Daemon",
        verdict="warning",
        finding=f"it is of version {client.daemon.version}, this command of {VERSION}",
        hint=_RESTART,
    )


def _check_of(failure: Failure) -> Check:
    hint = failure.hint or "see what it does with: runicornctl daemon logs"
    if isinstance(failure, ConnectionLost):
        hint = "it may have been ending just now; try again"
    return Check(name=_DAEMON, title="Daemon", verdict="failure", finding=failure.message, hint=hint)


def _from_outside(daemon: Check | None = None) -> DoctorResult:
    from runicornctl.outside import look_outside  # noqa: PLC0415 - mostly the daemon can be asked

    result = look_outside()
    return _with(result, daemon) if daemon else result


def _with(result: DoctorResult, daemon: Check) -> DoctorResult:
    """The result with another word about the daemon, which comes first."""
    checks = [daemon, *(check for check in result.checks if check.name != _DAEMON)]
    return DoctorResult(target=result.target, verdict=_worst(checks), checks=checks)


def _worst(checks: list[Check]) -> Literal["ok", "warning", "failure"]:
    verdicts = {check.verdict for check in checks}
    if "failure" in verdicts:
        return "failure"
    return "warning" if "warning" in verdicts else "ok"
