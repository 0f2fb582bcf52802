"""The daemon's own log, readable also when the daemon is not running."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from runicornctl.failure import DaemonNotRunning, Failure
from runicornctl.reach import open_client
from runicornctl.render import block, log_line
from runicornd.protocol.models import StatusResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

# A file cannot be waited for in a portable way; a person does not notice this much.
_LOOK_AGAIN_S = 0.25
_HEAD = frozenset({"timestamp", "level", "logger", "event", "exception"})


def find() -> Path:
    """Return the log's path, from the daemon, or from where a daemon of this account would write it."""
    with contextlib.suppress(DaemonNotRunning), open_client() as client:
        return Path(client.call("daemon.status", StatusResult).daemon.log)
    return default_path()


def default_path() -> Path:
    """Return where a daemon of this account writes its log."""
    from platformdirs import user_log_path  # noqa: PLC0415 - slow, and the daemon mostly tells

    return user_log_path("runicornd") / "runicornd.log"


def read(path: Path, lines: int, *, follow: bool) -> Iterator[str]:
    """Yield the last lines, readable and safe to print; to follow never ends by itself.

    New lines come also after the log was rotated.

    Raises:
        Failure: There is no log, or it cannot be read.
    """
    file = _open(path)
    try:
        yield from map(readable, deque(file, maxlen=lines))
        pending = ""
        while follow:
            pending += file.readline()
            if pending.endswith("\n"):
                yield readable(pending)
                pending = ""
            elif _is_rotated(file, path):
                file.close()
                file = _open(path)
            else:
                time.sleep(_LOOK_AGAIN_S)
    finally:
        file.close()


def readable(line: str) -> str:
    """Return a line of the log for people: local time, level, what happened, its facts."""
    try:
        entry = json.loads(line)
        moment = datetime.fromisoformat(entry["timestamp"]).astimezone()
        head = f"{moment:%Y-%m-%d %H:%M:%S} {entry['level']:<7} {entry['event']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return log_line(line.rstrip("\n"))
    facts = " ".join(f"{key}={_value(value)}" for key, value in entry.items() if key not in _HEAD)
    trace = f"\n{entry['exception']}" if entry.get("exception") else ""
    return block(f"{head} {facts}".rstrip() + trace, "    ")


def _value(value: object) -> str:
    return value if isinstance(value, str) and value and " " not in value else json.dumps(value)


def _is_rotated(file: TextIO, path: Path) -> bool:
    try:
        return not os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except OSError:
        return False


def _open(path: Path) -> TextIO:
    try:
        return path.open(encoding="utf-8", errors="backslashreplace")
    except FileNotFoundError as exc:
        raise Failure(
            f"cannot show the daemon's log: {path} does not exist",
            kind="no_log",
            hint="the daemon has not run here yet; start it with: runicornctl daemon start",
        ) from exc
    except OSError as exc:
        raise Failure(f"cannot show the daemon's log {path}: {exc.strerror}", kind="no_log") from exc
