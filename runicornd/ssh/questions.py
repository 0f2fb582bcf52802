"""What a handshake asks a person, and the errors for a no, or for no answer at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runicornd.errors import HostKeyChanged, HostKeyRevoked, HostKeyUnknown, NeedsInput
from runicornd.prompts import Choice, Field, Question, QuestionKind
from runicornd.ssh.known_hosts import fingerprint
from runicornd.ssh.text import printable

if TYPE_CHECKING:
    from runicornd.ssh.hostkeys import KnownKeys
    from runicornd.ssh.targets import Host

LOG_IN_AGAIN = "again"
YES = "yes"
NO = "no"


def unanswered(question: Question) -> NeedsInput:
    """The error for a question that nobody has answered in time."""
    return NeedsInput(
        f"cannot connect to {question.target}: nobody has answered: {question.message}",
        hint="answer the question with 'runicornctl connect', or in the dashboard",
        question=str(question.kind),
        target=question.target,
    )


def changed_host_key(host: Host, key_type: str, blob: bytes, known: KnownKeys) -> HostKeyChanged:
    """The error for a key that is not the known one; it names both."""
    listed = [f"{key.key_type} {key.fingerprint} ({key.source})" for key in known.plain]
    return HostKeyChanged(
        f"cannot connect to {host.address}: its host key has changed. "
        f"It shows {key_type} {fingerprint(blob)}; known is {', '.join(listed)}",
        hint="somebody may be in between. If the server was really set up anew, compare the new fingerprint "
        f"with the one that its administrator gives, then run 'runicornctl hosts trust {host.target}'",
        shown={"type": key_type, "fingerprint": fingerprint(blob)},
        known=[
            {"type": key.key_type, "fingerprint": key.fingerprint, "source": key.source}
            for key in known.plain
        ],
    )


def revoked_host_key(host: Host, key_type: str, blob: bytes) -> HostKeyRevoked:
    """The error for a key that a known_hosts file marks as revoked."""
    return HostKeyRevoked(
        f"cannot connect to {host.address}: its host key {key_type} {fingerprint(blob)} is marked as revoked",
        hint="ask the server's administrator for its new key",
        shown={"type": key_type, "fingerprint": fingerprint(blob)},
    )


def untrusted_host_key(host: Host, key_type: str, blob: bytes) -> HostKeyUnknown:
    """The error for a key that somebody looked at and did not trust."""
    return HostKeyUnknown(
        f"cannot connect to {host.address}: its host key {key_type} {fingerprint(blob)} is not trusted",
        hint=f"compare the fingerprint with the server's, then run 'runicornctl hosts trust {host.target}'",
        shown={"type": key_type, "fingerprint": fingerprint(blob)},
    )


def host_key_question(host: Host, key_type: str, blob: bytes) -> Question:
    """Whether to trust a key that is seen for the first time; the answer is ``YES`` or ``NO``."""
    return Question(
        kind=QuestionKind.HOST_KEY,
        target=host.target,
        message=f"The host key of {host.address} is not known yet: {key_type} {fingerprint(blob)}",
        choices=(
            Choice(YES, "Yes, trust it", "It is the fingerprint that the server's administrator gives."),
            Choice(NO, "No, do not connect"),
        ),
        detail="Compare it with the fingerprint that the server's administrator gives. Is it the same?",
    )


def code_question(host: Host, name: str, instructions: str, fields: tuple[tuple[str, bool], ...]) -> Question:
    """One round of keyboard-interactive in the server's own words, made safe to show."""
    said = [printable(text, 500) for text in (name, instructions) if text.strip()]
    return Question(
        kind=QuestionKind.CODE,
        target=host.target,
        message=f"{host.address} asks",
        fields=tuple(Field(printable(label) or "Answer", echo=echo) for label, echo in fields),
        detail="\n".join(said),
    )


def log_in_again(host: Host) -> Question:
    """What is asked in place of a code that the server no longer waits for."""
    return Question(
        kind=QuestionKind.CODE,
        target=host.target,
        message=f"{host.address} asked for a code and no longer waits for it",
        choices=(Choice(LOG_IN_AGAIN, "Log in again", "It then asks for a fresh code."),),
    )


def passphrase_question(host: Host, key_name: str, *, was_wrong: bool) -> Question:
    """The passphrase of a key."""
    return Question(
        kind=QuestionKind.PASSPHRASE,
        target=host.target,
        message=f"Passphrase for the key {printable(key_name)}",
        fields=(Field("Passphrase"),),
        detail="The last one was wrong." if was_wrong else "",
    )


def password_question(host: Host, *, was_refused: bool) -> Question:
    """The account's password."""
    return Question(
        kind=QuestionKind.PASSWORD,
        target=host.target,
        message=f"Password for {host.address}",
        fields=(Field("Password"),),
        detail="The last one was refused." if was_refused else "",
    )


def asks_for_password(label: str, echo: bool) -> bool:
    """Whether a server's question is for the account's password, and not for a one-time one."""
    return not echo and "password" in label.lower() and "one-time" not in label.lower()
