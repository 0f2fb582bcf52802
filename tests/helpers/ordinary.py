"""A folder, and a person to whom modes mean something: tests may run as root, whom no mode stops."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

NOBODY = 65534


@contextlib.contextmanager
def open_folder():
    """A temporary folder that every account may enter; it is gone after the block."""
    folder = Path(tempfile.mkdtemp(prefix="rd-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path, names, _ in os.walk(folder):
            for name in names:
                Path(path, name).chmod(0o755)
        shutil.rmtree(folder)


@contextlib.contextmanager
def as_ordinary_user():
    """Look at files without the rights of root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
