"""The handlers: each checks, calls, presents. One module a noun."""

from __future__ import annotations

from runicornd.rpc.methods import (
    artifacts,
    cache,
    daemon,
    dashboard,
    discover,
    doctor,
    downloads,
    envs,
    events,
    folders,
    forwards,
    hosts,
    prompts,
    runs,
    sessions,
    settings,
    stores,
)

GROUPS = (
    artifacts.HANDLERS,
    cache.HANDLERS,
    daemon.HANDLERS,
    dashboard.HANDLERS,
    discover.HANDLERS,
    doctor.HANDLERS,
    downloads.HANDLERS,
    envs.HANDLERS,
    events.HANDLERS,
    folders.HANDLERS,
    forwards.HANDLERS,
    hosts.HANDLERS,
    prompts.HANDLERS,
    runs.HANDLERS,
    sessions.HANDLERS,
    settings.HANDLERS,
    stores.HANDLERS,
)
