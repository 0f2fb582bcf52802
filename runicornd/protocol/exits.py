"""Exit codes of ``runicornctl``."""

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
