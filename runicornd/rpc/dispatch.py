"""From one line to the line that answers it. The only importer of jsonrpcserver.

jsonrpcserver 5.0.9 finds methods, runs batches and pairs answers with requests. What it leaves open is
closed here: it would send ``str(exc)`` of any exception, run batches of any length, and name no reason
for a malformed request.
"""

from __future__ import annotations

import secrets
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec
import structlog

from runicornd.errors import InvalidParams, RunicorndError
from runicornd.protocol.framing import MAX_BATCH, MAX_LINE_BYTES, WireError, encode_line
from runicornd.protocol.methods import HELLO
from runicornd.rpc.failures import (
    AnswerTooLong,
    HelloRequired,
    InvalidRequest,
    ParseError,
    UnknownMethod,
    did_you_mean,
    wire_error,
)
from runicornd.rpc.validate import checked

with warnings.catch_warnings():
    # It reads its schema by importlib.resources.read_text, deprecated in Python 3.11 and 3.12 only.
    warnings.simplefilter("ignore", DeprecationWarning)
    import jsonrpcserver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runicornd.protocol.framing import RequestId
    from runicornd.rpc.registry import Call, Entry

_log = structlog.get_logger(__name__)

# An answer is wrapped in a few more bytes: its id, which comes from the client, and JSON-RPC's words.
_MAX_RESULT_BYTES = MAX_LINE_BYTES - 65536
_MAX_ID_CHARACTERS = 200
_MAX_NAME_CHARACTERS = 100


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    """What a request must look like."""

    jsonrpc: Literal["2.0"]
    method: str
    params: dict[str, Any] | list[Any] | msgspec.UnsetType = msgspec.UNSET
    id: str | int | float | msgspec.UnsetType | None = msgspec.UNSET


class _Methods(dict[str, "Callable[..., Any]"]):
    """The methods, and for every other name one that says so."""

    def __missing__(self, name: str) -> Callable[..., Any]:
        return partial(_unknown, self, name)


class Dispatcher:
    """Answers lines. Knows no transport.

    Args:
        registry: The methods.
        log_name: Where the person finds the daemon's log; named in the hint of internal errors.
    """

    def __init__(self, registry: Mapping[str, Entry], log_name: str) -> None:
        self._log_name = log_name
        self._methods = _Methods()
        for name, entry in registry.items():
            self._methods[name] = partial(self._run, entry)

    async def answer(self, line: bytes, call: Call) -> bytes | None:
        """Return the line that answers, or None when the line asks for no answer. Never raises."""
        try:
            request = _parse(line)
            _check_shape(request)
        except RunicorndError as exc:
            return refusal(exc, _id_of(line))
        responses = await jsonrpcserver.async_dispatch_to_serializable(
            cast(str, request),
            self._methods,
            context=call,
            deserializer=lambda parsed: parsed,
            validator=lambda _parsed: None,
        )
        return None if responses is None else self._encode(responses)

    def _encode(self, responses: dict[str, Any] | list[dict[str, Any]]) -> bytes:
        try:
            return encode_line(responses)
        except ValueError as exc:
            error = AnswerTooLong(str(exc), hint="send fewer requests in one batch")
            return refusal(error, None)

    async def _run(self, entry: Entry, call: Call, /, *args: object, **params: object) -> object:
        """Check, call, and turn whatever happens into a result of jsonrpcserver."""
        name = entry.method.name
        try:
            if name != HELLO:
                _check_greeted(call)
            _check_named(args)
            result = await entry.handler(call, checked(entry.method.params, params))
            return jsonrpcserver.Success(_encoded(name, result))
        except RunicorndError as exc:
            _log.debug("request refused", method=name, kind=exc.kind, reason=exc.message)
            return _failure(wire_error(exc))
        except Exception:  # noqa: BLE001 - the last stop: nothing of it may reach the client
            return _failure(self._internal(name))

    def _internal(self, method: str) -> WireError:
        """Log the exception of this moment and return an error that only refers to it."""
        reference = secrets.token_hex(4)
        _log.exception("request failed", method=method, reference=reference)
        error = RunicorndError(
            f"cannot do {method}: internal error {reference}",
            hint=f"this is a mistake in runicornd; look for {reference} in {self._log_name}",
            reference=reference,
        )
        return wire_error(error)


def refusal(error: RunicorndError, request_id: RequestId) -> bytes:
    """A line that answers a request, or none in particular (None), with an error."""
    return encode_line({"jsonrpc": "2.0", "id": request_id, "error": wire_error(error)})


def _parse(line: bytes) -> object:
    try:
        return msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise ParseError(f"cannot read the request: {exc}", hint="send one JSON object a line") from exc


def _check_shape(request: object) -> None:
    items = request if isinstance(request, list) else [request]
    if not 0 < len(items) <= MAX_BATCH:
        raise InvalidRequest(f"cannot take a batch of {len(items)}: it may hold 1 to {MAX_BATCH} requests")
    for item in items:
        try:
            shape = msgspec.convert(item, _Shape)
        except msgspec.ValidationError as exc:
            raise InvalidRequest(f"cannot take the request: {exc}", hint="speak JSON-RPC 2.0") from exc
        if isinstance(shape.id, str) and len(shape.id) > _MAX_ID_CHARACTERS:
            raise InvalidRequest(f"cannot take the request: its id is over {_MAX_ID_CHARACTERS} characters")


def _id_of(line: bytes) -> RequestId:
    """The id of a malformed request, if it has a usable one."""
    try:
        request = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = request.get("id") if isinstance(request, dict) else None
    if isinstance(found, str):
        return found if len(found) <= _MAX_ID_CHARACTERS else None
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _check_greeted(call: Call) -> None:
    if call.conversation.protocol is None:
        raise HelloRequired(
            f"cannot answer before {HELLO}", hint=f"send {HELLO} first, with the protocols that you speak"
        )


def _check_named(args: tuple[object, ...]) -> None:
    if args:
        raise InvalidParams(
            "cannot take the parameters: they are a list", hint="send an object with their names"
        )


def _encoded(method: str, result: object) -> msgspec.Raw:
    data = msgspec.json.encode(result)
    if len(data) > _MAX_RESULT_BYTES:
        raise AnswerTooLong(
            f"cannot send the result of {method}: {len(data)} bytes are more than fit in a line",
            hint="ask for less",
        )
    return msgspec.Raw(data)


def _failure(error: WireError) -> object:
    return jsonrpcserver.Error(error.code, error.message, error.data)


async def _unknown(
    methods: Mapping[str, object], name: str, call: Call, /, *_: object, **__: object
) -> object:
    shown = name[:_MAX_NAME_CHARACTERS]
    hint = did_you_mean(shown, methods) or "'runicornctl rpc rpc.discover' lists the methods"
    try:
        _check_greeted(call)
    except HelloRequired as exc:
        return _failure(wire_error(exc))
    return _failure(wire_error(UnknownMethod(f"cannot do {shown!r}: no such method", hint=hint)))
