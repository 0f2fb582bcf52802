"""The hand that moves the sessions of ``made_up_sessions``."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import made_up_sessions
from bench.daemon import daemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from bench.daemon import Daemon

ANSWER_S = 10.0


@dataclass(frozen=True)
class MadeUpDaemon:
    """A daemon with made-up sessions.

    Args:
        daemon: It.
        pid: Its process.
        words: What it is told, and ``answers``, what it says to that.
    """

    daemon: Daemon
    pid: int
    words: BinaryIO
    answers: BinaryIO
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def mark(self) -> tuple[int, float]:
        """Change the first session so that its text names a new number; it, and when in monotonic seconds."""
        number = next(self.numbers)  # one that was on the screen before would be seen too early
        return number, self._tell(do="mark", number=number)["at"]

    @contextlib.contextmanager
    def storm(self, rate: float) -> Iterator[None]:
        """Change each session that many times a second for the length of the block."""
        self._tell(do="storm", rate=rate)
        try:
            yield
        finally:
            self._tell(do="calm")

    def _tell(self, **wish: object) -> dict[str, float]:
        self.words.write(json.dumps(wish).encode() + b"\n")
        self.words.flush()
        answer: dict[str, float] = json.loads(self.answers.readline())
        return answer


@contextlib.contextmanager
def made_up_daemon(folder: Path, hosts: int, sessions: int) -> Iterator[MadeUpDaemon]:
    """Run such a daemon with its dashboard; arguments and errors as of ``daemon``."""
    ours, theirs = socket.socketpair()
    with ours, theirs, ours.makefile("wb") as words, ours.makefile("rb") as answers:
        ours.settimeout(ANSWER_S)
        inherited = theirs.fileno()
        program = ("-P", made_up_sessions.__file__, str(inherited), str(hosts), str(sessions))
        with daemon(
            folder, program=program, pass_fds=(inherited,), dashboard="true", dashboard_port=0
        ) as made:
            yield MadeUpDaemon(made, made.status().daemon.pid, words, answers)
