"""A key pair that signs when it is needed, in whatever way: an agent, or a file not yet opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Sign = Callable[[bytes, bytes], Awaitable[bytes]]

CERTIFICATE_MARK = b"-cert-v01@"


class SigningKey(asyncssh.SSHKeyPair):
    """A public key and a way to sign with its private half.

    Args:
        algorithm: The key's type.
        sig_algorithms: The signatures that it can make.
        public_data: The public key's blob; that of a certificate if ``algorithm`` says so.
        sign: Makes a signature from the data and the signature's algorithm. Raises ``ValueError`` to
            go on without this key.
    """

    def __init__(
        self, algorithm: bytes, sig_algorithms: Sequence[bytes], public_data: bytes, sign: Sign
    ) -> None:
        super().__init__(algorithm, algorithm, sig_algorithms, sig_algorithms, public_data, None)
        self._is_certificate = CERTIFICATE_MARK in algorithm
        self._bare_algorithms = sig_algorithms
        self._sign = sign

    def copy(self) -> SigningKey:
        """The same key once more, to be joined with a certificate."""
        return SigningKey(self.key_algorithm, self._bare_algorithms, self.key_public_data, self._sign)

    @property
    def has_cert(self) -> bool:
        """Whether a certificate is presented instead of the bare key."""
        return self._is_certificate or super().has_cert

    async def sign_async(self, data: bytes) -> bytes:
        """Sign; asyncssh prefers this over ``sign``."""
        return await self._sign(data, self.sig_algorithm)
