"""The user's SSH agent, which may be missing, stuck, or waiting for a touch on a security key."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh

from runicornd.ssh.asyncssh_algorithms import SIGNATURES
from runicornd.ssh.asyncssh_signing import SigningKey

if TYPE_CHECKING:
    from runicornd.ssh.budget import Budget

LIST_TIMEOUT_S = 3.0
SIGN_TIMEOUT_S = 60.0
CLOSE_TIMEOUT_S = 1.0
KEY_LIMIT = 100

# Flags of a signing request: draft-ietf-sshm-ssh-agent, section 6.6.1.
_FLAGS = {b"rsa-sha2-256": 2, b"rsa-sha2-512": 4}


class Agent:
    """The keys of an agent, for one login.

    Args:
        path: The agent's socket; None for no agent.
        budget: Stands still while the agent signs: it may ask a person to confirm.
    """

    def __init__(self, path: str | None, budget: Budget) -> None:
        self._client = asyncssh.SSHAgentClient(path) if path else None
        self._budget = budget
        self.problem = ""

    async def keys(self) -> list[SigningKey]:
        """The keys that it can sign with; none when it does not answer soon, and ``problem`` says so."""
        if self._client is None:
            return []
        try:
            async with asyncio.timeout(LIST_TIMEOUT_S):
                found = await self._client.get_keys()
        except (OSError, ValueError, TimeoutError, asyncssh.Error) as error:
            self.problem = f"the agent does not answer ({error or 'timeout'})"
            return []
        return [self._wrap(pair) for pair in found if _is_modern(pair)][:KEY_LIMIT]

    async def close(self) -> None:
        """Let go of the agent; bounded in time."""
        if self._client is None:
            return
        self._client.close()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._client.wait_closed()
        except (OSError, TimeoutError):
            return

    def _wrap(self, pair: asyncssh.SSHKeyPair) -> SigningKey:
        blob = pair.public_data

        async def sign(data: bytes, algorithm: bytes) -> bytes:
            assert self._client is not None
            try:
                with self._budget.paused():
                    async with asyncio.timeout(SIGN_TIMEOUT_S):
                        return await self._client.sign(blob, data, _FLAGS.get(algorithm, 0))
            except (OSError, TimeoutError, asyncssh.Error) as error:
                raise ValueError(f"the agent did not sign: {error}") from error

        return SigningKey(pair.algorithm, pair.sig_algorithms, blob, sign)


def _is_modern(pair: asyncssh.SSHKeyPair) -> bool:
    return any(name.decode("ascii", "replace") in SIGNATURES for name in pair.sig_algorithms)
