"""All agents of the daemon together."""

import os
import signal

from runicornd.remote.channel import FAREWELL_S
from runicornd.remote.registry import RemoteHosts
from tests.helpers.waiting import within


async def test_agents_that_hang_are_left_together(make_far_end):
    """The daemon's end does not grow with their number."""
    remotes = RemoteHosts()
    agents = []
    for name in range(4):
        host = remotes.of(name, make_far_end())
        agents.append((await host.greeting()).pid)
    for pid in agents:
        os.kill(pid, signal.SIGSTOP)
    try:
        await within(remotes.close(), FAREWELL_S * 2.5)
    finally:
        for pid in agents:
            os.kill(pid, signal.SIGCONT)
