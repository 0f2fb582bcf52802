"""The daemon's log: JSON lines in a file that cannot grow, and readable lines on the terminal.

Everything goes through the same processors, what libraries log by ``logging`` included: secrets are
removed by the names of their keys, and control characters are escaped, so that nothing a remote host
sends can rule the terminal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any, TextIO

from runicornd._lib.imports import without
from runicornd.logs.lines import journal_line, json_line, terminal_line
from runicornd.logs.redaction import redact

with without("rich"):  # a tenth of a second, for coloured tracebacks that we do not write
    import structlog

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from structlog.typing import Processor

MAX_FILE_BYTES = 5 * 1024 * 1024
OLD_FILES = 2

# What these say below their level is either noise or about the content of connections.
_LIBRARY_LEVELS = {
    "asyncio": "WARNING",
    "asyncssh": "WARNING",
    "aiohttp": "WARNING",
    "jsonrpcserver": "CRITICAL",
}

# asyncio says so of each of the last words to a connection that is gone; its end is told where it matters.
_LAST_WORDS = "socket.send() raised exception."


class Logs:
    """The log of this process, from its making to ``close``.

    Args:
        level: The least that is logged: debug, info, warning or error.
        file: Where to keep it; None for nowhere.
        foreground: Whether to write to ``stream`` as well.
        stream: The terminal; None for standard error.
        environ: Tells whether the stream leads to the journal; None for that of this process.
    """

    def __init__(
        self,
        *,
        level: str,
        file: Path | None,
        foreground: bool,
        stream: TextIO | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._line = terminal_line
        if _is_journal(self._stream, os.environ if environ is None else environ):
            self._line = journal_line
        self._handlers: list[logging.Handler] = []
        problem = self._add_file(file) if file is not None else None
        if foreground or problem or file is None:
            self._add(logging.StreamHandler(self._stream), self._line)
        self._install(level)
        if problem:
            structlog.get_logger(__name__).warning(
                "cannot write the log file", file=str(file), reason=problem
            )

    def close(self) -> None:
        """Write what is left and take our handlers away."""
        root = logging.getLogger()
        for handler in self._handlers:
            root.removeHandler(handler)
            with contextlib.suppress(OSError):  # the disk may still be full
                handler.close()
        self._handlers.clear()
        logging.getLogger("asyncio").removeFilter(_is_news)
        structlog.reset_defaults()

    def _add_file(self, file: Path) -> str | None:
        """Return why the file cannot be written, or None."""
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._add(_PrivateFile(file, self._stream), json_line)
        except OSError as exc:
            return exc.strerror or str(exc)
        return None

    def _add(self, handler: logging.Handler, render: Processor) -> None:
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
                foreign_pre_chain=_shared(),
            )
        )
        self._handlers.append(handler)

    def _install(self, level: str) -> None:
        set_level(level)
        root = logging.getLogger()
        for handler in self._handlers:
            root.addHandler(handler)
        for name, limit in _LIBRARY_LEVELS.items():
            logging.getLogger(name).setLevel(limit)
        logging.getLogger("asyncio").addFilter(_is_news)
        structlog.configure(
            processors=[
                structlog.stdlib.filter_by_level,
                *_shared(),
                structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
            ],
            logger_factory=structlog.stdlib.LoggerFactory(),
            wrapper_class=structlog.stdlib.BoundLogger,
            # Loggers are made when modules are imported, and must follow a later set-up.
            cache_logger_on_first_use=False,
        )


def set_level(level: str) -> None:
    """Log what is of this level or above from now on: debug, info, warning or error."""
    logging.getLogger().setLevel(level.upper())


def _is_news(record: logging.LogRecord) -> bool:
    return record.msg != _LAST_WORDS


class _PrivateFile(RotatingFileHandler):
    """A file of mode 0600 that is rotated, and that does not fail its caller when the disk is full."""

    def __init__(self, file: Path, fallback: TextIO) -> None:
        self._fallback = fallback
        self._has_failed = False
        super().__init__(file, maxBytes=MAX_FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8")

    def _open(self) -> Any:  # noqa: ANN401 - as the base class has it
        return open(
            self.baseFilename,
            self.mode,
            encoding=self.encoding,
            errors="backslashreplace",
            opener=_open_private,
        )

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the base class's
        if self._has_failed:
            return
        self._has_failed = True
        reason = sys.exc_info()[1]
        with contextlib.suppress(OSError, ValueError):
            self._fallback.write(f"runicornd: cannot write the log file {self.baseFilename}: {reason}\n")


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        redact,
    ]


def _is_journal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream leads to systemd's journal (systemd.exec(5), JOURNAL_STREAM)."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        info = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(info.st_dev), str(info.st_ino))
