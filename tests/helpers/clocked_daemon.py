"""The daemon with a clock that a file moves: ``python -m tests.helpers.clocked_daemon``.

The file, which ``RUNICORND_TEST_CLOCK`` names, has a JSON object: by how many seconds the boot time
(``asleep``) and the wall clock (``wall``) are ahead of the machine's.
"""

import asyncio
import json
import os
import sys
from contextlib import closing
from pathlib import Path

from runicornd._lib.clock import SystemClock
from runicornd.app import App
from runicornd.logs import Logs
from runicornd.settings import load_settings
from runicornd.single import only_daemon

VARIABLE = "RUNICORND_TEST_CLOCK"


class MovedClock(SystemClock):
    """The machine's clock, and what the file adds to it at this moment."""

    def __init__(self, path):
        self._path = path

    def boot_time(self):
        return super().boot_time() + self._moved("asleep")

    def wall(self):
        return super().wall() + self._moved("wall")

    def _moved(self, name):
        return json.loads(self._path.read_text()).get(name, 0.0) if self._path.exists() else 0.0


async def run(settings):
    await App(settings, MovedClock(Path(os.environ[VARIABLE]))).run()


def main():
    settings = load_settings()
    with (
        only_daemon(settings.paths.state),
        closing(Logs(level=settings.log_level, file=settings.paths.log, foreground=True)),
    ):
        asyncio.run(run(settings))


class Clock:
    """The test's hand on it.

    Args:
        laptop: Its daemon must be started after this.
    """

    def __init__(self, laptop):
        self._path = laptop.home / "clock.json"
        laptop.module = "tests.helpers.clocked_daemon"
        laptop.env[VARIABLE] = str(self._path)

    def move(self, **seconds):
        """Put the clocks ahead: ``asleep``, ``wall``."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(seconds))
        new.rename(self._path)


if __name__ == "__main__":
    sys.exit(main())
