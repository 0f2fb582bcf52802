"""``python -m runicornd.storage.worker``: started by the daemon, and ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVEL_VARIABLE = "RUNICORND_WORKER_LOG_LEVEL"
IDLE_VARIABLE = "RUNICORND_WORKER_IDLE"


def main() -> int:
    """Serve the daemon until it closes our standard input."""
    # The event loop and the threads that hash share one interpreter: let neither wait for long.
    sys.setswitchinterval(0.001)
    with _quick_imports():
        from runicornd.logs import Logs  # noqa: PLC0415 - this and the next are what takes long
        from runicornd.storage.worker import service  # noqa: F401, PLC0415
    logs = Logs(level=os.environ.get(LEVEL_VARIABLE, "info"), file=None, foreground=True)
    try:
        asyncio.run(_serve())
    finally:
        logs.close()
    return 0


@contextlib.contextmanager
def _quick_imports() -> Iterator[None]:
    """Import without what nobody needs here: somebody waits for the first byte.

    asyncssh looks for two libraries with the help of a compiler and a linker, eight processes in all; they
    are not found on a PATH that is no folder. And nothing that is imported becomes garbage.
    """
    path = os.environ.get("PATH")
    os.environ["PATH"] = os.devnull
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        if path is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = path


async def _serve() -> None:
    from runicornd._lib.clock import SystemClock  # noqa: PLC0415 - loaded by now
    from runicornd.storage.worker.pipe import Pipe  # noqa: PLC0415
    from runicornd.storage.worker.service import IDLE_S, Worker  # noqa: PLC0415

    pipe = await Pipe.open()
    await Worker(pipe, SystemClock(), idle_s=float(os.environ.get(IDLE_VARIABLE, IDLE_S))).run()


if __name__ == "__main__":
    sys.exit(main())
