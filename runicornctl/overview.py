"""The overview that ``status`` shows: sessions, forwards, hosts, stores, downloads that run."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING

from runicornctl.render import Paint, Table, age, block, clean, duration, problem
from runicornctl.session_text import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runicornd.protocol.models import (
        Download,
        Forward,
        HostState,
        PromptInfo,
        Session,
        Store,
    )

# What a state looks like: a symbol, the same in ASCII, a colour.
_LOOKS = {
    "ready": ("●", "*", "green"),
    "up": ("●", "*", "green"),
    "starting": ("◌", "~", "yellow"),
    "connecting": ("◌", "~", "yellow"),
    "reconnecting": ("◌", "~", "yellow"),
    "restarting": ("◌", "~", "yellow"),
    "stopping": ("◌", "~", "yellow"),
    "backoff": ("◌", "~", "yellow"),
    "waiting_for_user": ("?", "?", "yellow"),
    "blocked": ("!", "!", "red"),
    "failed": ("✗", "x", "red"),
}
_QUIET = ("○", "-", "dim")
# A link that nobody wants at the moment is nothing to look at.
_UNUSED = frozenset({"idle", "closed"})


def overview(
    sessions: Iterable[Session],
    hosts: Iterable[HostState],
    prompts: Mapping[str, PromptInfo],
    now: float | None = None,
    *,
    forwards: Iterable[Forward] = (),
    stores: Sequence[Store] = (),
    downloads: Sequence[Download] = (),
) -> list[str]:
    """Return the lines that show everything; ``now`` is in seconds since the epoch."""
    moment = time.time() if now is None else now
    shown = sorted(sessions, key=lambda each: each.id)
    linked = sorted((each for each in hosts if each.state not in _UNUSED), key=lambda each: each.target)
    tunnels = sorted(forwards, key=lambda each: each.id)
    parts = [_sessions(shown, prompts, moment)] if shown else []
    if tunnels:
        parts.append(_forwards(tunnels, moment))
    if linked:
        asked = {each.prompt for each in shown}
        own = {key: prompt for key, prompt in prompts.items() if key not in asked}
        parts.append(_hosts(linked, own, moment))
    if stores or downloads:
        from runicornctl.store_overview import sections  # noqa: PLC0415 - most have none

        parts += sections(stores, downloads, moment)
    if not parts:
        return ["No sessions. Begin with: runicornctl connect TARGET"]
    lines = [line for part in parts for line in ["", *part]][1:]
    known = {each.prompt for each in shown} | {each.prompt for each in linked}
    waiting = [prompt for prompt in prompts.values() if prompt.id not in known]
    return lines + [line for prompt in waiting for line in ["", *_question(prompt, prompt.target)]]


def _sessions(sessions: list[Session], prompts: Mapping[str, PromptInfo], now: float) -> list[str]:
    table = Table(["SESSION", "STATE", "ENVIRONMENT", "ADDRESS", "SINCE", "TARGET"])
    for each in sessions:
        table.add(
            each.id, _state(each.state), environment(each), each.url or "-", age(each.since, now), each.target
        )
    heading, *rows = table.lines()
    lines = [heading]
    for each, row in zip(sessions, rows, strict=True):
        lines += [row, *_notes(each, prompts)]
    return lines


def _notes(session: Session, prompts: Mapping[str, PromptInfo]) -> list[str]:
    """What there is to say about a session beside its row."""
    lines = []
    if session.detail:
        lines.append(f"  {clean(session.detail)}")
    if session.remote and session.remote.exposed:
        lines.append(f"  {Paint(sys.stdout)('yellow', 'exposed')}: other accounts of the server can open it")
    if session.error:
        lines += problem(session.error.message, session.error.hint)
    if prompt := prompts.get(session.prompt or ""):
        lines += _question(prompt, session.target)
    return lines


def _hosts(hosts: list[HostState], prompts: Mapping[str, PromptInfo], now: float) -> list[str]:
    table = Table(["HOST", "STATE", "ADDRESS", "SINCE"])
    for host in hosts:
        table.add(host.target, _state(host.state), host.address, age(host.since, now))
    heading, *rows = table.lines()
    lines = [heading]
    for host, row in zip(hosts, rows, strict=True):
        lines.append(row)
        if host.error:
            lines += problem(host.error.message, host.error.hint)
        if host.retry_at is not None:
            lines.append(f"  next try in {duration(max(0.0, host.retry_at - now))}")
        if prompt := prompts.get(host.prompt or ""):
            lines += _question(prompt, host.target)
    return lines


def _forwards(forwards: list[Forward], now: float) -> list[str]:
    heading, *rows = forwards_table(forwards, now)
    lines = [heading]
    for forward, row in zip(forwards, rows, strict=True):
        lines += [row, *(problem(forward.error.message, forward.error.hint) if forward.error else [])]
    return lines


def forwards_table(forwards: Iterable[Forward], now: float | None = None) -> list[str]:
    """Return the lines of a table of forwards; ``now`` is in seconds since the epoch."""
    moment = time.time() if now is None else now
    table = Table(["FORWARD", "STATE", "HERE", "THERE", "SINCE", "TARGET"])
    for each in forwards:
        there, here = each.remote, each.address or "-"
        table.add(each.id, _state(each.state), here, there, age(each.since, moment), each.target)
    return list(table.lines())


def _question(prompt: PromptInfo, target: str) -> list[str]:
    paint = Paint(sys.stdout)
    return [
        f"  {paint('yellow', 'waits for you:')} {block(prompt.message, '    ')}",
        f"  {paint('cyan', 'hint:')}  answer with: runicornctl connect {clean(shlex.quote(target))}",
    ]


def _state(state: str) -> tuple[str, str]:
    fancy, plain, colour = _LOOKS.get(state, _QUIET)
    symbol = Paint(sys.stdout).symbol(fancy, plain)
    return f"{symbol} {state.replace('_', ' ')}", colour
