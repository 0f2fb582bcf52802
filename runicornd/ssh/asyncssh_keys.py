"""Private keys from files and pasted text, read as far as possible without a passphrase."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncssh

from runicornd.errors import KeyUnusable
from runicornd.ssh.small_files import read_small
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from pathlib import Path

KEY_LIMIT_BYTES = 1024 * 1024
PASTED = "that was pasted"

Unreadable = (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What is known of a key without its passphrase.

    Args:
        name: The file's path, or what to say after "the key" of a pasted one.
        public: The public part; None when only the passphrase would show it.
        private: The private key, if it is not encrypted.
        encrypted: The encrypted key; None when there is nothing to decrypt.
    """

    name: str
    public: asyncssh.SSHKey | None
    private: asyncssh.SSHKey | None = None
    encrypted: bytes | None = None

    @property
    def is_public_only(self) -> bool:
        """Whether it only names a key that an agent may have."""
        return self.private is None and self.encrypted is None

    def decrypt(self, passphrase: str) -> asyncssh.SSHKey | None:
        """Return the private key, or None when the passphrase is wrong. Takes a while on purpose."""
        assert self.encrypted is not None
        try:
            return asyncssh.import_private_key(self.encrypted, passphrase)
        except Unreadable:
            return None


def read_key_file(path: Path) -> KeyFile:
    """Read a private key, or the public part of a key that an agent has.

    Raises:
        KeyUnusable: The file is missing, cannot be read, or is no key.
    """
    try:
        data = read_small(path, KEY_LIMIT_BYTES)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise KeyUnusable(
            f"cannot use the key {path}: there is no such file",
            hint="check the path, or remove it from the configuration",
            path=str(path),
            reason="missing",
        ) from error
    except OSError as error:
        raise KeyUnusable(
            f"cannot use the key {path}: it is not readable: {error.strerror or error}",
            hint=f"make it readable for you alone: chmod 600 {path}",
            path=str(path),
            reason="unreadable",
        ) from error
    return parse_key(data, str(path), path.with_name(path.name + ".pub"))


def read_certificate(path: Path) -> asyncssh.SSHCertificate | None:
    """Read a certificate; None when there is none that can be used."""
    with suppress(OSError, *Unreadable):
        return asyncssh.import_certificate(read_small(path, KEY_LIMIT_BYTES))
    return None


def parse_key(data: bytes, name: str, public_file: Path | None = None) -> KeyFile:
    """Make sense of a key's text.

    Args:
        data: The text.
        name: What to call it.
        public_file: Where the public part may be, if the text hides it.

    Raises:
        KeyUnusable: It is no key.
    """
    if b"PRIVATE KEY" not in data:
        return KeyFile(name=name, public=_only_public(data, name))
    try:
        private = asyncssh.import_private_key(data)
    except Unreadable as error:
        if not _is_encrypted(data):
            raise KeyUnusable(
                f"cannot use the key {name}: it is damaged, or of an unknown sort: {printable(str(error))}",
                hint="check it with 'ssh-keygen -y -f FILE'",
                path=name,
                reason="damaged",
            ) from error
        return KeyFile(name=name, public=_public_part(data, public_file), encrypted=data)
    return KeyFile(name=name, public=private.convert_to_public(), private=private)


def public_key_instead(key: KeyFile) -> KeyUnusable:
    """The error for a public key where a private one is needed."""
    return KeyUnusable(
        f"cannot use the key {key.name}: it is a public key, and no agent has its private half",
        hint=f"name the private key, probably {key.name.removesuffix('.pub')}"
        if key.name.endswith(".pub")
        else "name the private key",
        path=key.name,
        reason="public",
    )


def wrong_passphrase(key: KeyFile) -> KeyUnusable:
    """The error for an encrypted key that was not opened."""
    return KeyUnusable(
        f"cannot use the key {key.name}: the passphrase is wrong",
        hint="try again with the right passphrase, or load the key into your agent with 'ssh-add'",
        path=key.name,
        reason="passphrase",
    )


def _is_encrypted(data: bytes) -> bool:
    # asyncssh says so in words only: a wrong passphrase and a damaged key differ by this message.
    try:
        asyncssh.import_private_key(data)
    except asyncssh.KeyImportError as error:
        return str(error).startswith("Passphrase")
    except Unreadable:
        return b"ENCRYPTED" in data
    return False


def _only_public(data: bytes, name: str) -> asyncssh.SSHKey:
    try:
        return asyncssh.import_public_key(data)
    except Unreadable as error:
        is_putty = data.startswith(b"PuTTY-User-Key-File")
        raise KeyUnusable(
            f"cannot use the key {name}: "
            + ("it is in PuTTY's own format" if is_putty else "there is no private key in it"),
            hint="convert it: puttygen KEY.ppk -O private-openssh -o KEY"
            if is_putty
            else "a private key begins with a line like '-----BEGIN OPENSSH PRIVATE KEY-----'",
            path=name,
            reason="no_key",
        ) from error


def _public_part(data: bytes, public_file: Path | None) -> asyncssh.SSHKey | None:
    with suppress(*Unreadable):
        return asyncssh.import_public_key(data)
    if public_file is not None:
        with suppress(OSError, *Unreadable):
            return asyncssh.import_public_key(read_small(public_file, KEY_LIMIT_BYTES))
    return None
