"""The question broker: how the core asks a person without knowing of any screen.

A question is asked by the part that needs the answer and shown by whoever listens to events: a
terminal, the dashboard. The first answer wins. A question that nobody answers stays pending until the
asker withdraws it.
"""

from __future__ import annotations

import asyncio
import itertools
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from runicornd.errors import InvalidParams, UnknownPrompt
from runicornd.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from runicornd.events import EventHub

MAX_ANSWER_CHARACTERS = 65536


class QuestionKind(StrEnum):
    """What a question is about; clients choose their form by it."""

    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    PASSPHRASE = "passphrase"  # noqa: S105 - a word, not a secret
    CODE = "code"
    HOST_KEY = "host_key"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. ``echo`` is false for a secret, which must not be shown while typed."""

    label: str
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers: ``value`` is sent back, ``label`` and ``detail`` are shown."""

    value: str
    label: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom it concerns, and the shape of the answer.

    The answer is one text for each of ``fields``, or one of the values of ``choices``.
    """

    kind: QuestionKind
    target: str
    message: str
    fields: tuple[Field, ...] = ()
    choices: tuple[Choice, ...] = ()
    detail: str = ""


@dataclass(slots=True)
class Prompt:
    """A question that waits. Await ``answer`` for the texts that were given."""

    id: str
    question: Question
    answer: asyncio.Future[tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PromptAsked(Event):
    """A question appeared."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class PromptClosed(Event):
    """A question was answered or withdrawn."""

    prompt_id: str


class Prompts:
    """All pending questions."""

    def __init__(self, events: EventHub) -> None:
        self._events = events
        self._numbers = itertools.count(1)
        self._pending: dict[str, Prompt] = {}

    def pending(self) -> Sequence[Prompt]:
        """The questions that wait now, oldest first."""
        return tuple(self._pending.values())

    @contextmanager
    def asking(self, question: Question) -> Iterator[Prompt]:
        """Ask for the length of the block; leaving it withdraws the question."""
        prompt = Prompt(
            id=f"p{next(self._numbers)}",
            question=question,
            answer=asyncio.get_running_loop().create_future(),
        )
        self._pending[prompt.id] = prompt
        self._events.publish(PromptAsked(prompt))
        try:
            yield prompt
        finally:
            if self._pending.pop(prompt.id, None):
                self._events.publish(PromptClosed(prompt.id))
            prompt.answer.cancel()

    def withdraw(self, prompt_id: str) -> None:
        """Withdraw a question at once: whoever awaits its answer is cancelled."""
        if prompt := self._pending.pop(prompt_id, None):
            prompt.answer.cancel()
            self._events.publish(PromptClosed(prompt_id))

    async def ask(self, question: Question, *, timeout_s: float | None = None) -> tuple[str, ...]:
        """Ask and wait for the answer.

        Raises:
            TimeoutError: Nobody answered within ``timeout_s`` seconds.
        """
        with self.asking(question) as prompt:
            async with asyncio.timeout(timeout_s):
                return await prompt.answer

    def give(self, prompt_id: str, values: Sequence[str]) -> None:
        """Answer a question.

        Raises:
            UnknownPrompt: There is no such question any more.
            InvalidParams: The answer does not fit the question; it stays pending.
        """
        prompt = self._pending.get(prompt_id)
        if prompt is None:
            raise UnknownPrompt(
                f"cannot answer {prompt_id!r}: this question is not open (any more)",
                hint="run 'runicornctl status' to see what is waiting",
            )
        _check_answer(prompt.question, values)
        del self._pending[prompt_id]
        if not prompt.answer.done():
            prompt.answer.set_result(tuple(values))
        self._events.publish(PromptClosed(prompt_id))


def _check_answer(question: Question, values: Sequence[str]) -> None:
    expected = 1 if question.choices else len(question.fields)
    if len(values) != expected:
        raise InvalidParams(f"cannot take the answer: {expected} values are needed, got {len(values)}")
    if any(len(value) > MAX_ANSWER_CHARACTERS for value in values):
        raise InvalidParams(f"cannot take the answer: longer than {MAX_ANSWER_CHARACTERS} characters")
    if question.choices and values[0] not in {choice.value for choice in question.choices}:
        allowed = ", ".join(repr(choice.value) for choice in question.choices)
        raise InvalidParams(f"cannot take the answer {values[0]!r}: it is none of {allowed}")


class PromptsFor:
    """Asks like ``Prompts``, and says what it is for.

    Args:
        prompts: Where people are asked.
        purpose: A sentence that follows each question.
    """

    def __init__(self, prompts: Prompts, purpose: str) -> None:
        self._prompts = prompts
        self._purpose = purpose

    def asking(self, question: Question) -> AbstractContextManager[Prompt]:
        """Ask for the length of the block."""
        detail = f"{question.detail}\n{self._purpose}" if question.detail else self._purpose
        return self._prompts.asking(replace(question, detail=detail))

    def withdraw(self, prompt_id: str) -> None:
        """Withdraw a question at once."""
        self._prompts.withdraw(prompt_id)
