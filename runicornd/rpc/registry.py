"""Which function answers which method."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from runicornd.protocol.methods import METHODS
from runicornd.rpc.failures import Forbidden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from runicornd.protocol.methods import Method
    from runicornd.protocol.models import Result
    from runicornd.rpc.conversation import Conversation
    from runicornd.rpc.services import Services


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets beside its parameters.

    Args:
        services: The daemon's parts.
        conversation: The connection that the request came from.
        after_reply: Functions to call once the response has been sent.
    """

    services: Services
    conversation: Conversation
    after_reply: list[Callable[[], None]] = field(default_factory=list)

    def refuse_browser(self, doing: str) -> None:
        """Let only programs of the user's own go on; ``doing`` completes "cannot ...".

        Raises:
            Forbidden: A page asks.
        """
        if self.conversation.is_browser:
            raise Forbidden(
                f"cannot {doing} from a page: only the command line may", hint="use runicornctl in a terminal"
            )


# The parameters are those of the method's own struct; the registry checks them before the call.
Handler: TypeAlias = "Callable[[Call, Any], Awaitable[Result]]"
Handlers: TypeAlias = "Mapping[str, Handler]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A method and the function that answers it."""

    method: Method
    handler: Handler


def build_registry(groups: Iterable[Handlers]) -> Mapping[str, Entry]:
    """Join the handlers with the table of methods.

    Raises:
        ValueError: The handlers are not exactly those of the table.
    """
    handlers = {name: handler for group in groups for name, handler in group.items()}
    if odd := handlers.keys() ^ METHODS.keys():
        raise ValueError(f"cannot build the registry: {', '.join(sorted(odd))} not in both places")
    return {name: Entry(METHODS[name], handler) for name, handler in handlers.items()}
