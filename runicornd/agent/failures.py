"""Errors that the daemon understands: a kind of ``runicornd/errors``, a message, and facts."""

import errno
import os
from typing import Dict

FULL = (errno.ENOSPC, errno.EDQUOT)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Failure(Exception):
    """Something that cannot be done. ``message`` says "cannot X: why"."""

    def __init__(self, kind: str, message: str, **context: object) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.context = context

    def as_json(self) -> Dict[str, object]:
        """The error as the protocol has it."""
        return {"kind": self.kind, "message": self.message, "context": self.context}


def from_os(error: OSError, doing: str) -> Failure:
    """Turn the system's refusal into a failure; ``doing`` completes "cannot ..."."""
    kind = "agent_failed"
    if error.errno in FULL:
        kind = "disk_full"
    elif error.errno in FORBIDDEN:
        kind = "permission_denied"
    reason = os.strerror(error.errno) if error.errno else str(error)
    where = f" ({error.filename})" if isinstance(error.filename, str) else ""
    return Failure(kind, f"cannot {doing}: {reason}{where}")
