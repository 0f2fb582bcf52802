"""Exit codes of ``runicornctl``, and the one of ``runicornd`` that others have to know."""

from enum import IntEnum


class Exit(IntEnum):
    """What the shell sees."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NO_DAEMON = 3
    VERSION_MISMATCH = 4
    NEEDS_INPUT = 5
    TIMED_OUT = 6


DAEMON_RUNS_ALREADY = 75
"""``runicornd`` ends with this when another one holds its place (EX_TEMPFAIL of sysexits.h)."""
