"""Every key of the configuration: what it means, what it may be, and what it is by itself."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_PORT = 65535
_PORTS = re.compile(r"(\d{1,5})\s*-\s*(\d{1,5})", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,49}")


class BadValue(ValueError):
    """A value cannot be; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Args:
        default: What holds without it.
        check: Turns a TOML value into the setting, or raises ``BadValue``.
        help: What it means, for the sample file.
        example: A TOML value for the sample file, where the default is not one.
        from_text: Turns a variable's text into a TOML value.
    """

    default: object
    check: Callable[[object], object]
    help: str
    example: object = None
    from_text: Callable[[str], object] = str

    def sample(self) -> str:
        """The default, or the example, as TOML."""
        return json.dumps(self.default if self.example is None else self.example)


def _number(low: float, high: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= float(str(value)) <= high:
            raise BadValue(f"{value!r} is not a number from {low:g} to {high:g}")
        return float(str(value))

    return check


def _whole(low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise BadValue(f"{value!r} is not a whole number from {low} to {high}")
        return value

    return check


def _one_of(*words: str) -> Callable[[object], str]:
    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise BadValue(f"{value!r} is none of {', '.join(words)}")
        return value

    return check


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue(f"{value!r} is neither true nor false")
    return value


def _ports(value: object) -> tuple[int, int]:
    if value == "0":
        return (0, 0)
    match = _PORTS.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadValue(f"{value!r} is not a range of ports such as '8081-8999'")
    first, last = int(match[1]), int(match[2])
    if not 1 <= first <= last <= MAX_PORT:
        raise BadValue(f"{value!r} does not go from a lower to a higher port, 1 to {MAX_PORT}")
    return (first, last)


def _word(value: object) -> str:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise BadValue(f"{value!r} is not the name of a viewer, such as 'runicorn'")
    return value


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise BadValue(f"{value!r} is not a path")
    try:
        path = Path(value).expanduser()
    except RuntimeError as exc:
        raise BadValue(f"{value!r}: there is no such home folder") from exc
    if not path.is_absolute():
        raise BadValue(f"{value!r} is not an absolute path, nor does it begin with '~'")
    return path


def _to_number(text: str) -> object:
    """The number, or the text itself for ``check`` to complain about."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if math.isfinite(number) else text
    return text


def _to_flag(text: str) -> object:
    """True or false, or the text itself for ``check`` to complain about."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)


KEYS: Mapping[str, Key] = {
    "local_ports": Key(
        (8081, 8999),
        _ports,
        "The ports that local addresses (http://localhost:PORT) are taken from;\n"
        '"0" lets the system choose any.',
        example="8081-8999",
    ),
    "default_viewer": Key("runicorn", _word, "The viewer that is started when none is named."),
    "viewer_lease": Key(
        1800.0,
        _number(2, 7 * 86400),
        "After so many seconds without word from us a remote viewer ends itself.",
        from_text=_to_number,
    ),
    "viewer_start_timeout": Key(
        60.0,
        _number(0.1, 3600),
        "For so many seconds a viewer that was started may take to give its first answer.",
        from_text=_to_number,
    ),
    "health_interval": Key(
        15.0,
        _number(0.1, 3600),
        "Every so many seconds a viewer is asked whether it is well, and it has as long to answer,\n"
        "5 seconds at most. Three questions without an answer, and it is started again; after the\n"
        "first of them the others follow every 2 seconds.",
        from_text=_to_number,
    ),
    "viewer_proof": Key(
        120.0,
        _number(0.1, 86400),
        "A viewer that has been well for so many seconds has proven itself: earlier restarts no\n"
        "longer count. Otherwise the fifth crash in a row is the last one.",
        from_text=_to_number,
    ),
    "hold_time": Key(
        10.0,
        _number(0, 300),
        "For so many seconds a browser's request waits for a connection that is being made again,\n"
        "before it gets a page that says so.",
        from_text=_to_number,
    ),
    "sync_interval": Key(
        600.0,
        _number(10, 7 * 86400),
        "Every so many seconds a store is synced, unless something else was said when it was added.",
        from_text=_to_number,
    ),
    "metadata_max_bytes": Key(
        1024 * 1024,
        _whole(1024, 64 * 1024 * 1024),
        "Metadata files of a store that are larger than this are skipped, with a note.",
        from_text=_to_number,
    ),
    "manifest_max_bytes": Key(
        32 * 1024 * 1024,
        _whole(1024, 32 * 1024 * 1024),
        "The same for manifests, the lists of an artifact's files: 5,000 files take about 1 MiB of it.",
        from_text=_to_number,
    ),
    "cache_limit_bytes": Key(
        10_000_000_000,
        _whole(0, 2**60),
        "Downloads may take so much of this machine's disk; beyond that, those that were used longest\n"
        "ago are removed. What is in use, or can no longer be fetched again, stays.",
        from_text=_to_number,
    ),
    "downloads_at_once": Key(
        2,
        _whole(1, 32),
        "So many downloads run at the same time; further ones wait for their turn.",
        from_text=_to_number,
    ),
    "download_rate_limit": Key(
        0,
        _whole(0, 2**40),
        "Downloads may fetch so many bytes a second, all together; 0 is no limit.",
        from_text=_to_number,
    ),
    "ssh_config": Key(
        None,
        _path,
        "The OpenSSH configuration to read; by itself it is what 'ssh' reads.",
        example="~/.ssh/config",
    ),
    "connect_timeout": Key(
        10.0,
        _number(0.1, 600),
        "For so many seconds a server may be silent while a connection is made.",
        from_text=_to_number,
    ),
    "keepalive_interval": Key(
        5.0,
        _number(0.1, 3600),
        "Every so many seconds a server is asked whether it is still there. The OpenSSH\n"
        "configuration's ServerAliveInterval goes before this.",
        from_text=_to_number,
    ),
    "keepalive_count": Key(
        3,
        _whole(1, 100),
        "After so many questions without an answer the connection counts as lost.",
        from_text=_to_number,
    ),
    "dashboard": Key(
        True,
        _flag,
        "Whether the dashboard is served to browsers on this machine.",
        from_text=_to_flag,
    ),
    "dashboard_port": Key(
        23300,
        _whole(0, MAX_PORT),
        "The dashboard's port, or the next one that is free; 0 lets the system choose any.",
        from_text=_to_number,
    ),
    "log_level": Key(
        "info",
        _one_of("debug", "info", "warning", "error"),
        "How much is logged: debug, info, warning, error.",
    ),
}
