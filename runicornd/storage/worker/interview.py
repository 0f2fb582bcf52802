"""The ``Interviewer`` of the worker: everything is asked of the daemon, which has the answers or a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from runicornd.ssh.auth import NO_LOGIN
from runicornd.ssh.hostkeys import KnownKeys
from runicornd.storage.downloads.failures import failure_of
from runicornd.storage.worker.messages import LoginData, value_of

if TYPE_CHECKING:
    import msgspec

    from runicornd.ssh.auth import Login
    from runicornd.ssh.targets import Host
    from runicornd.storage.worker.pipe import Pipe

T = TypeVar("T")


class ProxyInterview:
    """One connection attempt's interview. Make it with ``begin``; tell ``failed`` when it was in vain."""

    def __init__(self, pipe: Pipe, number: int, host: Host, login: Login) -> None:
        self._pipe = pipe
        self._number = number
        self._host = host
        self._login = login

    @classmethod
    async def begin(cls, pipe: Pipe, number: int, host: Host) -> ProxyInterview:
        """Begin an attempt, with what the user gave for it."""
        answer = await pipe.ask(number, "begin", host=host.key)
        return cls(pipe, number, host, value_of(answer, LoginData).login())

    async def failed(self, failure: Exception) -> bool:
        """Say why the attempt failed; return whether to pause before the next one.

        Waits while a person is asked who may help.

        Raises:
            RunicorndError: No further attempt is worth it; this is why.
        """
        answer = await self._pipe.ask(self._number, "failed", error=failure_of(failure))
        return value_of(answer, bool)

    def login(self, host: Host) -> Login:
        """What the user gave for this host."""
        return self._login if host.key == self._host.key else NO_LOGIN

    async def known_host_keys(self, host: Host) -> KnownKeys:
        """What the daemon reads in the known_hosts files."""
        return value_of(await self._pipe.ask(self._number, "known_host_keys", host=host.key), KnownKeys)

    async def confirm_host_key(self, host: Host, key_type: str, key_blob: bytes) -> None:
        """Let the daemon decide."""
        await self._pipe.ask(
            self._number, "confirm_host_key", host=host.key, key_type=key_type, key_blob=key_blob
        )

    async def passphrase(self, host: Host, key_path: str, *, retry: bool) -> str | None:
        """From the daemon's memory, or a person."""
        answer = await self._pipe.ask(
            self._number, "passphrase", host=host.key, key_path=key_path, retry=retry
        )
        return _optional(answer, str)

    async def password(self, host: Host, *, retry: bool) -> str | None:
        """From the daemon's memory, or a person."""
        return _optional(await self._pipe.ask(self._number, "password", host=host.key, retry=retry), str)

    async def challenge(
        self, host: Host, name: str, instructions: str, fields: tuple[tuple[str, bool], ...]
    ) -> tuple[str, ...] | None:
        """From a person, for the most part."""
        answer = await self._pipe.ask(
            self._number,
            "challenge",
            host=host.key,
            name=name,
            instructions=instructions,
            fields=fields,
        )
        values = _optional(answer, list)
        return None if values is None else tuple(str(value) for value in values)

    def login_ended(self, host: Host, *, accepted: bool) -> None:
        """Pass it on; nobody waits for an answer."""
        self._pipe.note(self._number, "login_ended", host=host.key, accepted=accepted)


def _optional(answer: msgspec.Raw, kind: type[T]) -> T | None:
    return None if bytes(answer) == b"null" else value_of(answer, kind)
