"""A small disk that only some processes see, without asking anybody: a tmpfs in a mount namespace."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest

SMALL = "1m"
STOP_S = 10


class SmallDisk:
    """``with SmallDisk(folder) as disk:`` mounts it there for whatever is started through ``disk.wrapper``.

    An ordinary user gets it in a user namespace, in which that user counts as root.

    Args:
        folder: Where it is mounted.
        size: As ``mount`` takes it.
    """

    def __init__(self, folder, size=SMALL):
        self._folder = folder
        self._size = size
        self._users = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
        self._holder = None

    def __enter__(self):
        self._folder.mkdir(parents=True, exist_ok=True)
        script = f'mount -t tmpfs -o size={self._size},mode=700 tmpfs "$0" && echo mounted && exec sleep 600'
        self._holder = subprocess.Popen(
            ["unshare", *self._users, "--mount", "sh", "-c", script, str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if self._holder.stdout.readline() != b"mounted\n":
            _, complaint = self._holder.communicate(timeout=STOP_S)
            missing(f"cannot mount a disk of our own: {complaint.decode().strip()}")
        return self

    def __exit__(self, *_):
        self._holder.kill()
        self._holder.communicate(timeout=STOP_S)

    @property
    def wrapper(self):
        """What to start a process through that shall see the disk."""
        users = ["--user", "--preserve-credentials"] if self._users else []
        return ["nsenter", f"--target={self._holder.pid}", *users, "--mount", "--"]

    @property
    def seen(self):
        """The disk as the test can reach it."""
        return Path(f"/proc/{self._holder.pid}/root{self._folder}")


def fill(folder):
    """Leave no byte free on a folder's disk; return the file to remove for space again."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    return filler


def missing(reason):
    """Skip the test; in CI, where it has to work, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
