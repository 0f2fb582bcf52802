"""From exceptions to errors on the wire."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

from runicornd.errors import RequestError
from runicornd.protocol import errors
from runicornd.protocol.framing import WireError
from runicornd.protocol.models import ErrorData

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runicornd.errors import RunicorndError


class ClientGone(Exception):
    """Nothing can be sent to this client any more. Never travels."""


class ParseError(RequestError):
    """The line is not JSON."""

    kind = errors.PARSE_ERROR


class InvalidRequest(RequestError):
    """The line is JSON and no request."""

    kind = errors.INVALID_REQUEST


class UnknownMethod(RequestError):
    """No method has that name."""

    kind = errors.METHOD_NOT_FOUND


class HelloRequired(RequestError):
    """Something else came before ``daemon.hello``."""

    kind = errors.HELLO_REQUIRED


class VersionMismatch(RequestError):
    """Client and daemon have no protocol in common."""

    kind = errors.VERSION_MISMATCH


class WrongUser(RequestError):
    """The client runs as another user."""

    kind = errors.WRONG_USER


class TooManyConnections(RequestError):
    """No further client fits."""

    kind: ClassVar[str] = errors.TOO_MANY_CONNECTIONS
    retryable: ClassVar[bool] = True


class LineRefused(RequestError):
    """A line is longer than the limit."""

    kind = errors.LINE_TOO_LONG


class AnswerTooLong(RequestError):
    """The answer does not fit in a line."""

    kind = errors.ANSWER_TOO_LONG


class Forbidden(RequestError):
    """A page asks for what only a program of the user's own may have."""

    kind = errors.FORBIDDEN


class WrongCode(RequestError):
    """The code of a link was used, has lapsed, or never was."""

    kind = errors.WRONG_CODE


def error_data(error: RunicorndError) -> ErrorData:
    """The error as it stands in a response, a session, or a host."""
    return ErrorData(
        kind=error.kind,
        message=error.message,
        hint=error.hint,
        retryable=error.retryable,
        context=dict(error.context),
    )


def wire_error(error: RunicorndError) -> WireError:
    """The error as a response carries it."""
    return WireError(errors.code_of(error.kind), error.message, error_data(error))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or nothing when none is near."""
    nearest = get_close_matches(word, list(known), n=1)
    return f"did you mean {nearest[0]!r}?" if nearest else ""
