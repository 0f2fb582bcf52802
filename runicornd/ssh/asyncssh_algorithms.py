"""The algorithms that we accept, written out: nothing with SHA-1, MD5, CBC or DSA.

In order of preference. AES-GCM comes first because it is the fastest with the processors of today;
whatever the installed libraries lack is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncssh.encryption import get_encryption_algs
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs
from asyncssh.public_key import get_certificate_algs, get_public_key_algs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CERTIFICATE_SUFFIX = "-cert-v01@openssh.com"


def _available(wanted: Sequence[str], installed: Iterable[bytes]) -> tuple[str, ...]:
    names = {name.decode("ascii") for name in installed}
    return tuple(name for name in wanted if name in names)


KEY_EXCHANGE = _available(
    (
        "mlkem768x25519-sha256",
        "curve25519-sha256",
        "curve25519-sha256@libssh.org",
        "ecdh-sha2-nistp256",
        "ecdh-sha2-nistp384",
        "ecdh-sha2-nistp521",
        "diffie-hellman-group16-sha512",
        "diffie-hellman-group18-sha512",
        "diffie-hellman-group-exchange-sha256",
        "diffie-hellman-group14-sha256",
    ),
    get_kex_algs(),
)

CIPHERS = _available(
    (
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
    ),
    get_encryption_algs(),
)

MACS = _available(
    (
        "hmac-sha2-256-etm@openssh.com",
        "hmac-sha2-512-etm@openssh.com",
        "umac-128-etm@openssh.com",
        "hmac-sha2-256",
        "hmac-sha2-512",
        "umac-128@openssh.com",
    ),
    get_mac_algs(),
)

SIGNATURES = _available(
    (
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "rsa-sha2-512",
        "rsa-sha2-256",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    ),
    get_public_key_algs(),
)

HOST_KEYS = tuple(name for name in SIGNATURES if not name.startswith("sk-"))

HOST_CERTIFICATES = _available(tuple(name + CERTIFICATE_SUFFIX for name in HOST_KEYS), get_certificate_algs())


def host_key_order(known_types: Iterable[str], *, with_certificates: bool) -> list[str]:
    """The host key algorithms to offer, those of the known key types first.

    Args:
        known_types: As known_hosts writes them; ``ssh-rsa`` stands for keys, not for SHA-1 signatures.
        with_certificates: The host's key may also be vouched for by a certificate.
    """
    known = {name for key_type in known_types for name in _algorithms_of(key_type)}
    ordered = sorted(HOST_KEYS, key=lambda name: name not in known)
    return [*HOST_CERTIFICATES, *ordered] if with_certificates else ordered


def _algorithms_of(key_type: str) -> tuple[str, ...]:
    return ("rsa-sha2-512", "rsa-sha2-256") if key_type == "ssh-rsa" else (key_type,)
