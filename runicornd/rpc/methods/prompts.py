"""``prompts.*``: questions that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models
from runicornd.rpc import present

if TYPE_CHECKING:
    from runicornd.rpc.registry import Call, Handlers


async def list_prompts(call: Call, _params: models.Empty) -> models.PromptsResult:
    """Answer with the open questions, oldest first."""
    return models.PromptsResult([present.prompt(pending) for pending in call.services.prompts.pending()])


async def answer(call: Call, params: models.AnswerParams) -> models.Done:
    """Answer a question."""
    call.services.prompts.give(params.prompt, params.values)
    return models.Done()


HANDLERS: Handlers = {"prompts.list": list_prompts, "prompts.answer": answer}
