"""What asyncssh asks during a handshake, and where the answers come from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import asyncssh

from runicornd.errors import AuthFailed
from runicornd.ssh.asyncssh_offers import Offers
from runicornd.ssh.budget import Step
from runicornd.ssh.hostkeys import Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from runicornd.errors import KeyUnusable
    from runicornd.ssh.budget import Budget
    from runicornd.ssh.hostkeys import KnownKeys
    from runicornd.ssh.targets import Host
    from runicornd.ssh.transport import Interviewer

LOGIN_TIMEOUT_S = 30.0
ATTEMPT_LIMIT = 3


class Handshake(asyncssh.SSHClient):
    """One handshake with one host.

    The host key is judged while the handshake waits for it; a key that is not trusted ends it before
    anything but algorithms has been sent, and ``shown`` then has the key.

    Args:
        host: The server.
        interviewer: Answers questions.
        known: What known_hosts says.
        confirmed: A key blob that was confirmed a moment ago.
        budget: Limits the time.

    ``round_trip_s`` is about how long a question takes, once the login has begun.
    """

    def __init__(
        self,
        host: Host,
        interviewer: Interviewer,
        known: KnownKeys,
        confirmed: bytes | None,
        budget: Budget,
    ) -> None:
        self.offers = Offers(host, interviewer, budget)
        self.shown: tuple[str, bytes] | None = None
        self.allowed: list[str] = []
        self.tried: list[str] = []
        self.connection: asyncssh.SSHClientConnection | None = None
        self._host = host
        self._interviewer = interviewer
        self._known = known
        self._confirmed = confirmed
        self._budget = budget
        self._pairs: AsyncIterator[asyncssh.SSHKeyPair] | None = None
        self._passwords = 0
        self._interactive = 0
        self._rounds = 0
        self._interactive_is_over = False
        self._trusted_at = 0.0
        self.round_trip_s = 0.0

    @property
    def blocker(self) -> KeyUnusable | None:
        """What is wrong with the keys that were named, if the server takes keys and none is of use."""
        return self.offers.blocker if "publickey" in self.allowed and self._may("publickey") else None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """The server is reached, and should say something soon."""
        self.connection = conn
        self._budget.enter(Step.GREETING, self._host.connect_timeout_s)

    # The host key

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        """Judge the key of this very handshake."""
        blob = key.public_data
        self.shown = (key.get_algorithm(), blob)
        verdict = self._known.verdict(blob)
        is_trusted = blob == self._confirmed or verdict is Verdict.TRUSTED
        if is_trusted:
            self._enter_login()
        return is_trusted

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:  # noqa: ARG002 - asyncssh's signature
        """Judge the key that has signed the server's certificate."""
        if key.public_data not in self._known.authorities:
            return False
        self._enter_login()
        return True

    def _enter_login(self) -> None:
        self._budget.enter(Step.LOGIN, LOGIN_TIMEOUT_S)
        self._trusted_at = time.monotonic()

    # The login

    async def public_key_auth_requested(self) -> asyncssh.SSHKeyPair | None:
        """Offer the next key."""
        self._note("publickey")
        if not self._may("publickey"):
            return None
        if self._pairs is None:
            self._pairs = self.offers.pairs()
        return await anext(self._pairs, None)

    async def password_auth_requested(self) -> str | None:
        """Give the password, or the next one after a refusal."""
        self._note("password")
        if not self._may("password"):
            return None
        self._stop_if_blocked()
        with self._budget.paused():
            password = await self._interviewer.password(self._host, retry=self._passwords > 0)
        if password is not None:
            self._passwords += 1
            self._note_tried("password")
        return password

    def password_change_requested(self, prompt: str, lang: str) -> tuple[str, str]:  # noqa: ARG002 - asyncssh's signature
        """Changing a password is a matter between the user and the server."""
        raise AuthFailed(
            f"cannot log in to {self._host.address}: the server wants the password to be changed first",
            hint=f"log in once with 'ssh {self._host.target}' and set a new password",
            reason="password_expired",
        )

    def kbdint_auth_requested(self) -> str | None:
        """Agree to keyboard-interactive, unless it leads nowhere."""
        self._note("keyboard-interactive")
        if not self._may("keyboard-interactive"):
            return None
        had_no_rounds = self._interactive > 0 and self._rounds == 0
        if self._interactive_is_over or had_no_rounds or self._interactive >= ATTEMPT_LIMIT:
            return None
        self._interactive += 1
        self._rounds = 0
        return ""

    async def kbdint_challenge_received(
        self,
        name: str,
        instructions: str,
        lang: str,  # noqa: ARG002 - asyncssh's signature
        prompts: Sequence[tuple[str, bool]],
    ) -> Sequence[str] | None:
        """Answer one round."""
        self._stop_if_blocked()
        self._rounds += 1
        with self._budget.paused():
            answers = await self._interviewer.challenge(self._host, name, instructions, tuple(prompts))
        if answers is None:
            self._interactive_is_over = True
        elif answers:
            self._note_tried("keyboard-interactive")
        return answers

    def _may(self, method: str) -> bool:
        """Whether the user's configuration allows it."""
        return method in self._host.auth_methods

    def _stop_if_blocked(self) -> None:
        """Tell of a bad key file before anybody is asked for a password instead."""
        if blocker := self.blocker:
            raise blocker

    def _note(self, method: str) -> None:
        if not self.round_trip_s:
            # Two questions have been answered since, and nobody was asked: the service's and "none".
            self.round_trip_s = (time.monotonic() - self._trusted_at) / 2
        remaining = self.connection.get_server_auth_methods() if self.connection else [method]
        self.allowed += [name for name in remaining if name not in self.allowed]

    def _note_tried(self, method: str) -> None:
        if method not in self.tried:
            self.tried.append(method)
