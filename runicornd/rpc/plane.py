"""The control plane itself, whatever its clients come through: one registry, one dispatcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.rpc.conversation import MAX_IN_FLIGHT, Conversation
from runicornd.rpc.dispatch import Dispatcher
from runicornd.rpc.methods import GROUPS
from runicornd.rpc.registry import build_registry
from runicornd.rpc.subscriptions import LogFollowers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from runicornd.rpc.services import Services


class ControlPlane:
    """What all doors of the daemon lead to.

    Args:
        services: What the handlers use.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._dispatcher = Dispatcher(build_registry(GROUPS), str(services.daemon.log))
        self._followers = LogFollowers(services.sessions)

    def converse(
        self,
        send: Callable[[bytes], Awaitable[None]],
        abort: Callable[[], None],
        *,
        max_in_flight: int = MAX_IN_FLIGHT,
        is_browser: bool = False,
    ) -> Conversation:
        """Begin to talk with one client; see ``Conversation``."""
        return Conversation(
            dispatcher=self._dispatcher,
            services=self._services,
            followers=self._followers,
            send=send,
            abort=abort,
            max_in_flight=max_in_flight,
            is_browser=is_browser,
        )
