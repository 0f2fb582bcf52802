"""When it is worth trying again at once."""

import asyncio
import os
import subprocess
import sys

import pytest

from runicornd.ssh.conditions import CHECK_S, watch_network, watch_sleep
from tests.fakes.clock import FakeClock


async def reasons_of(naps):
    """Sleep so long in each of the intervals; return what was noticed."""
    clock, reasons = FakeClock(), []
    task = asyncio.create_task(watch_sleep(clock, reasons.append))
    for nap in naps:
        clock.suspend(nap)
        await clock.advance(CHECK_S)
    task.cancel()
    await asyncio.wait([task])
    return reasons


async def test_each_sleep_is_noticed_once():
    """Ten minutes and an hour are two wake-ups, and the time between them is none."""
    assert await reasons_of([0, 600, 0, 3600, 0]) == [
        "woke up after 600 s of sleep",
        "woke up after 3600 s of sleep",
    ]


async def test_a_busy_machine_does_not_seem_asleep():
    """Small drifts between the clocks mean nothing."""
    assert await reasons_of([0.5, 0.1, 1.0]) == []


@pytest.mark.skipif(sys.platform != "linux", reason="makes a network namespace")
def test_a_new_address_is_noticed(tmp_path):
    """A burst in a network namespace of our own gives a call at its beginning and one at its end."""
    script = tmp_path / "watch.py"
    script.write_text(
        "import asyncio, subprocess\n"
        "from runicornd.ssh.conditions import watch_network\n"
        "async def main():\n"
        "    seen = asyncio.Queue()\n"
        "    task = asyncio.create_task(watch_network(seen.put_nowait, settle_s=0.2))\n"
        "    await asyncio.sleep(0)\n"
        "    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)\n"
        "    subprocess.run(['ip', 'address', 'add', '127.0.0.9/8', 'dev', 'lo'], check=True)\n"
        "    print(await asyncio.wait_for(seen.get(), 10))\n"
        "    assert seen.empty()\n"
        "    print(await asyncio.wait_for(seen.get(), 10))\n"
        "    assert seen.empty()\n"
        "    task.cancel()\n"
        "asyncio.run(main())\n"
    )
    command = ["unshare", "--net", "--map-root-user", "--user", sys.executable, str(script)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if ran.returncode and ("unshare" in ran.stderr or "'ip'" in ran.stderr) and not os.environ.get("CI"):
        pytest.skip(f"cannot make a network namespace: {ran.stderr.strip()[-200:]}")
    assert ran.stdout == "the network changed\nthe network changed further\n", ran.stderr


async def test_watching_the_network_ends_when_cancelled():
    """The socket is closed and nothing is left."""
    task = asyncio.create_task(watch_network(print))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None
