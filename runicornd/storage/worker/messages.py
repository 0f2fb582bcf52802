"""What daemon and worker say to each other: one JSON object a line, over the worker's stdin and stdout.

The worker's questions carry a number, and their answers come in any order. Nothing of it is ever logged:
passwords go this way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runicornd.ssh.auth import Login
from runicornd.ssh.targets import Host
from runicornd.storage.downloads.failures import Failure
from runicornd.storage.downloads.model import FileProgress, Totals

T = TypeVar("T")

LINE_LIMIT = 16 * 1024 * 1024


class _Message(msgspec.Struct, tag_field="say"):
    """Base of all messages."""


class LoginData(msgspec.Struct, frozen=True):
    """A ``Login``, with the bytes of its path."""

    identity_file: bytes | None = None
    private_key: str | None = None
    passphrase: str | None = None
    password: str | None = None

    @classmethod
    def of(cls, login: Login) -> LoginData:
        """Return the login as it goes over the pipe."""
        path = login.identity_file
        return cls(
            None if path is None else os.fsencode(path), login.private_key, login.passphrase, login.password
        )

    def login(self) -> Login:
        """Return the login that was meant."""
        path = None if self.identity_file is None else Path(os.fsdecode(self.identity_file))
        return Login(path, self.private_key, self.passphrase, self.password)


# From the daemon


class Serve(_Message, tag="serve"):
    """Always the first: the host to talk to. Again with a fresh reading of the same host."""

    host: Host


class Fetch(_Message, tag="fetch"):
    """Do a download.

    Args:
        plan: The path of the plan file; see ``plan``.
        known: The path of the file that remembers what was verified; see ``verified``.
        root: The storage root.
        to: The folder that the files come into; it is there.
    """

    id: str
    plan: str
    known: str
    root: str
    to: str


class Drop(_Message, tag="drop"):
    """End a download; ``discard`` removes what it has only in part."""

    id: str
    discard: bool


class Limit(_Message, tag="limit"):
    """From now on fetch at most so many bytes a second in all; 0 is no limit."""

    rate: float


class Kick(_Message, tag="kick"):
    """Connect at once, skipping what is left of the pause."""


class Answer(_Message, tag="answer"):
    """The answer to the ``Ask`` of that number: a value, or an error."""

    number: int
    value: msgspec.Raw = msgspec.Raw(b"null")
    error: Failure | None = None


# From the worker


class Ask(_Message, tag="ask"):
    """A question of a connection attempt.

    Args:
        attempt: The number of the attempt; each has an interview of its own.
        about: The method of the interviewer, or ``begin`` and ``failed``, which frame the attempt.
        host: The key of the host or jump host that it is about.
    """

    number: int
    attempt: int
    about: str
    host: str = ""
    key_type: str = ""
    key_blob: bytes = b""
    key_path: str = ""
    retry: bool = False
    name: str = ""
    instructions: str = ""
    fields: tuple[tuple[str, bool], ...] = ()
    accepted: bool = False
    error: Failure | None = None


class Linked(_Message, tag="linked"):
    """Where the connection stands; an empty ``detail`` means that it is there."""

    detail: str


class Progress(_Message, tag="progress"):
    """How far a download is; ``rate`` is in bytes a second."""

    id: str
    totals: Totals
    rate: float = 0.0
    active: tuple[FileProgress, ...] = ()
    is_verifying: bool = False


class Ended(_Message, tag="ended"):
    """A download is over: done, failed, or dropped."""

    id: str
    totals: Totals
    detail: str = ""
    is_dropped: bool = False
    error: Failure | None = None


class Idle(_Message, tag="idle"):
    """There has been nothing to do for a while: the worker would like to end."""


Order = Serve | Fetch | Drop | Limit | Kick | Answer
Report = Ask | Linked | Progress | Ended | Idle


def _encode(value: object) -> object:
    if isinstance(value, Path):
        return os.fsencode(value)
    if isinstance(value, frozenset):
        return sorted(value)
    raise NotImplementedError(f"a {type(value).__name__} cannot go over the pipe")


def _decode(kind: type, value: Any) -> object:  # noqa: ANN401 - as msgspec calls it
    if kind is Path:
        return Path(os.fsdecode(msgspec.convert(value, bytes)))
    raise NotImplementedError(f"a {kind.__name__} cannot come over the pipe")


_encoder = msgspec.json.Encoder(enc_hook=_encode)
_orders: msgspec.json.Decoder[Order] = msgspec.json.Decoder(Order, dec_hook=_decode)
_reports: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report, dec_hook=_decode)


def to_line(message: Order | Report) -> bytes:
    """The message as a line."""
    return _encoder.encode(message) + b"\n"


def order_of(line: bytes) -> Order:
    """Return the order of a line. Raises ``msgspec.MsgspecError``."""
    return _orders.decode(line)


def report_of(line: bytes) -> Report:
    """Return the report of a line. Raises ``msgspec.MsgspecError``."""
    return _reports.decode(line)


def raw(value: object) -> msgspec.Raw:
    """A value for an ``Answer``."""
    return msgspec.Raw(_encoder.encode(value))


def value_of(raw_value: msgspec.Raw, kind: type[T]) -> T:
    """The value of an ``Answer``. Raises ``msgspec.MsgspecError``."""
    return msgspec.json.decode(raw_value, type=kind)
