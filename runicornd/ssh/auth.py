"""Whom a handshake asks: the person at the screen, and what that person has said before.

How a link uses it, one ``Interview`` an attempt::

    interview = Interview(host, prompts=…, secrets=…, host_keys=…, login=…, on_waiting=…)
    try:
        connection = await connector.connect(host, interview)
    except NeedsInput:
        question = interview.leftover      # what went unanswered; None if nothing did
        # ask it again with Prompts for as long as it takes, then
        await interview.remember(question, values)
        # and connect again with a fresh Interview: it finds the answer
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from runicornd._lib.race import first_of
from runicornd.ssh.hostkeys import Verdict
from runicornd.ssh.questions import (
    YES,
    asks_for_password,
    changed_host_key,
    code_question,
    host_key_question,
    log_in_again,
    passphrase_question,
    password_question,
    revoked_host_key,
    unanswered,
    untrusted_host_key,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import Any, Protocol

    from runicornd.prompts import Prompt, Question
    from runicornd.ssh.hostkeys import HostKeys, KnownKeys
    from runicornd.ssh.targets import Host

    Later = Callable[[Sequence[str]], Awaitable[None]]

    class Asks(Protocol):
        """Where questions are asked; ``Prompts`` is one."""

        def asking(self, question: Question) -> AbstractContextManager[Prompt]:
            """Ask for the length of the block."""
            ...


ANSWER_TIMEOUT_S = 100.0
ASK_LIMIT = 3
FIELD_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Login:
    """What the user gave with this request, beside the configuration. Kept in memory only.

    Args:
        identity_file: A private key's path, to try before all others.
        private_key: The text of a private key.
        passphrase: For ``private_key``, ``identity_file`` or whichever key asks first.
        password: The account's password.
    """

    identity_file: Path | None = None
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


NO_LOGIN = Login()


class Secrets:
    """What was said once and may be used again: passphrases by key path, passwords by host.

    Lives in memory and dies with the daemon. One-time codes never come here.
    """

    def __init__(self) -> None:
        self._passphrases: dict[str, str] = {}
        self._passwords: dict[str, str] = {}

    def passphrase(self, key_path: str) -> str | None:
        """The passphrase that opened this key before."""
        return self._passphrases.get(key_path)

    def password(self, host: Host) -> str | None:
        """The password that was given for this host."""
        return self._passwords.get(host.key)

    def keep_passphrase(self, key_path: str, passphrase: str) -> None:
        """Remember a passphrase."""
        self._passphrases[key_path] = passphrase

    def keep_password(self, host: Host, password: str) -> None:
        """Remember a password."""
        self._passwords[host.key] = password

    def forget_passphrase(self, key_path: str) -> None:
        """Drop a passphrase that turned out wrong."""
        self._passphrases.pop(key_path, None)

    def forget_password(self, host: Host) -> None:
        """Drop a password that turned out wrong."""
        self._passwords.pop(host.key, None)


class Interview:
    """The ``Interviewer`` of one connection attempt: asks through ``Prompts``, remembers in ``Secrets``.

    Args:
        host: Where the attempt goes. ``login`` is for this host only, never for a jump host.
        prompts: Where questions are asked.
        secrets: What was answered before; shared by all attempts.
        host_keys: Checks and remembers host keys.
        login: What the user gave with the request. A secret of it that turns out wrong ends the
            attempt; nobody is asked instead.
        on_waiting: Called with a prompt's id when a question starts to wait for a person, and with
            None when it no longer does.
        answer_timeout_s: How long a question holds up the handshake. Below sshd's LoginGraceTime of
            120 s. After that the attempt ends with ``NeedsInput`` and ``leftover`` has the question.
    """

    def __init__(
        self,
        host: Host,
        *,
        prompts: Asks,
        secrets: Secrets,
        host_keys: HostKeys,
        login: Login | None = None,
        on_waiting: Callable[[str | None], None] = lambda _prompt_id: None,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self._host = host
        self._prompts = prompts
        self._secrets = secrets
        self._host_keys = host_keys
        self._login = login or NO_LOGIN
        self._on_waiting = on_waiting
        self._answer_timeout_s = answer_timeout_s
        self._leftover: tuple[Question, Later] | None = None
        self._tried: set[str] = set()
        self._asked: dict[str, int] = {}

    @property
    def leftover(self) -> Question | None:
        """The question that nobody answered in time; None when there is none.

        A one-time code that comes late is worth nothing: it is then whether to log in again.
        """
        return self._leftover[0] if self._leftover else None

    async def remember(self, question: Question, values: Sequence[str]) -> None:
        """Put a late answer to the leftover question to use in the next attempt.

        A password or passphrase goes to ``Secrets``; a host key that was accepted is trusted.

        Raises:
            HostKeyUnknown: The answer was that the host key is not to be trusted.
            HostKeyRevoked, KnownHostsUnreadable, StateUnwritable: It cannot be trusted.
        """
        if self._leftover and self._leftover[0] == question:
            await self._leftover[1](values)

    def explained(self, failure: Exception) -> Exception:
        """Return what a failed attempt comes down to: ``NeedsInput`` when a question was left open.

        A server that hangs up because nobody answered in time is not worth another try before somebody
        has.
        """
        return unanswered(self._leftover[0]) if self._leftover else failure

    # The Interviewer of transport.py

    def login(self, host: Host) -> Login:
        """What the user gave for this host with the request."""
        return self._login if host.key == self._host.key else NO_LOGIN

    async def known_host_keys(self, host: Host) -> KnownKeys:
        """What the known_hosts files say."""
        return await self._host_keys.known(host)

    async def confirm_host_key(self, host: Host, key_type: str, key_blob: bytes) -> None:
        """Pass a trusted key, ask about an unknown one, refuse the others."""
        known = await self._host_keys.known(host)
        verdict = known.verdict(key_blob)
        if verdict is Verdict.REVOKED:
            raise revoked_host_key(host, key_type, key_blob)
        if verdict is Verdict.CHANGED:
            raise changed_host_key(host, key_type, key_blob, known)
        if verdict is Verdict.TRUSTED:
            return

        async def decide(values: Sequence[str]) -> None:
            if values[0] != YES:
                raise untrusted_host_key(host, key_type, key_blob)
            await self._host_keys.trust(host, key_type, key_blob)

        async def trusted_meanwhile() -> tuple[str, ...]:
            await self._host_keys.until_trusted(host, key_blob)
            return (YES,)

        question = host_key_question(host, key_type, key_blob)
        await decide(await self._ask(question, decide, unless=trusted_meanwhile))

    async def passphrase(self, host: Host, key_path: str, *, retry: bool) -> str | None:
        """The passphrase from the request, from memory, or from the person."""
        given = self.login(host).passphrase
        if given is not None:
            return None if retry else given
        if retry:
            self._secrets.forget_passphrase(key_path)
        elif (remembered := self._secrets.passphrase(key_path)) is not None:
            return remembered

        about = f"passphrase {key_path}"

        async def keep(values: Sequence[str]) -> None:
            if values[0]:
                self._secrets.keep_passphrase(key_path, values[0])

        # A remembered one may have been that of another key of the same name.
        was_wrong = retry and bool(self._asked.get(about))
        question = passphrase_question(host, key_path, was_wrong=was_wrong)
        return await self._ask_secret(about, question, keep)

    async def password(self, host: Host, *, retry: bool) -> str | None:
        """The password from the request, from memory, or from the person."""
        retry = retry or host.key in self._tried
        self._tried.add(host.key)
        given = self.login(host).password
        if given is not None:
            return None if retry else given
        if retry:
            self._secrets.forget_password(host)
        elif (remembered := self._secrets.password(host)) is not None:
            return remembered

        async def keep(values: Sequence[str]) -> None:
            if values[0]:
                self._secrets.keep_password(host, values[0])

        question = password_question(host, was_refused=retry)
        return await self._ask_secret(f"password {host.key}", question, keep)

    async def challenge(
        self, host: Host, name: str, instructions: str, fields: tuple[tuple[str, bool], ...]
    ) -> tuple[str, ...] | None:
        """Answer one round: a password from memory where it is asked for, all else by the person."""
        if not fields:
            return ()
        if len(fields) > FIELD_LIMIT:
            return None
        if len(fields) == 1 and asks_for_password(*fields[0]):
            password = await self.password(host, retry=False)
            return None if password is None else (password,)

        async def start_over(values: Sequence[str]) -> None:
            """The next attempt asks for a fresh code."""

        question = code_question(host, name, instructions, fields)
        return await self._ask(question, start_over, leftover=log_in_again(host))

    def login_ended(self, host: Host, *, accepted: bool) -> None:
        """Forget the password when the server has refused the login."""
        if not accepted and host.key in self._tried:
            self._secrets.forget_password(host)

    # Asking

    async def _ask_secret(self, about: str, question: Question, keep: Later) -> str | None:
        """Ask up to three times in all; an empty answer means to go on without."""
        asked = self._asked[about] = self._asked.get(about, 0) + 1
        if asked > ASK_LIMIT:
            return None
        values = await self._ask(question, keep)
        await keep(values)
        return values[0] or None

    async def _ask(
        self,
        question: Question,
        later: Later,
        *,
        leftover: Question | None = None,
        unless: Callable[[], Coroutine[Any, Any, tuple[str, ...]]] | None = None,
    ) -> tuple[str, ...]:
        """Ask, and return the answer, or what ``unless`` returns if that comes first."""
        # Also what a jump host asks is asked on behalf of the target that somebody waits for.
        question = replace(question, target=self._host.target)

        async def answered() -> tuple[str, ...]:
            return await prompt.answer

        with self._prompts.asking(question) as prompt:
            # From now on: the server may hang up while somebody is asked.
            self._leftover = (leftover or question, later)
            self._on_waiting(prompt.id)
            try:
                async with asyncio.timeout(self._answer_timeout_s):
                    values = await (first_of(answered(), unless()) if unless else prompt.answer)
            except TimeoutError as error:
                raise unanswered(self._leftover[0]) from error
            finally:
                self._on_waiting(None)
        self._leftover = None
        return values
