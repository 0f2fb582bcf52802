"""Which process is which."""

import os
import subprocess
import sys

from runicornd.agent import identity


def test_a_process_is_known_by_pid_start_and_boot():
    """Ourselves, and nobody with anything else."""
    me, started, boot = os.getpid(), identity.start_time(os.getpid()), identity.boot_id()
    assert identity.is_running(me, started, boot)
    assert not identity.is_running(me, "1", boot)
    assert not identity.is_running(me, started, "another boot")


def test_a_zombie_does_not_run():
    """A process that ended and was not waited for is gone."""
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert identity.start_time(child.pid) is None
    child.communicate()


def test_nonsense_is_nobody():
    """Pids that cannot be."""
    assert identity.start_time(0) is None
    assert identity.start_time(-1) is None
    assert identity.start_time(2**31 - 1) is None
