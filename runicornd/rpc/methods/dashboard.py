"""``dashboard.*``: who may use the page. A page may not: it could let others in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def link(call: Call, _params: models.Empty) -> models.DashboardLink:
    """Answer with an address that lets one browser in."""
    call.refuse_browser("let another browser in")
    served, expires = call.services.dashboard.link()
    return models.DashboardLink(served.url, served.port, expires)


async def token(call: Call, _params: models.Empty) -> models.DashboardToken:
    """Answer with a token for programs."""
    call.refuse_browser("make a token")
    return models.DashboardToken(call.services.dashboard.token())


async def revoke(call: Call, _params: models.Empty) -> models.Done:
    """Log out every page and program."""
    call.refuse_browser("log everybody out")
    await call.services.dashboard.revoke()
    return models.Done()


HANDLERS: Handlers = {"dashboard.link": link, "dashboard.token": token, "dashboard.revoke": revoke}
