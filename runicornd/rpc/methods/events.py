"""``events.*``: being told of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runicornd.protocol import models
    from runicornd.rpc.registry import Call, Handlers


async def subscribe(call: Call, params: models.SubscribeParams) -> models.SubscribeResult:
    """Answer with the state now; what comes after it follows the answer."""
    result, begin = await call.conversation.feed.subscribe(
        params.since, params.topics, params.gather_ms / 1000
    )
    call.after_reply.append(begin)
    return result


HANDLERS: Handlers = {"events.subscribe": subscribe}
