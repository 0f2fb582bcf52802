"""The daemon's questions, asked at the terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from runicornctl.failure import Failure, NeedsInput
from runicornctl.render import block, clean
from runicornctl.terminal import Withdrawn
from runicornd.protocol.models import AnswerParams, Done, PromptChoice

if TYPE_CHECKING:
    from runicornctl.client import Client
    from runicornctl.terminal import Terminal, Watched
    from runicornd.protocol.models import PromptInfo

_MAX_TRIES = 5
_WHAT = {
    "password": "a password",
    "passphrase": "the passphrase of a key",
    "code": "a code",
    "host_key": "whether to trust the host key",
    "environment": "which environment to use",
}


def nobody_to_ask(prompt: PromptInfo, target: str, command: str | None = None) -> NeedsInput:
    """Return the error for a question that waits while there is no terminal.

    Args:
        prompt: The question; it may be about a jump host on the way to ``target``.
        target: What the user wants to reach.
        command: What asks it in a terminal; None is ``connect`` to the target.
    """
    again = command or f"runicornctl connect {shlex.quote(target)}"
    return NeedsInput(
        f"cannot go on: {prompt.target} waits for {_WHAT.get(prompt.kind, 'an answer')}: {prompt.message}",
        hint=f"answer it in a terminal with: {again}",
        context={"prompt": prompt.id, "prompt_kind": prompt.kind, "target": prompt.target},
    )


class Questioner:
    """Asks one question after the other and sends the answers.

    Args:
        client: Where the answers go.
        terminal: Where the person is; None when nobody is there.
        command: What asks the same questions again; None is ``connect``.
    """

    def __init__(self, client: Client, terminal: Terminal | None, command: str | None = None) -> None:
        self._client = client
        self._terminal = terminal
        self._command = command

    def settle(self, prompt: PromptInfo, target: str, beside: Watched) -> None:
        """Ask the person and send the answer; returns quietly when another client was faster.

        Args:
            prompt: The question.
            target: What the user wants to reach.
            beside: Raises ``Withdrawn`` when it is answered elsewhere meanwhile.

        Raises:
            NeedsInput: There is no terminal, or the person ended the input.
        """
        terminal = self._terminal
        if terminal is None:
            raise nobody_to_ask(prompt, target, self._command)
        terminal.show(block(prompt.message))
        if prompt.detail:
            terminal.show(block(prompt.detail))
        try:
            self._settle(terminal, prompt, beside)
        except EOFError as exc:
            terminal.show("")
            raise nobody_to_ask(prompt, target, self._command) from exc
        except Withdrawn:
            terminal.show("\n(no longer needed: it was answered elsewhere or withdrawn)")

    def _settle(self, terminal: Terminal, prompt: PromptInfo, beside: Watched) -> None:
        for _ in range(_MAX_TRIES):
            values = _ask(terminal, prompt, beside)
            try:
                self._client.call("prompts.answer", Done, AnswerParams(prompt=prompt.id, values=values))
            except Failure as failure:
                if failure.kind == "unknown_prompt":
                    raise Withdrawn from failure
                if failure.kind != "invalid_params":
                    raise
                terminal.show(block(failure.message))
            else:
                return
        raise EOFError


def _ask(terminal: Terminal, prompt: PromptInfo, beside: Watched) -> list[str]:
    if prompt.choices:
        return [choose(terminal, prompt.choices, beside, is_numbered=prompt.kind != "host_key")]
    return [terminal.ask(_label(field.label), echo=field.echo, beside=beside) for field in prompt.fields]


def _label(label: str) -> str:
    text = clean(label.strip())
    return f"{text} " if text.endswith((":", "?")) else f"{text}: "


def choose(
    terminal: Terminal, choices: list[PromptChoice], beside: Watched | None, *, is_numbered: bool
) -> str:
    """Return the value of the choice that the person names by number, value or label.

    Raises:
        EOFError: The input ended, or what was typed was no choice too many times.
        Withdrawn: As ``Terminal.ask`` does.
    """
    if is_numbered:
        for number, choice in enumerate(choices, 1):
            detail = f"  ({clean(choice.detail)})" if choice.detail else ""
            terminal.show(f"  {number}) {clean(choice.label)}{detail}")
        label = f"Number (1-{len(choices)}): "
    else:
        label = f"[{'/'.join(clean(choice.value) for choice in choices)}]: "
    for _ in range(_MAX_TRIES):
        typed = terminal.ask(label, echo=True, beside=beside).strip()
        matches = _matches(typed, choices, is_numbered=is_numbered)
        if len(matches) == 1:
            return matches[0].value
        terminal.show("Please type one of the choices.")
    raise EOFError


def agrees(terminal: Terminal) -> bool:
    """Ask for a yes or a no; the end of the input is a no."""
    answers = [PromptChoice("yes", "yes"), PromptChoice("no", "no")]
    try:
        return choose(terminal, answers, None, is_numbered=False) == "yes"
    except EOFError:
        return False


def _matches(typed: str, choices: list[PromptChoice], *, is_numbered: bool) -> list[PromptChoice]:
    if (
        is_numbered
        and typed.isascii()
        and typed.isdecimal()
        and len(typed) < 6
        and 1 <= int(typed) <= len(choices)
    ):
        return [choices[int(typed) - 1]]
    wanted = typed.casefold()
    exact = [each for each in choices if wanted in {each.value.casefold(), each.label.casefold()}]
    if exact or is_numbered or not wanted:
        return exact
    return [each for each in choices if each.value.casefold().startswith(wanted)]
