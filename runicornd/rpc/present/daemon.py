"""The daemon as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc.present.downloads import download
from runicornd.rpc.present.forwards import forward
from runicornd.rpc.present.hosts import links
from runicornd.rpc.present.prompts import prompt
from runicornd.rpc.present.stores import store

if TYPE_CHECKING:
    from runicornd.rpc.services import Services


def status(services: Services) -> models.StatusResult:
    """Everything that lives now."""
    facts, served = services.daemon, services.dashboard.served
    return models.StatusResult(
        version=facts.version,
        daemon=models.DaemonInfo(
            pid=facts.pid,
            started=facts.started,
            socket=str(facts.socket),
            log=str(facts.log),
            config=str(facts.config),
        ),
        hosts=links(services),
        sessions=services.presented.all(services.sessions.list()),
        forwards=[forward(view) for view in services.forwards.list()],
        prompts=[prompt(pending) for pending in services.prompts.pending()],
        stores=[store(view) for view in services.stores.list()],
        downloads=[download(view) for view in services.downloads.list()],
        dashboard=None if served is None else models.DashboardInfo(url=served.url, port=served.port),
    )
