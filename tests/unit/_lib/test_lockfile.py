import os
import subprocess
import sys

import pytest

from runicornd._lib.lockfile import LockFile, LockHeld

HOLDER = """
import sys
from pathlib import Path
from runicornd._lib.lockfile import LockFile
lock = LockFile(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_holder_learns_who_is_the_first(tmp_path):
    """A lock that is held is refused, with the holder's process number."""
    with LockFile(tmp_path / "lock"):
        with pytest.raises(LockHeld) as refused:
            LockFile(tmp_path / "lock").acquire()
        assert refused.value.pid == os.getpid()


def test_a_released_lock_can_be_taken_again(tmp_path):
    """Release gives it back, and is safe to call again."""
    first = LockFile(tmp_path / "lock")
    first.acquire()
    first.release()
    first.release()
    with LockFile(tmp_path / "lock"):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path):
    """The lock ends with the process, even though the file with its number stays."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockHeld) as refused:
            LockFile(tmp_path / "lock").acquire()
        assert refused.value.pid == holder.pid
        holder.kill()
    with LockFile(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_file_with_nonsense_in_it_is_taken(tmp_path):
    """What stands in the file decides nothing."""
    (tmp_path / "lock").write_text("not a number at all, and longer than any number would be")
    with LockFile(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_symbolic_link_is_not_followed(tmp_path):
    """Nobody can make us truncate another file."""
    (tmp_path / "precious").write_text("data")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"):
        LockFile(tmp_path / "lock").acquire()
    assert (tmp_path / "precious").read_text() == "data"
