"""The handlers: each checks, calls, presents. One module a noun."""

from __future__ import annotations

from runicornd.rpc.methods import daemon, discover, envs, events, hosts, prompts, sessions

GROUPS = (
    daemon.HANDLERS,
    discover.HANDLERS,
    envs.HANDLERS,
    events.HANDLERS,
    hosts.HANDLERS,
    prompts.HANDLERS,
    sessions.HANDLERS,
)
