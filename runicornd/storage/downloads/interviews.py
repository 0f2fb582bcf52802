"""The daemon's end of the worker's questions: one ``Interview`` for each of its attempts to connect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.errors import AuthFailed, HostUnreachable, KeyUnusable, NeedsInput, RunicorndError
from runicornd.prompts import PromptsFor
from runicornd.ssh.auth import NO_LOGIN
from runicornd.ssh.lifecycle import Disposition, classify
from runicornd.storage.downloads.failures import error_of, failure_of
from runicornd.storage.worker.messages import Answer, LoginData, raw

if TYPE_CHECKING:
    from collections.abc import Callable

    from runicornd.prompts import Prompts, Question
    from runicornd.ssh.auth import Interview, Login
    from runicornd.ssh.targets import Host
    from runicornd.storage.worker.messages import Ask

    OnWaiting = Callable[[str | None], None]
    NewInterview = Callable[[Host, Login | None, OnWaiting], Interview]

PURPOSE = "This is for downloads, which have a connection of their own."


class DownloadPrompts(PromptsFor):
    """Asks for downloads."""

    def __init__(self, prompts: Prompts) -> None:
        super().__init__(prompts, PURPOSE)


class WorkerInterviews:
    """Answers the questions of one worker.

    Args:
        host: The host that it connects to.
        login: What the user gave for it.
        new: Makes the interview of an attempt.
        prompts: Where a question is asked on that nobody has answered in time.
        on_waiting: Called with a prompt's id when a person is waited for, and with None afterwards.
    """

    def __init__(
        self,
        host: Host,
        login: Login | None,
        *,
        new: NewInterview,
        prompts: DownloadPrompts,
        on_waiting: OnWaiting,
    ) -> None:
        self._host = host
        self._hosts = dict(_hosts_of(host))
        self._login = login
        self._new = new
        self._prompts = prompts
        self._on_waiting = on_waiting
        self._attempt = 0
        self._interview: Interview | None = None

    async def answer(self, ask: Ask) -> Answer | None:
        """Answer a question; None when it was none."""
        try:
            value = await self._value(ask)
        except RunicorndError as error:
            return Answer(ask.number, error=failure_of(error))
        return None if ask.about == "login_ended" else Answer(ask.number, raw(value))

    async def _value(self, ask: Ask) -> object:
        if ask.about == "begin":
            self._attempt = ask.attempt
            self._interview = self._new(self._host, self._login, self._on_waiting)
            return LoginData.of(self._login or NO_LOGIN)
        interview = self._interview
        if interview is None or ask.attempt != self._attempt:
            raise HostUnreachable("cannot answer: the attempt is over")
        if ask.about == "failed" and ask.error is not None:
            return await self._after(interview, error_of(ask.error))
        return await _asked(interview, self._hosts.get(ask.host, self._host), ask)

    async def _after(self, interview: Interview, failure: RunicorndError) -> bool:
        """Return whether to pause before the next attempt; raise when there is to be none."""
        error = interview.explained(failure)
        if classify(error) is Disposition.RETRY:
            return True
        if isinstance(error, NeedsInput) and interview.leftover:
            await self._ask_on(interview, interview.leftover)
            return False
        if isinstance(error, AuthFailed | KeyUnusable):
            self._login = None  # it is wrong; the next attempt asks
        raise error

    async def _ask_on(self, interview: Interview, question: Question) -> None:
        with self._prompts.asking(question) as prompt:
            self._on_waiting(prompt.id)
            try:
                values = await prompt.answer
            finally:
                self._on_waiting(None)
        await interview.remember(question, values)


async def _asked(interview: Interview, host: Host, ask: Ask) -> object:
    match ask.about:
        case "known_host_keys":
            return await interview.known_host_keys(host)
        case "confirm_host_key":
            await interview.confirm_host_key(host, ask.key_type, ask.key_blob)
            return None
        case "passphrase":
            return await interview.passphrase(host, ask.key_path, retry=ask.retry)
        case "password":
            return await interview.password(host, retry=ask.retry)
        case "challenge":
            return await interview.challenge(host, ask.name, ask.instructions, ask.fields)
        case "login_ended":
            interview.login_ended(host, accepted=ask.accepted)
            return None
    raise HostUnreachable("cannot answer: the question is not known")


def _hosts_of(host: Host) -> list[tuple[str, Host]]:
    return [(host.key, host), *(pair for jump in host.jumps for pair in _hosts_of(jump))]
