"""The control plane itself, whatever its clients come through: one registry, one dispatcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import PROTOCOL_MAX
from runicornd.protocol.framing import Response, decode_incoming, encode_request
from runicornd.protocol.models import ErrorData
from runicornd.rpc.conversation import MAX_IN_FLIGHT, Conversation
from runicornd.rpc.dispatch import Dispatcher
from runicornd.rpc.methods import GROUPS
from runicornd.rpc.registry import Call, build_registry
from runicornd.rpc.subscriptions import LogFollowers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import msgspec

    from runicornd.protocol.models import Params
    from runicornd.rpc.services import Services


class Declined(Exception):
    """A request was answered with an error.

    Args:
        error: It.
    """

    def __init__(self, error: ErrorData) -> None:
        super().__init__(error.message)
        self.error = error


class ControlPlane:
    """What all doors of the daemon lead to.

    Args:
        services: What the handlers use.
    """

    def __init__(self, services: Services) -> None:
        self.version = services.daemon.version
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

    async def ask(self, method: str, params: Params) -> msgspec.Raw:
        """Do one request of a page, as if it had come in a conversation, and return its result.

        Raises:
            Declined: What the dispatcher answers instead.
        """
        conversation = self.converse(_say_nothing, _say_nothing_at_once, is_browser=True)
        conversation.protocol = PROTOCOL_MAX
        line = encode_request(1, method, params)
        reply = await self._dispatcher.answer(line, Call(self._services, conversation))
        answer = decode_incoming(reply or b"")
        if isinstance(answer, Response) and answer.error is None:
            return answer.result
        error = answer.error if isinstance(answer, Response) else None
        raise Declined(error.data if error and error.data else ErrorData("internal", f"cannot do {method}"))


async def _say_nothing(_line: bytes) -> None:
    """There is nobody who waits for events."""


def _say_nothing_at_once() -> None:
    """There is nothing to cut."""
