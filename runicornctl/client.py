"""A blocking client of the daemon's socket: requests, answers, and the events between them."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, TypeVar

import msgspec

from runicornctl import VERSION
from runicornctl.failure import ConnectionLost, DaemonNotRunning, Failure, TimedOut
from runicornd.protocol import PROTOCOL_MAX, PROTOCOL_MIN
from runicornd.protocol.exits import Exit
from runicornd.protocol.framing import (
    BadMessage,
    LineBuffer,
    LineTooLong,
    Notification,
    Response,
    decode_incoming,
    encode_line,
)
from runicornd.protocol.methods import HELLO
from runicornd.protocol.models import Empty, Event, HelloParams, HelloResult, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from runicornd.protocol.framing import WireError
    from runicornd.protocol.models import Params

CALL_S = 30.0
CONNECT_S = 5.0
_CHUNK = 256 * 1024
# Ten times what the daemon queues for one reader; beyond it a fresh snapshot is cheaper.
_MAX_EVENTS = 10_000

T = TypeVar("T", bound=Result)


class Client:
    """One connection, after ``daemon.hello``. Close it, or use it as a context manager.

    Args:
        path: The daemon's socket.
        timeout_s: How long connecting and the greeting may take.

    Raises:
        DaemonNotRunning: Nothing answers there.
        Failure: ``version_mismatch``: daemon and client have no protocol in common.
    """

    def __init__(self, path: str, *, timeout_s: float = CONNECT_S) -> None:
        self._next_id = 0
        self._buffer = LineBuffer()
        self._lines: deque[bytes] = deque()
        self._events: deque[Event] = deque()
        self._answers: dict[int, Response] = {}
        self._waiting: set[int] = set()
        self._socket = _connect(path, timeout_s)
        try:
            self.daemon = self._greet(timeout_s)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor to ``select`` on together with others; see ``next_event``."""
        return self._socket.fileno()

    def call(
        self,
        method: str,
        result: type[T],
        params: Params | None = None,
        *,
        timeout_s: float = CALL_S,
        on_event: Callable[[Event], float | None] | None = None,
    ) -> T:
        """Ask, and wait for the answer.

        Args:
            method: Its name.
            result: The model of its result.
            params: Its parameters; None when it has none.
            timeout_s: How long to wait for the answer.
            on_event: Takes events that arrive meanwhile, instead of ``next_event`` later. It may call
                other methods; seconds that it returns are added to the time (a person was asked).

        Raises:
            Failure: The daemon's error, with its kind, message and hint.
            TimedOut: No answer in time.
            ConnectionLost: The daemon hung up.
        """
        raw = self.call_raw(method, params or Empty(), timeout_s=timeout_s, on_event=on_event)
        try:
            return msgspec.json.decode(raw, type=result)
        except msgspec.MsgspecError as exc:
            raise unreadable(f"{method} answered what it should not: {exc}") from exc

    def call_raw(
        self,
        method: str,
        params: object,
        *,
        timeout_s: float = CALL_S,
        on_event: Callable[[Event], float | None] | None = None,
    ) -> bytes:
        """Ask, and return the result as JSON. Everything else is as in ``call``."""
        number = self._send(method, params)
        deadline = time.monotonic() + timeout_s
        try:
            while number not in self._answers:
                while on_event and self._events:
                    deadline += on_event(self._events.popleft()) or 0.0
                if number not in self._answers and not self._receive(deadline - time.monotonic()):
                    raise TimedOut(f"the daemon did not answer {method} within {timeout_s:g} s")
        finally:
            self._waiting.discard(number)
        answer = self._answers.pop(number)
        if answer.error is not None:
            raise _failure(answer.error)
        return bytes(answer.result)

    def next_event(self, timeout_s: float) -> Event | None:
        """Return the next event, or None when none came within the time (0 looks without waiting).

        Raises:
            ConnectionLost: The daemon hung up.
        """
        deadline = time.monotonic() + timeout_s
        while not self._events:
            if not self._receive(max(0.0, deadline - time.monotonic())):
                return None
        return self._events.popleft()

    def wait_closed(self, timeout_s: float) -> bool:
        """Wait until the daemon hangs up; false when it did not in time."""
        deadline = time.monotonic() + timeout_s
        try:
            while self._receive(deadline - time.monotonic()):
                self._events.clear()
        except ConnectionLost:
            return True
        return False

    def _greet(self, timeout_s: float) -> HelloResult:
        params = HelloParams(client="runicornctl", version=VERSION, protocol=(PROTOCOL_MIN, PROTOCOL_MAX))
        try:
            return self.call(HELLO, HelloResult, params, timeout_s=timeout_s)
        except TimedOut as exc:
            raise Failure(
                f"the daemon does not answer within {timeout_s:g} s",
                kind="daemon_unresponsive",
                hint="see what it does with: runicornctl daemon logs",
                code=Exit.TIMED_OUT,
            ) from exc

    def _send(self, method: str, params: object) -> int:
        self._next_id += 1
        request = {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params}
        try:
            line = encode_line(request)
        except LineTooLong as exc:
            raise Failure(str(exc), kind="invalid_params") from exc
        except UnicodeEncodeError as exc:
            raise Failure(
                "cannot send the request: an argument is not valid UTF-8",
                kind="invalid_params",
                hint="such names are to be copied from what 'runicornctl envs' and 'status' show",
                code=Exit.USAGE,
            ) from exc
        try:
            self._socket.settimeout(CALL_S)
            self._socket.sendall(line)
        except OSError as exc:
            with contextlib.suppress(ConnectionLost):  # it may have said why before it hung up
                while self._receive(0):
                    pass
            raise ConnectionLost from exc
        self._waiting.add(self._next_id)
        return self._next_id

    def _receive(self, timeout_s: float) -> bool:
        """Take in one message that is there or arrives in time; false when none does.

        One at a time, so that a call knows which events came before its answer.
        """
        deadline = time.monotonic() + timeout_s
        while not self._lines:
            readable, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                return False
            self._read()
        try:
            self._sort(decode_incoming(self._lines.popleft()))
        except BadMessage as exc:
            raise unreadable(str(exc)) from exc
        return True

    def _read(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except OSError as exc:
            raise ConnectionLost from exc
        if not data:
            raise ConnectionLost
        try:
            self._lines.extend(self._buffer.feed(data))
        except LineTooLong as exc:
            raise unreadable(str(exc)) from exc

    def _sort(self, message: Response | Notification) -> None:
        if isinstance(message, Notification):
            event = message.params
            if len(self._events) >= _MAX_EVENTS:
                self._events.clear()
                event = Event(sequence=event.sequence, topic="resync")
            self._events.append(event)
        elif isinstance(message.id, int) and message.id in self._waiting:
            self._answers[message.id] = message
        elif message.id is None and message.error is not None:
            raise _failure(message.error)


def _connect(path: str, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(path)
    except (FileNotFoundError, ConnectionRefusedError) as exc:
        connection.close()
        raise DaemonNotRunning from exc
    except OSError as exc:
        connection.close()
        raise Failure(
            f"cannot reach the daemon at {path}: {exc.strerror or exc}",
            kind="daemon_unreachable",
            hint="check who owns that socket and its folder",
            code=Exit.NO_DAEMON,
        ) from exc
    return connection


def _failure(error: WireError) -> Failure:
    data = error.data
    kind = data.kind if data else "internal"
    codes = {"needs_input": Exit.NEEDS_INPUT, "version_mismatch": Exit.VERSION_MISMATCH}
    return Failure(
        error.message,
        kind=kind,
        hint=data.hint if data else "",
        code=codes.get(kind, Exit.FAILED),
        context=data.context if data else None,
    )


def unreadable(why: str) -> Failure:
    """Return the error for a daemon that says what this version does not understand."""
    return Failure(
        f"cannot understand the daemon: {why}",
        kind="version_mismatch",
        hint="restart the daemon, so that it is of this version: runicornctl daemon stop, then start",
        code=Exit.VERSION_MISMATCH,
    )
