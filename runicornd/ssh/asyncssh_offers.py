"""Which keys are offered to a server, in which order, and how each of them signs.

A server is first asked whether it would accept a public key; only then is anything signed, and only
then is anybody asked for a passphrase.
"""

from __future__ import annotations

import asyncio
from enum import IntEnum
from typing import TYPE_CHECKING

from runicornd.errors import KeyUnusable
from runicornd.ssh.asyncssh_agent import Agent
from runicornd.ssh.asyncssh_keys import (
    PASTED,
    KeyFile,
    parse_key,
    public_key_instead,
    read_certificate,
    read_key_file,
    wrong_passphrase,
)
from runicornd.ssh.asyncssh_signing import SigningKey
from runicornd.ssh.known_hosts import fingerprint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    import asyncssh

    from runicornd.ssh.budget import Budget
    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Interviewer

    OpenFile = Callable[[KeyFile], Awaitable[asyncssh.SSHKey | None]]


class Turn(IntEnum):
    """When a key is offered. Servers end the login after a few keys, so the likely ones come first."""

    NAMED_IN_AGENT = 0
    NAMED_FILE = 1
    OTHER_IN_AGENT = 2
    DEFAULT_FILE = 3
    ENCRYPTED_FILE = 4


class Offers:
    """The keys for one login.

    ``tried`` lists, in words, what the server was asked about.
    """

    def __init__(self, host: Host, interviewer: Interviewer, budget: Budget) -> None:
        self._host = host
        self._interviewer = interviewer
        self._budget = budget
        self._login = interviewer.login(host)
        self._agent = Agent(host.agent_socket, budget)
        self._named: list[KeyFile] = []
        self._default: list[KeyFile] = []
        self._certificates: list[asyncssh.SSHCertificate] = []
        self._problems: list[KeyUnusable] = []
        self.tried: list[str] = []

    @property
    def agent_problem(self) -> str:
        """What is wrong with the agent; empty when nothing is."""
        return self._agent.problem

    @property
    def blocker(self) -> KeyUnusable | None:
        """The error to tell when keys were named and none of them is of any use."""
        if self._problems and not self._named and self._login.password is None:
            return self._problems[0]
        return None

    async def load(self) -> None:
        """Read the key files.

        Raises:
            KeyUnusable: A key that was given with this very request is missing or bad.
        """
        await asyncio.to_thread(self._load)

    async def close(self) -> None:
        """Let go of the agent."""
        await self._agent.close()

    async def pairs(self) -> AsyncIterator[asyncssh.SSHKeyPair]:
        """Yield key pairs, the cheapest and most likely ones first.

        Raises:
            KeyUnusable: A key's passphrase is wrong, or a public key was given and no agent has it.
        """
        in_agent = await self._agent.keys()
        held = {key.public_data for key in in_agent}
        self._check_public_only(held)
        candidates = [*self._from_agent(in_agent), *self._from_files(held)]
        for _, pair, words in sorted(candidates, key=lambda candidate: candidate[0]):
            if words not in self.tried:
                self.tried.append(words)
            yield pair
        for file in (*self._named, *self._default):
            if file.encrypted and file.public is None and (key := await self._open(file)):
                self.tried.append(f"key {file.name}")
                yield _private_pair(key)

    # Reading

    def _load(self) -> None:
        if self._login.private_key is not None:
            pasted = parse_key(self._login.private_key.encode(), PASTED)
            if pasted.is_public_only:
                raise public_key_instead(pasted)
            self._named.append(pasted)
        if self._login.identity_file is not None:
            self._named.append(read_key_file(self._login.identity_file))
        for path in self._host.identity_files:
            try:
                (self._named if self._host.explicit_identities else self._default).append(read_key_file(path))
            except KeyUnusable as problem:
                # What merely exists by default may well be missing.
                if self._host.explicit_identities:
                    self._problems.append(problem)
        paths = [path.with_name(path.name + "-cert.pub") for path in self._identity_paths()]
        found = (read_certificate(path) for path in (*self._host.certificate_files, *paths))
        self._certificates = [certificate for certificate in found if certificate]

    def _identity_paths(self) -> Iterator[Path]:
        if self._login.identity_file is not None:
            yield self._login.identity_file
        yield from self._host.identity_files

    def _check_public_only(self, held: set[bytes]) -> None:
        for file in [file for file in self._named if file.is_public_only and _blob(file) not in held]:
            if file.name == str(self._login.identity_file):
                raise public_key_instead(file)
            self._named.remove(file)
            self._problems.append(public_key_instead(file))

    # Ordering

    def _from_agent(self, keys: Sequence[SigningKey]) -> Iterator[tuple[Turn, asyncssh.SSHKeyPair, str]]:
        listed = {_blob(file) for file in (*self._named, *self._default)}
        for key in keys:
            words = f"agent key {fingerprint(key.public_data)}"
            if key.public_data not in listed and self._host.identities_only:
                continue
            turn = Turn.NAMED_IN_AGENT if key.public_data in listed else Turn.OTHER_IN_AGENT
            for pair in self._with_certificates(key.public_data, key.copy):
                yield turn, pair, words

    def _from_files(self, held: set[bytes]) -> Iterator[tuple[Turn, asyncssh.SSHKeyPair, str]]:
        for file in (*self._named, *self._default):
            if file.public is None or file.is_public_only or _blob(file) in held:
                continue
            if file.encrypted:
                turn = Turn.ENCRYPTED_FILE
            else:
                turn = Turn.NAMED_FILE if file in self._named else Turn.DEFAULT_FILE
            signer = _Signer(file, self._open)
            for pair in self._with_certificates(_blob(file), signer.pair):
                yield turn, pair, f"key {file.name}"

    def _with_certificates(
        self, blob: bytes, make: Callable[[], asyncssh.SSHKeyPair]
    ) -> Iterator[asyncssh.SSHKeyPair]:
        """The key with each certificate that is made for it, then the bare key."""
        for certificate in self._certificates:
            if certificate.key.public_data == blob:
                pair = make()
                pair.set_certificate(certificate)
                yield pair
        yield make()

    # Opening

    async def _open(self, file: KeyFile) -> asyncssh.SSHKey | None:
        """Return the private key, asking for its passphrase; None to go on without it."""
        if file.private is not None:
            return file.private
        retry = False
        while True:
            with self._budget.paused():
                passphrase = await self._interviewer.passphrase(self._host, file.name, retry=retry)
            if passphrase is None:
                if retry:
                    raise wrong_passphrase(file)
                return None
            # In a thread: opening a key is slow on purpose.
            if key := await asyncio.to_thread(file.decrypt, passphrase):
                return key
            retry = True


class _Signer:
    """Signs with a key file, which is opened once and when it is needed."""

    def __init__(
        self, file: KeyFile, open_file: Callable[[KeyFile], Awaitable[asyncssh.SSHKey | None]]
    ) -> None:
        self._file = file
        self._open = open_file
        self._key: asyncssh.SSHKey | None = None

    def pair(self) -> SigningKey:
        public = self._file.public
        assert public is not None
        return SigningKey(public.algorithm, public.sig_algorithms, public.public_data, self._sign)

    async def _sign(self, data: bytes, algorithm: bytes) -> bytes:
        self._key = self._key or await self._open(self._file)
        if self._key is None:
            raise ValueError("no passphrase was given")
        return self._key.sign(data, algorithm)


def _private_pair(key: asyncssh.SSHKey) -> SigningKey:
    async def sign(data: bytes, algorithm: bytes) -> bytes:
        return key.sign(data, algorithm)

    return SigningKey(key.algorithm, key.sig_algorithms, key.public_data, sign)


def _blob(file: KeyFile) -> bytes:
    return file.public.public_data if file.public else b""
