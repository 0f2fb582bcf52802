"""What a REST operation is: one line of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from runicornd.gateway.rest.bodies import Body, Nothing
from runicornd.protocol.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from runicornd.protocol.models import Params
    from runicornd.rpc.plane import ControlPlane

R = TypeVar("R")
Answer = dict[str, object]


class Asks(Protocol):
    """Does requests of the control plane."""

    async def __call__(self, method: str, params: Params, result: type[R]) -> R:
        """Return the result. Raises Declined."""
        ...


def asking(plane: ControlPlane) -> Asks:
    """Return a function that does requests and reads their results."""

    async def ask(method: str, params: Params, result: type[R]) -> R:
        assert METHODS[method].result is result
        return msgspec.json.decode(await plane.ask(method, params), type=result)

    return ask


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says.

    Args:
        path: The words of the path.
        body: The body.
        query: The query.
    """

    path: Mapping[str, str]
    body: Any
    query: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Args:
        verb: The HTTP method.
        path: As aiohttp and OpenAPI both write it.
        does: Turns what was asked into requests of the control plane, and their results into the answer;
            its docstring is what the document says of the operation.
        methods: The requests that it may do.
        body: What it takes.
        query: What its query takes.
    """

    verb: str
    path: str
    does: Callable[[Asks, Asked], Awaitable[Answer]]
    methods: tuple[str, ...]
    body: type[Body] = Nothing
    query: type[Body] = Nothing

    @property
    def summary(self) -> str:
        """What it does, in one sentence."""
        return self.does.__doc__ or ""
