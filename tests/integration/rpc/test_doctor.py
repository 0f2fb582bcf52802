"""``doctor.run`` on the wire."""

import pytest

from runicornd.ssh.auth import Login
from tests.helpers.wire import WireClient

CHECK = {
    "name": "tcp",
    "title": "Network",
    "verdict": "failure",
    "finding": "cannot reach it",
    "hint": "check the VPN",
    "seconds": 0.25,
    "context": {"port": 22},
    "kind": "host_unreachable",
}


@pytest.fixture
async def client(daemon, server):
    async with WireClient(daemon.socket) as client:
        yield client


async def test_a_look_at_a_target(daemon, client):
    """What was asked reaches the doctor, and all it finds is on the wire."""
    params = {"target": "gpu", "run": "r1", "ask": False, "auth": {"password": "hunter2"}}
    assert await client.result("doctor.run", params) == {
        "target": "gpu",
        "verdict": "failure",
        "checks": [CHECK],
    }
    assert daemon.doctor.runs == [("gpu", "r1", Login(password="hunter2"), False)]


async def test_a_look_at_the_daemon_itself(daemon, client):
    """Nothing has to be given; questions may wait by default."""
    assert (await client.result("doctor.run"))["target"] is None
    assert daemon.doctor.runs == [(None, None, None, True)]
