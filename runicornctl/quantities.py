"""Sizes, rates and times as people write and read them. Sizes are decimal: 1 MB is 1,000,000 bytes."""

from __future__ import annotations

import math
import re
import time

from runicornctl.render import age, duration

_STEP = 1000
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?", re.ASCII | re.IGNORECASE)
_SPAN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)


def size(count: float) -> str:
    """Return bytes as people say them: ``1.23 kB``, ``8.00 GB``; ``unknown`` for a negative count."""
    if count < 0:
        return "unknown"
    if count < _STEP:
        return f"{int(count)} B"
    value, unit = float(count), 0
    # What would be rounded up to 1000 is one of the next unit.
    while value >= _STEP - 0.5 and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    digits = max(0, 2 - int(math.log10(max(value, 1))))
    return f"{value:.{digits}f} {_UNITS[unit]}"


def rate(bytes_per_second: float) -> str:
    """Return a speed: ``12.3 MB/s``."""
    return f"{size(bytes_per_second)}/s"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: ``1 file``, ``2,000 files``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def moment(when: float | None, now: float | None = None) -> str:
    """Return a time (seconds since the epoch) on this machine's clock, and how long ago that was."""
    if when is None:
        return "-"
    try:
        text = time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
    except (OverflowError, ValueError, OSError):
        return "-"
    return f"{text} ({age(when, now)} ago)"


def ago(when: float | None, now: float | None = None) -> str:
    """Return how long ago a time was, for tables."""
    return "-" if when is None else age(when, now)


def interval(seconds: float | None) -> str:
    """Return how often something happens: ``every 10m``."""
    if seconds is None:
        return "by hand"
    return f"every {duration(seconds).removesuffix(' 0s').removesuffix(' 0m').removesuffix(' 0h')}"


def parsed_size(text: str) -> int:
    """Return the bytes that ``10GB``, ``500 MB``, ``2GiB`` or ``1500`` mean.

    Raises:
        ValueError: It is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or len(text) > 40:
        raise ValueError(f"{text!r} is not a size such as 500MB or 10GB")
    number, unit, binary = match.groups()
    power = " kmgtp".index(unit.lower() or " ")
    return int(float(number) * (1024 if binary else _STEP) ** power)


def parsed_interval(text: str) -> float:
    """Return the seconds that ``10m``, ``90s``, ``1h30m`` or ``600`` mean.

    Raises:
        ValueError: It is no length of time.
    """
    match = _SPAN.fullmatch(text.strip().lower())
    if match is None or not any(match.groups()) or len(text) > 40:
        raise ValueError(f"{text!r} is not a time such as 90s, 10m or 1h30m")
    days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return float(days * 86400 + hours * 3600 + minutes * 60 + seconds)
