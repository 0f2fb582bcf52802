"""The agent's end of its conversation with one keeper."""

import contextlib
import socket
import threading
from typing import Callable, Dict, List, Optional, cast

from .failures import Failure
from .wire import Splitter, decode, encode

ANSWER_S = 10.0
"""Seconds that a keeper may take to answer; starting a viewer takes it 0.1."""

Message = Dict[str, object]


class Attachment:
    """A conversation that goes on until the viewer has ended, or the keeper died.

    Args:
        connection: To the keeper; its first message has not been read yet.
        on_exit: Called once, from another thread, with how the viewer ended; with None when the keeper
            died without a word. Not called when the keeper's first message said it.
        on_lines: Called with new lines of the log while they are followed.
    """

    def __init__(
        self,
        connection: socket.socket,
        on_exit: Callable[[Optional[Message]], None],
        on_lines: Callable[[List[str]], None],
    ) -> None:
        self.record: Message = {}
        self.exit: Optional[Message] = None
        self.ended = threading.Event()
        self._connection = connection
        self._on_exit = on_exit
        self._on_lines = on_lines
        self._answers: List[List[str]] = []
        self._answered = threading.Condition()
        self._asking = threading.Lock()

    def begin(self) -> None:
        """Read the keeper's first message and start listening.

        Raises:
            Failure: What it said instead, or ``agent_failed`` when it said nothing.
        """
        self._connection.settimeout(ANSWER_S)
        splitter = Splitter()
        messages: List[Message] = []
        try:
            while not messages:
                messages = self._receive(splitter)
        except (OSError, ValueError):
            self.leave()
            raise Failure("agent_failed", "cannot reach the viewer's keeper: it does not answer")
        self._take_first(messages[0])
        self._connection.settimeout(None)
        reader = threading.Thread(target=self._listen, args=(splitter, messages[1:]), daemon=True)
        reader.start()

    def _take_first(self, message: Message) -> None:
        error = message.get("error")
        if isinstance(error, dict):
            self.leave()
            raise Failure(str(error["kind"]), str(error["message"]), **error["context"])
        self.record = cast(Message, message["record"])
        self.exit = cast(Optional[Message], message["exit"])

    def renew(self) -> None:
        """Renew the lease; never waits."""
        self._tell({"op": "renew"})

    def stop(self, grace_s: float) -> None:
        """Tell the keeper to end the viewer; ``ended`` is set when it has and nothing is left."""
        self._tell({"op": "stop", "grace_s": grace_s})

    def unfollow(self) -> None:
        """Stop the flow of new lines."""
        self._tell({"op": "unfollow"})

    def tail(self, count: int, follow: bool) -> List[str]:
        """Return the last lines of the log, and let the later ones flow if wanted.

        Raises:
            Failure: ``agent_failed``: the keeper does not answer.
        """
        with self._asking, self._answered:
            del self._answers[:]
            self._tell({"op": "log", "lines": count, "follow": follow})
            if (
                self._answered.wait_for(lambda: self._answers or self.ended.is_set(), ANSWER_S)
                and self._answers
            ):
                return self._answers[0]
        if self.exit is not None:
            return cast(List[str], self.exit["log_tail"])[-count:]
        raise Failure("agent_failed", "cannot read the log: the viewer's keeper does not answer")

    def leave(self) -> None:
        """End the conversation; the viewer lives on."""
        self.ended.set()  # First: the listening thread must not take the end for the keeper's death.
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _tell(self, message: Message) -> None:
        with contextlib.suppress(OSError):  # The listening thread sees the same, and acts on it.
            self._connection.send(encode(message), socket.MSG_DONTWAIT)

    def _receive(self, splitter: Splitter) -> List[Message]:
        data = self._connection.recv(65536)
        if not data:
            raise ValueError("the keeper is gone")
        return [decode(line or b"") for line in splitter.feed(data)]

    def _listen(self, splitter: Splitter, messages: List[Message]) -> None:
        try:
            while True:
                for message in messages:
                    self._take(message)
                messages = self._receive(splitter)
        except (OSError, ValueError):
            was_left = self.ended.is_set()
        self.leave()
        with self._answered:
            self._answered.notify_all()
        if self.exit is None and not was_left:
            self._on_exit(None)

    def _take(self, message: Message) -> None:
        if "exit" in message:
            self.exit = cast(Message, message["exit"])
            self._on_exit(self.exit)
        elif "more" in message:
            self._on_lines(cast(List[str], message["more"]))
        elif "lines" in message:
            with self._answered:
                self._answers.append(cast(List[str], message["lines"]))
                self._answered.notify_all()
