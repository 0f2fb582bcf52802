"""The live steps of a session that gets ready, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from runicornctl.render import Paint, clean, duration, fit, is_dumb, terminal_columns

if TYPE_CHECKING:
    from typing import TextIO

    from runicornd.protocol.models import Session

TICK_S = 0.1
_CLEAR = "\r\x1b[2K"
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_PLAIN_FRAMES = "|/-\\"

# What is said while it lasts, and when it is over.
_STEPS = {
    "connecting": ("Connecting to {target}", "Connected to {target}"),
    "environments": ("Looking for environments", "Looked for environments"),
    "choosing": ("Choosing an environment", "Chose environment {env}"),
    "launching": ("Starting the viewer", "Started the viewer"),
    "answering": ("Waiting for the viewer's answer", "The viewer answers"),
}
_STATES = {
    "reconnecting": ("Reconnecting to {target}", "Connected to {target} again"),
    "restarting": ("Starting the viewer again", "Started the viewer again"),
    "blocked": ("Blocked", "Went on"),
    "stopping": ("Stopping", "Stopped"),
}
# A step that is left for one of these did not get done.
_SETBACKS = frozenset({"failed", "stopped", "blocked", "reconnecting"})


def doing(session: Session) -> str:
    """Return what a session does just now, as a clause: ``looking for environments``."""
    texts = _texts(session)
    live = _fill(texts[0], session) if texts else session.state
    return live[:1].lower() + live[1:]


class Steps:
    """Shows one line a step: with a spinner on a terminal that can move its cursor, plain elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._paint = Paint(self._stream)
        self._is_live = self._stream.isatty() and not is_dumb()
        self._key: str | None = None
        self._live = self._done = self._detail = ""
        self._began = 0.0
        self._frame = 0
        self._is_drawn = False

    def update(self, session: Session) -> None:
        """Show where the session stands now; a step that it has left is ticked off."""
        key = session.step if session.state == "starting" else session.state
        texts = _texts(session)
        if key != self._key:
            self._leave(session)
            self._key = key if texts else None
            self._began = time.monotonic()
        if texts:
            self._show(session, texts)

    def tick(self) -> None:
        """Move the spinner; call it every ``TICK_S`` seconds."""
        if self._key and self._is_live:
            self._frame += 1
            self._draw()

    def pause(self) -> None:
        """Clear the line, so that something else can be printed; the next call shows it again."""
        if self._is_drawn:
            self._write(_CLEAR)
            self._is_drawn = False

    def fail(self) -> None:
        """Mark the present step as the one that failed; of one that is blocked, the error says all."""
        if self._key == "blocked":
            self.pause()
            self._key = None
        self._end("red", self._paint.symbol("✗", "x"), self._live)

    def _show(self, session: Session, texts: tuple[str, str]) -> None:
        live = _fill(texts[0], session)
        detail = clean(session.detail or (session.error.message if session.error else ""))
        is_news = (live, detail) != (self._live, self._detail)
        self._live, self._done, self._detail = live, texts[1], detail
        if self._is_live:
            self._draw()
        elif is_news:
            self._write(f"{live}: {detail}\n" if detail else f"{live}\n")

    def _draw(self) -> None:
        frames = self._paint.symbol(_FRAMES, _PLAIN_FRAMES)
        spinner = self._paint("cyan", frames[self._frame % len(frames)])
        elapsed = time.monotonic() - self._began
        tail = f"  {duration(elapsed)}" if elapsed >= 1 else ""
        text = f"{self._live}: {self._detail}" if self._detail else self._live
        columns = (terminal_columns(self._stream) or 80) - 3 - len(tail)
        self._write(f"{_CLEAR}{spinner} {fit(text, columns)}{self._paint('dim', tail)}")
        self._is_drawn = True

    def _leave(self, session: Session) -> None:
        if self._key == "blocked" and session.state in _SETBACKS:
            self.pause()  # the error that follows says it all
        elif session.state in _SETBACKS:
            self.fail()
        else:
            self._end("green", self._paint.symbol("✓", "+"), _fill(self._done, session))

    def _end(self, colour: str, symbol: str, text: str) -> None:
        """Replace the live line by its last form; plain output has said it already."""
        if self._key and self._is_live:
            elapsed = self._paint("dim", f"  {duration(time.monotonic() - self._began)}")
            self._write(f"{_CLEAR}{self._paint(colour, symbol)} {text}{elapsed}\n")
        self._is_drawn = False
        self._key = None

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _texts(session: Session) -> tuple[str, str] | None:
    key = session.step if session.state == "starting" else session.state
    return _STEPS.get(key or "") or _STATES.get(key or "")


def _fill(template: str, session: Session) -> str:
    env = session.env.name if session.env else ""
    return clean(template.format(target=session.target, env=env).strip())
