"""``python -m runicornd.storage.worker``: started by the daemon, and ends with it."""

from __future__ import annotations

import asyncio
import os
import sys

from runicornd._lib.imports import quick

LEVEL_VARIABLE = "RUNICORND_WORKER_LOG_LEVEL"
IDLE_VARIABLE = "RUNICORND_WORKER_IDLE"


def main() -> int:
    """Serve the daemon until it closes our standard input."""
    # The event loop and the threads that hash share one interpreter: let neither wait for long.
    sys.setswitchinterval(0.001)
    # asyncssh looks for two libraries with the help of a compiler and a linker, eight processes in all; they
    # are not found on a PATH that is no folder.
    with quick(PATH=os.devnull):
        from runicornd.logs import Logs  # noqa: PLC0415 - this and the next are what takes long
        from runicornd.storage.worker import service  # noqa: F401, PLC0415
    logs = Logs(level=os.environ.get(LEVEL_VARIABLE, "info"), file=None, foreground=True)
    try:
        asyncio.run(_serve())
    finally:
        logs.close()
    return 0


async def _serve() -> None:
    from runicornd._lib.clock import SystemClock  # noqa: PLC0415 - loaded by now
    from runicornd.storage.worker.pipe import Pipe  # noqa: PLC0415
    from runicornd.storage.worker.service import IDLE_S, Worker  # noqa: PLC0415

    pipe = await Pipe.open()
    await Worker(pipe, SystemClock(), idle_s=float(os.environ.get(IDLE_VARIABLE, IDLE_S))).run()


if __name__ == "__main__":
    sys.exit(main())
