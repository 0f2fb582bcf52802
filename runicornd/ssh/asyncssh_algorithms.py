"""The algorithms that we accept, written out: nothing with SHA-1, MD5, CBC or DSA.

In order of preference; whatever the installed libraries lack is left out. AES-GCM comes first because it is
the fastest with the processors of today, and ``ciphers`` sees whether that is so here.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

from asyncssh.encryption import get_encryption, get_encryption_algs, get_encryption_params
from asyncssh.kex import get_kex_algs
from asyncssh.mac import get_mac_algs
from asyncssh.public_key import get_certificate_algs, get_public_key_algs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GCM = "aes128-gcm@openssh.com"
CHACHA = "chacha20-poly1305@openssh.com"
SAMPLE_BYTES = 32 * 1024
SAMPLES = 3
CLEARLY = 1.3
"""Times as quick as AES ChaCha has to be to come first: less may be chance."""

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
        GCM,
        "aes256-gcm@openssh.com",
        CHACHA,
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


@cache
def ciphers() -> tuple[str, ...]:
    """``CIPHERS`` for this machine: ChaCha comes first where AES is not done by the processor.

    Measured once a process, at its first connection, in one or two milliseconds.
    """
    if not {GCM, CHACHA} <= set(CIPHERS):
        return CIPHERS
    return preferred(aes_s=_sealing_s(GCM), chacha_s=_sealing_s(CHACHA))


def preferred(*, aes_s: float, chacha_s: float) -> tuple[str, ...]:
    """``CIPHERS`` in the order for a machine that takes so long for the same with each of the two."""
    if chacha_s * CLEARLY > aes_s:
        return CIPHERS
    return (CHACHA, *(name for name in CIPHERS if name != CHACHA))


def _sealing_s(name: str) -> float:
    """Seconds to encrypt a large packet, at best."""
    key_size, iv_size, *_ = get_encryption_params(name.encode())
    cipher = get_encryption(name.encode(), bytes(key_size), bytes(iv_size))
    header, packet = SAMPLE_BYTES.to_bytes(4, "big"), bytes(SAMPLE_BYTES)
    best = float("inf")
    for number in range(SAMPLES):
        began = time.perf_counter()
        cipher.encrypt_packet(number, header, packet)
        best = min(best, time.perf_counter() - began)
    return best


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
