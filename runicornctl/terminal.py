"""The person's terminal: reading lines and secrets from it while the daemon may speak too."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import termios
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_PASTE_CHARACTERS = 65536
_MAX_LINE_BYTES = 65536


class Withdrawn(Exception):
    """The question was answered elsewhere, or is no longer asked."""


class Watched(Protocol):
    """Something with a descriptor that speaks while a person types."""

    def fileno(self) -> int:
        """Return the descriptor that becomes readable."""

    def look(self) -> None:
        """Read what is there without waiting.

        Raises:
            Withdrawn: The question need not be answered any more.
        """


class Terminal:
    """A terminal to ask at. Text given to it has been cleaned.

    Args:
        descriptor: Where typed lines are read; what is shown goes to standard error.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._typed = b""

    @classmethod
    def find(cls, *, as_json: bool = False) -> Terminal | None:
        """Return the terminal of the person who runs this command, or None when there is none.

        That is standard input, or, when only input is redirected, the controlling terminal; the latter
        not with ``--json``, which scripts use.
        """
        if sys.stdin is not None and sys.stdin.isatty():
            return cls(sys.stdin.fileno())
        if as_json or sys.stderr is None or not sys.stderr.isatty():
            return None
        try:
            return cls(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return None

    def show(self, text: str) -> None:
        """Print lines for the person."""
        self._write(f"{text}\n")

    def ask(self, label: str, *, echo: bool, beside: Watched | None = None) -> str:
        """Show the label and return the line that is typed, without its end.

        Args:
            label: What to type, as the person sees it.
            echo: False hides what is typed.
            beside: Something to keep reading while the person types.

        Raises:
            EOFError: The person ended the input.
            Withdrawn: ``beside`` found that no answer is needed any more.
        """
        with contextlib.nullcontext() if echo else self.hidden():
            self._write(label)
            return self.line(beside)

    @contextlib.contextmanager
    def hidden(self) -> Iterator[None]:
        """Show nothing of what is typed in the block; what was typed before it is forgotten."""
        before = termios.tcgetattr(self._descriptor)
        silent = list(before)
        silent[3] &= ~termios.ECHO
        # A command that is ended here must give the echo back first.
        handlers = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, silent)
        self._typed = b""
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            self.show("")  # the Enter was not shown either

    def line(self, beside: Watched | None = None) -> str:
        """Return the next typed line, without its end. Raises as ``ask``."""
        while b"\n" not in self._typed:
            if beside is not None:
                beside.look()
            watched = [self._descriptor] if beside is None else [self._descriptor, beside.fileno()]
            readable, _, _ = select.select(watched, [], [])
            if self._descriptor in readable:
                self._read()
        line, _, self._typed = self._typed.partition(b"\n")
        return line.decode(errors="replace").rstrip("\r")

    def _write(self, text: str) -> None:
        if not sys.stderr.isatty():
            # Errors are redirected; the question is for the person, not for the file.
            with contextlib.suppress(OSError):
                os.write(self._descriptor, text.encode(errors="replace"))
                return
        sys.stderr.write(text)
        sys.stderr.flush()

    def _read(self) -> None:
        data = os.read(self._descriptor, 4096)
        if not data or len(self._typed) > _MAX_LINE_BYTES:
            self._typed = b""
            raise EOFError
        self._typed += data


def _leave(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def read_private_key(terminal: Terminal | None) -> str:
    """Return a private key pasted at the terminal without echo, or read from standard input.

    Raises:
        EOFError: Nothing was given, or the terminal's input ended before the key's last line.
        ValueError: It is longer than a key can be.
    """
    if terminal is None or not sys.stdin.isatty():
        text = sys.stdin.read(MAX_PASTE_CHARACTERS + 1)
    else:
        text = _pasted(terminal)
    if len(text) > MAX_PASTE_CHARACTERS:
        raise ValueError(f"it is longer than {MAX_PASTE_CHARACTERS} characters")
    if not text.strip():
        raise EOFError
    return text


def _pasted(terminal: Terminal) -> str:
    lines = [""]
    with terminal.hidden():
        terminal.show("Paste the private key (it is not shown), up to its line -----END … KEY-----")
        while "-----END " not in lines[-1] and sum(map(len, lines)) <= MAX_PASTE_CHARACTERS:
            lines.append(terminal.line())
    return "\n".join(lines[1:]) + "\n"
