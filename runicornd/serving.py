"""The front of the composition root: the doors that clients come through, opened and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from runicornd.errors import RunicorndError
from runicornd.gateway.server import MAX_PORT, Gateway
from runicornd.gateway.tokens import Tokens
from runicornd.rpc.plane import ControlPlane
from runicornd.rpc.server import Server
from runicornd.tunnels.ports import Ports

if TYPE_CHECKING:
    from contextlib import AsyncExitStack
    from socket import socket

    from runicornd._lib.clock import Clock
    from runicornd.rpc.services import Services
    from runicornd.settings import Settings

PORTS_TRIED = 100

_log = structlog.get_logger("serving")


def new_gateway(settings: Settings, clock: Clock) -> Gateway:
    """Make the dashboard's server, not yet started."""
    first = settings.dashboard_port
    last = min(first + PORTS_TRIED, MAX_PORT) if first else 0
    allowed = range(first, last + 1) if first else range(MAX_PORT + 1)
    tokens = Tokens(settings.paths.state / "dashboard.json", clock)
    return Gateway(Ports(first, last), tokens, clock, allowed=allowed)


async def open_doors(
    stack: AsyncExitStack, services: Services, gateway: Gateway | None, passed: socket | None
) -> None:
    """Serve clients from now on, until the stack is unwound.

    Args:
        stack: Closes the doors again.
        services: What the handlers use.
        gateway: The dashboard's server; None when it is switched off.
        passed: The control socket, where the service manager has made it.

    Raises:
        LocalError: The control socket cannot be made. A dashboard that cannot be served is only logged.
    """
    plane = ControlPlane(services)
    server = Server(plane, services.daemon.socket, passed=passed)
    await server.start()
    stack.push_async_callback(server.close)
    if gateway is None:
        return
    stack.push_async_callback(gateway.close)
    try:
        await gateway.start(plane)
    except (RunicorndError, OSError) as error:
        _log.error("dashboard is not served", reason=str(error))
