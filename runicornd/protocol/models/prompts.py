"""Questions to a person."""

from __future__ import annotations

from typing import Annotated

import msgspec

from runicornd.protocol.models.base import Params, Result, Text


class PromptField(Result):
    """One thing to fill in; a field without ``echo`` is a secret."""

    label: str
    echo: bool


class PromptChoice(Result):
    """One of the answers to pick."""

    value: str
    label: str
    detail: str = ""


class PromptInfo(Result):
    """A question that waits. ``kind``: password, passphrase, code, host_key, environment."""

    id: str
    kind: str
    target: str
    message: str
    fields: list[PromptField] = []
    choices: list[PromptChoice] = []
    detail: str = ""


class PromptsResult(Result):
    """The open questions, oldest first."""

    prompts: list[PromptInfo]


class AnswerParams(Params):
    """One value for each field, or the value of one choice."""

    prompt: Text
    values: list[Annotated[str, msgspec.Meta(max_length=65536)]]
