"""The way out: one thread writes, so that nobody else waits for a reader who does not read."""

import os
import queue
import threading
from typing import Callable, Dict, Optional

from .wire import LINE_LIMIT, encode

WAITING_LIMIT = 4096


class Outbox:
    """Messages to one descriptor, in order.

    Args:
        fd: Where to write.
        give_up: Called when the reader is gone, or so slow that too much waits.
    """

    def __init__(self, fd: int, give_up: Callable[[], None]) -> None:
        self._fd = fd
        self._give_up = give_up
        self._waiting: queue.Queue[Optional[bytes]] = queue.Queue(WAITING_LIMIT)
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def send(self, message: Dict[str, object]) -> None:
        """Queue a message; never blocks."""
        line = encode(message)
        if len(line) > LINE_LIMIT:
            error = {"kind": "agent_failed", "message": "cannot answer: the answer is too long"}
            line = encode({"id": message.get("id"), "error": error})
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._give_up()

    def finish(self, timeout_s: float) -> None:
        """Wait until everything is written, at most so many seconds."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _write(self) -> None:
        while True:
            line = self._waiting.get()
            if line is None:
                return
            try:
                while line:
                    line = line[os.write(self._fd, line) :]
            except OSError:
                self._give_up()
                return
