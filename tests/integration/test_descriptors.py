"""How many descriptors the daemon allows itself; in processes of their own, for a limit cannot be undone."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from runicornd import __main__ as daemon
resource.setrlimit(resource.RLIMIT_NOFILE, ({now}, {most}))
daemon.DESCRIPTORS = (2048, 512)
daemon._allow_many_descriptors()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("now", "most", "then"),
    [
        (256, 1024, 1024),  # as many as the account may have
        (256, 4096, 2048),  # no more than it can need
        (3000, 4096, 3000),
        (256, 256, 256),
    ],
)
def test_as_many_as_the_account_may_have_and_many_sessions_need(now, most, then):
    """Raised within the hard limit, which stays; never lowered."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(now=now, most=most)],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert tuple(int(word) for word in done.stdout.split()) == (then, most)
