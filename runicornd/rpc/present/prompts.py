"""Questions to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.protocol import models

if TYPE_CHECKING:
    from runicornd.prompts import Prompt


def prompt(pending: Prompt) -> models.PromptInfo:
    """A question that waits."""
    question = pending.question
    return models.PromptInfo(
        id=pending.id,
        kind=question.kind,
        target=question.target,
        message=question.message,
        fields=[models.PromptField(field.label, field.echo) for field in question.fields],
        choices=[models.PromptChoice(one.value, one.label, one.detail) for one in question.choices],
        detail=question.detail,
    )
