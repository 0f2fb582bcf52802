"""Takes secrets out of what is logged, and leaves only values that every renderer can show."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

REDACTED = "[redacted]"
MAX_DEPTH = 6
MAX_ITEMS = 100
MAX_CHARACTERS = 10_000

_SECRET = re.compile(
    r"password|passphrase|passwd|secret|private_?key|token|credential|cookie|authorization"
    r"|^(values?|answers?|auth|login)$",
    re.IGNORECASE,
)
_SCALARS = (int, float, str, PurePath, Enum, BaseException)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)


def redact(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """A structlog processor: the event without secrets, in plain values."""
    for key in list(event):
        # Names with an underscore are structlog's own (the record, the logger).
        if not key.startswith("_"):
            event[key] = plain(event[key], key)
    return event


def plain(value: object, key: str = "", depth: int = 0) -> object:
    """The value as text, number, list or mapping; ``[redacted]`` where the key tells of a secret."""
    if value is None or isinstance(value, bool):
        return value
    if _SECRET.search(key):
        return REDACTED
    return _scalar(value) if isinstance(value, _SCALARS) else _container(value, depth + 1)


def _scalar(value: object) -> object:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, int | float):
        return value
    if isinstance(value, BaseException):
        return _text(f"{type(value).__name__}: {value}")
    return _text(str(value))


def _container(value: object, depth: int) -> object:
    if depth > MAX_DEPTH:
        return "…"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        items = list(value.items())[:MAX_ITEMS]
        return {_text(str(name)): plain(item, str(name), depth) for name, item in items}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item, "", depth) for item in list(value)[:MAX_ITEMS]]
    # The text of an unknown object may hold anything; its type is enough to find it.
    return f"<{type(value).__name__}>"


def _text(text: str) -> str:
    text = _PEM.sub(REDACTED, text)
    return text if len(text) <= MAX_CHARACTERS else text[:MAX_CHARACTERS] + "…"
