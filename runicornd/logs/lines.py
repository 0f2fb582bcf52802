"""One log event as one line: JSON for the file, words for the terminal, priorities for the journal."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    Event = MutableMapping[str, object]

# sd-daemon(3): the journal reads the priority at the start of a line.
_PRIORITIES = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_HEAD = frozenset({"timestamp", "level", "logger", "event", "exception"})


def json_line(_logger: object, _method: str, event: Event) -> str:
    """A JSON object; all that is not ASCII is escaped in it."""
    head = {key: event[key] for key in ("timestamp", "level", "logger", "event") if key in event}
    rest = {key: value for key, value in event.items() if key not in head and not key.startswith("_")}
    return json.dumps(head | rest, default=str)


def terminal_line(_logger: object, _method: str, event: Event) -> str:
    """The local time, the level, what happened, and its facts; a traceback follows on its own lines."""
    return f"{_local_time(event)} {event.get('level', '')!s:<7} {_words(event)}{_trace(event)}"


def journal_line(_logger: object, _method: str, event: Event) -> str:
    """The priority and what happened; the journal adds the time."""
    priority = f"<{_PRIORITIES.get(str(event.get('level')), 6)}>"
    lines = (_words(event) + _trace(event)).split("\n")
    return "\n".join(priority + line for line in lines)


def printable(text: str) -> str:
    """The text with everything escaped that is not a visible character or a space."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def _words(event: Event) -> str:
    facts = [
        f"{printable(key)}={_shown(value)}"
        for key, value in event.items()
        if key not in _HEAD and not key.startswith("_")
    ]
    return " ".join([printable(str(event.get("event", ""))), *facts])


def _shown(value: object) -> str:
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(" \"'="):
        return value
    return printable(json.dumps(value, default=str, ensure_ascii=False))


def _trace(event: Event) -> str:
    text = event.get("exception")
    if not text:
        return ""
    return "".join("\n  " + printable(line) for line in str(text).splitlines())


def _local_time(event: Event) -> str:
    try:
        return datetime.fromisoformat(str(event.get("timestamp"))).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"
